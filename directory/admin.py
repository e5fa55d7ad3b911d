"""Journal of imports, read-only, for the national team."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from directory.models import DirectoryImport
from experts.admin.permissions import NationalAdmin


@admin.register(DirectoryImport)
class DirectoryImportAdmin(NationalAdmin):
    list_display = ("imported_at", "file_name", "created", "changed", "closed", "kept", "unchanged")
    ordering = ("-imported_at", "-pk")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
