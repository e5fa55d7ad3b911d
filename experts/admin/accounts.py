"""Accounts of staff."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from experts.accounts import access_log, account_addresses
from experts.accounts.invitations import invite
from experts.admin.permissions import NationalAdmin
from experts.models import AccessRecord, Seat, User

OPENING = {"email", "role", "is_active"}  # a change of these may open an account that nobody uses yet


@admin.register(User)
class UserAdmin(NationalAdmin):
    fields = ("email", "name", "role", "region", "is_active", "last_login")
    readonly_fields = ("last_login",)
    list_display = ("email", "name", "role", "region", "is_active", "second_factor")
    list_filter = ("role", "region", "is_active")
    search_fields = ("email", "name")
    ordering = ("email",)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if not change:
            obj.set_unusable_password()
        former = User.objects.filter(pk=obj.pk).values_list("email", flat=True).first() if change else None
        super().save_model(request, obj, form, change)
        by = request.user if isinstance(request.user, User) else None
        if former and former.lower() != obj.email.lower():
            _say_kept_posts(
                request, obj, account_addresses.keep_posts(obj, former, by=by, now=timezone.now())
            )
        if {"role", "region", "is_active"} & set(form.changed_data):
            details = f"{obj.get_role_display() or 'aucun'}{'' if obj.is_active else ', compte fermé'}"
            access_log.record(AccessRecord.Kind.ROLE_CHANGED, obj, by=by, details=details, now=timezone.now())
        opens = not change or OPENING & set(form.changed_data)
        if opens and invite(obj, by=by, now=timezone.now()):
            messages.success(request, f"Une invitation part à {obj.email} : elle dit comment se connecter.")

    @admin.display(description="second facteur")
    def second_factor(self, user: User) -> str:
        """A link to the page that removes it, with a reason."""
        return format_html('<a href="{}">Effacer…</a>', reverse("reset_second_factor", args=[user.pk]))


def _say_kept_posts(request: HttpRequest, user: User, kept: list[Seat]) -> None:
    """Say that the posts at the former address stay the account's, and where to correct that address."""
    if kept:
        messages.info(
            request,
            f"{user} garde ses postes ({len(kept)}), qui portent encore l'ancienne adresse dans l'annuaire : "
            "corrigez-la depuis la fiche du référent.",
        )
