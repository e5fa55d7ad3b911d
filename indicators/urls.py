"""Addresses of the room: figures, for staff and managers."""

from django.urls import URLPattern, path

from indicators import figure_pages, views

app_name = "indicators"
urlpatterns: list[URLPattern] = [
    path("frequentation/", views.page_views, name="page_views"),
    path("chiffres/", figure_pages.figures, name="figures"),
    path("chiffres/tableaux.xlsx", figure_pages.workbook, name="figures_xlsx"),
    path("chiffres/besoins/", figure_pages.needs, name="figures_needs"),
]
