"""Erasure of old rows of accounts: the access log after a year, invitations, expired sessions."""

from collections.abc import Collection
from datetime import datetime, timedelta

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Lower

from experts.accounts import sessions
from experts.models import AccessRecord, Invitation, Seat, User

ERASED = "efface-compte-"
INVITATION_KEPT_FOR = timedelta(days=60)  # since it expired, was accepted or taken back


def erase(*, now: datetime) -> None:
    """Delete what is older than its term; harmless twice."""
    AccessRecord.objects.filter(at__lt=now - settings.ACCESS_LOG_LIFE).delete()
    before = now - INVITATION_KEPT_FOR
    is_over = Q(expires_at__lt=before) | Q(accepted_at__lt=before) | Q(withdrawn_at__lt=before)
    Invitation.objects.filter(is_over).delete()
    sessions.delete_dead(now=now)


def erase_accounts(addresses: Collection[str]) -> None:
    """Erase the person from accounts with neither role nor seat; addresses are in lower case."""
    held = Seat.objects.filter(user=OuterRef("pk"), ended_at=None)
    accounts = User.objects.annotate(lower=Lower("email")).filter(lower__in=addresses, role="")
    for user in accounts.exclude(Exists(held)):
        Authenticator.objects.filter(user=user).delete()
        user.saved_searches.all().delete()  # of the inbox, a room above: their words may name a company
        user.email, user.name, user.is_active = f"{ERASED}{user.pk}@{settings.REPLY_DOMAIN}", "", False
        user.save(update_fields=["email", "name", "is_active"])
