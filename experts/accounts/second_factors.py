"""Removal of somebody's second factor by the national team, which says why."""

from datetime import datetime

from allauth.mfa.models import Authenticator
from django.db import transaction

from experts.accounts import access_log, sessions
from experts.accounts.adapter import notify_second_factor_change
from experts.models import AccessRecord, User


@transaction.atomic(durable=True)
def reset(user: User, *, by: User, reason: str, now: datetime) -> None:
    """Remove the second factors and recovery codes of an account, close its sessions, and mail its owner."""
    Authenticator.objects.filter(user=user).delete()
    sessions.close_all(user, by=by, now=now)
    access_log.record(AccessRecord.Kind.FACTOR_RESET, user, by=by, details=reason, now=now)
    notify_second_factor_change(user, "forgotten", reason=reason, now=now)
