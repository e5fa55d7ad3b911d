"""Permissions of Django's admin, as base classes."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.contrib.admin import widgets
from django.db.models import CharField, EmailField, Field, Model, SlugField, TextField
from django.http import HttpRequest

from experts.models import User
from mailing.form_fields import AddressField, LineField, TypedTextField

# Invisible characters go, and addresses with look-alikes are refused, as on every form.
FORM_FIELDS: "Mapping[type[Field[Any, Any]], Mapping[str, Any]]" = {
    CharField: {"form_class": LineField, "widget": widgets.AdminTextInputWidget},
    EmailField: {"form_class": AddressField, "widget": widgets.AdminEmailInputWidget},
    SlugField: {},
    TextField: {"form_class": TypedTextField},
}


def is_staff(request: HttpRequest) -> bool:
    """Return whether the user is active staff, regional or national."""
    return isinstance(request.user, User) and request.user.is_active and request.user.is_staff


def is_national(request: HttpRequest) -> bool:
    """Return whether the user belongs to the national team."""
    return is_staff(request) and isinstance(request.user, User) and request.user.is_national


class NationalAdmin(admin.ModelAdmin):
    """Tables of the national team. Nothing can be deleted: requests point to it."""

    formfield_overrides = FORM_FIELDS

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return is_national(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.has_view_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
