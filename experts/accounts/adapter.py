"""What allauth asks of us: nobody signs up, and a sign-in code is a mail of the outbox."""

from datetime import datetime
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from experts.accounts import sealing
from experts.accounts.limits import address_of
from experts.accounts.middleware import do_after_answer
from experts.models import User
from mailing import delivery, outbox
from territories.spoken_time import spoken_moment

LOGIN_CODE = "account/email/login_code"
# What allauth calls the changes of a second factor, and what our mail calls them.
CHANGES = {
    "mfa/email/totp_activated": "added",
    "mfa/email/totp_deactivated": "removed",
    "mfa/email/recovery_codes_generated": "codes",
}


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are made by the national team, or by ``manage.py create_staff``."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "incorrect_code": "Ce code n'est pas le bon. Recopiez celui du dernier courriel reçu.",
        "too_many_login_attempts": "Trop d'essais : attendez quelques minutes, puis demandez un autre code.",
        "rate_limited": "Trop de demandes : attendez quelques minutes avant de recommencer.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send the sign-in code once the answer has left; no other mail of allauth's is wanted.

        A known address and an unknown one thus get the same page, as fast.
        """
        if template_prefix == LOGIN_CODE:
            code = context["code"]
            do_after_answer(context["request"], lambda: send_code(email, code))

    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Tell people of each change of their second factor: who did not make it has to know."""
        if change := CHANGES.get(template_prefix):
            tell_change(user, change, now=timezone.now())

    def get_client_ip(self, request: HttpRequest) -> str:
        """The visitor's address, for the limits."""
        return address_of(request)

    def is_safe_url(self, url: str | None) -> bool:
        """Whether one may be sent there after signing in: this very site, none of its other names."""
        return url_has_allowed_host_and_scheme(url, allowed_hosts=None)


@transaction.atomic
def tell_change(user: User, change: str, *, now: datetime) -> None:
    """Mail a change of somebody's second factor: one of ``CHANGES``, or ``"forgotten"`` by the team."""
    outbox.enqueue(
        key=f"second_factor:{uuid4().hex}",
        to=user.email,
        template="experts/emails/second_factor",
        context={"change": change, "at": spoken_moment(now, zone=ZoneInfo(settings.TIME_ZONE), now=now)},
        now=now,
    )


def send_code(email: str, code: str) -> None:
    """Mail a sign-in code, tried once; outside the demo the outbox keeps no trace of the code."""
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
        return sealing.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return sealing.unseal(encrypted_text)
