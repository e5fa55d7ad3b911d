"""Addresses of the pages of coverage, among those of the directory."""

from django.urls import URLPattern, path

from directory.views import coverage_pages as views

REGION = "annuaire/couverture/<slug:code>/"

urlpatterns: list[URLPattern] = [
    path("annuaire/couverture/", views.nation, name="coverage"),
    path("annuaire/couverture/france.csv", views.nation_file, {"kind": "csv"}, name="coverage_csv"),
    path("annuaire/couverture/france.xlsx", views.nation_file, {"kind": "xlsx"}, name="coverage_xlsx"),
    path(REGION, views.region, name="region_coverage"),
    path(f"{REGION}couverture.csv", views.region_file, {"kind": "csv"}, name="region_coverage_csv"),
    path(f"{REGION}couverture.xlsx", views.region_file, {"kind": "xlsx"}, name="region_coverage_xlsx"),
]
