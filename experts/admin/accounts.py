"""Accounts of staff."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from experts.accounts.adapter import notify_second_factor_change
from experts.accounts.invitations import invite
from experts.admin.permissions import NationalAdmin
from experts.models import User

OPENING = {"email", "role", "is_active"}  # a change of these may open an account that nobody uses yet


@admin.register(User)
class UserAdmin(NationalAdmin):
    fields = ("email", "name", "role", "region", "is_active", "last_login")
    readonly_fields = ("last_login",)
    list_display = ("email", "name", "role", "region", "is_active")
    list_filter = ("role", "region", "is_active")
    search_fields = ("email", "name")
    ordering = ("email",)
    actions = ("forget_second_factor",)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)
        if not change or OPENING & set(form.changed_data):
            by = request.user if isinstance(request.user, User) else None
            if invite(obj, by=by, now=timezone.now()):
                messages.success(
                    request, f"Une invitation part à {obj.email} : elle dit comment se connecter."
                )

    @admin.action(description="Oublier le second facteur : un autre sera demandé à la connexion")
    def forget_second_factor(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Remove the second factor of people who lost both their phone and their recovery codes."""
        Authenticator.objects.filter(user__in=queryset).delete()
        for user in queryset:
            notify_second_factor_change(user, "forgotten", now=timezone.now())
        messages.success(request, "Un nouveau second facteur leur sera demandé à la prochaine connexion.")
