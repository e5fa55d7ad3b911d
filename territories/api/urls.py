"""Addresses of the room in the public API."""

from django.urls import path

from territories.api.views import CommuneSearch

urlpatterns = [path("communes/", CommuneSearch.as_view(), name="api-communes")]
