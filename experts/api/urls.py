"""Addresses of the public API: catalogue, institutions that would answer, suggestions, documentation."""

from django.urls import path
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView

from experts.api import views

urlpatterns = [
    path("themes/", views.ThemeList.as_view(), name="api-themes"),
    path("subjects/", views.SubjectList.as_view(), name="api-subjects"),
    path("institutions/", views.InstitutionList.as_view(), name="api-institutions"),
    path("answers/", views.Answers.as_view(), name="api-answers"),
    path("suggestions/", views.SuggestSubjects.as_view(), name="api-suggestions"),
    path("schema/", SpectacularJSONAPIView.as_view(), name="api-schema"),
    path(
        "docs/",
        SpectacularSwaggerSplitView.as_view(url_name="api-schema", title="Interface de programmation"),
        name="api-docs",
    ),
]
