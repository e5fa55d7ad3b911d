"""Adapters for allauth: nobody can sign up there, and sign-in codes are sent through the outbox."""

from datetime import datetime
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from experts.accounts import (
    access_log,
    encryption,
    limits,
    mailbox_proof,
    proconnect_session,
    seat_invitations,
    sessions,
    staff_access,
)
from experts.accounts.middleware import run_after_response
from experts.models import AccessRecord, User
from mailing import delivery, outbox
from territories.spoken_time import spoken_moment

FACTOR_KINDS = {
    "added": AccessRecord.Kind.FACTOR_ADDED,
    "removed": AccessRecord.Kind.FACTOR_REMOVED,
    "codes": AccessRecord.Kind.RECOVERY_CODES,
    "key_added": AccessRecord.Kind.FACTOR_ADDED,
    "key_removed": AccessRecord.Kind.FACTOR_REMOVED,
}
MAILBOX_ADDED = "Les demandes de la boîte partagée sont maintenant dans la vôtre."
LOGIN_CODE = "account/email/login_code"
# allauth's names of the changes of a second factor, and those of our mail's template.
CHANGES = {
    "mfa/email/totp_activated": "added",
    "mfa/email/totp_deactivated": "removed",
    "mfa/email/recovery_codes_generated": "codes",
    "mfa/email/webauthn_added": "key_added",
    "mfa/email/webauthn_removed": "key_removed",
}


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are made by the right code (``sign_in``), or by ``manage.py create_staff``."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "incorrect_code": "Ce code n'est pas le bon. Recopiez celui du dernier courriel reçu.",
        "too_many_login_attempts": "Trop d'essais : attendez quelques minutes, puis demandez un autre code.",
        "rate_limited": "Trop de demandes : attendez quelques minutes avant de recommencer.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send the sign-in code after the response; allauth's other mails are not sent.

        So the response takes the same time for a known address and an unknown one.
        """
        if template_prefix == LOGIN_CODE:
            code = context["code"]
            run_after_response(context["request"], lambda: send_login_code(email, code))

    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Mail people each change of their second factor, in case somebody else made it."""
        if change := CHANGES.get(template_prefix):
            access_log.record(FACTOR_KINDS[change], user, now=timezone.now(), request=self.request)
            notify_second_factor_change(user, change, now=timezone.now())

    def post_login(self, request: HttpRequest, user: User, **options: Any) -> HttpResponse:
        """Give what was proved or offered before, write the access log, and remember the network.

        Nobody can use up the codes that are asked for from there.
        """
        now = timezone.now()
        limits.remember_network(request, user.email, now=now)
        sessions.record_session(request, user, now=now)
        details = "par ProConnect" if proconnect_session.is_of(request, user) else ""
        access_log.record(AccessRecord.Kind.SIGNED_IN, user, details=details, now=now, request=request)
        if mailbox_proof.take_posts(request, user, now=now):
            messages.success(request, MAILBOX_ADDED)
        for offer in seat_invitations.accept_all(user, now=now):
            messages.success(request, f"C'est fait : {offer.description}.")
        response: HttpResponse = super().post_login(request, user, **options)
        return response

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """The first page after sign-in, when none was asked for."""
        return first_page(request.user)

    def get_client_ip(self, request: HttpRequest) -> str:
        """The client's network, for rate limits."""
        return limits.address_of(request)

    def is_safe_url(self, url: str | None) -> bool:
        """Return whether a redirection after sign-in may go there: to this host only."""
        return url_has_allowed_host_and_scheme(url, allowed_hosts=None)


def first_page(user: User | AnonymousUser) -> str:
    """Path of the page where an account begins: the requests for staff, its needs for the others."""
    try:
        return reverse("oversight:list" if staff_access.is_staff(user) else "workspace:inbox")
    except NoReverseMatch:
        return reverse("mfa_index")


@transaction.atomic
def notify_second_factor_change(user: User, change: str, *, reason: str = "", now: datetime) -> None:
    """Mail a change of a second factor: a value of ``CHANGES``, or ``"forgotten"`` if the team removed it."""
    outbox.enqueue(
        key=f"second_factor:{uuid4().hex}",
        to=user.email,
        template="experts/emails/second_factor",
        context={
            "change": change,
            "reason": reason,
            "at": spoken_moment(now, time_zone=ZoneInfo(settings.TIME_ZONE), now=now),
        },
        now=now,
    )


def send_login_code(email: str, code: str) -> None:
    """Mail a sign-in code, in one attempt; outside the demo the outbox does not store the code."""
    delivery.send_now(
        key=f"login_code:{uuid4().hex}",
        to=email,
        template="experts/emails/login_code",
        context={"code": code, "minutes": settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT // 60},
        now=timezone.now(),
    )


class SecondFactorAdapter(DefaultMFAAdapter):
    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": "Ce code n'est pas le bon. Saisissez celui que l'application montre maintenant.",
    }

    def encrypt(self, text: str) -> str:
        return encryption.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return encryption.decrypt(encrypted_text)
