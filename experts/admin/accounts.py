"""Accounts of staff."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from experts.admin.rights import NationalAdmin
from experts.models import User


@admin.register(User)
class UserAdmin(NationalAdmin):
    fields = ("email", "name", "role", "region", "is_active", "last_login")
    readonly_fields = ("last_login",)
    list_display = ("email", "name", "role", "region", "is_active")
    list_filter = ("role", "region", "is_active")
    search_fields = ("email", "name")
    ordering = ("email",)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)
