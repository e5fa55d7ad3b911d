"""Django's admin: which regions and themes are open. Requests, messages and mails have their own pages."""

from django.contrib import admin

from experts.admin.permissions import NationalAdmin
from solicitations.models import Opening


@admin.register(Opening)
class OpeningAdmin(NationalAdmin):
    """A region, or a theme in a region; without a row it is open."""

    fields = ("region", "theme", "is_open", "opens_on", "explanation")
    list_display = ("region", "theme", "is_open", "opens_on")
    list_filter = ("is_open", "region")
    list_select_related = ("region", "theme")
    ordering = ("region__name", "theme__position", "pk")
