"""Addresses of the room: the owner's form and page, the expert's page, the staff's pages."""

from django.urls import URLPattern

app_name = "solicitations"
urlpatterns: list[URLPattern] = []
