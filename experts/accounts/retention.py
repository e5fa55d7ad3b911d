"""Erasure of what the accounts keep: the access log after a year, invitations, dead sessions."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from experts.accounts import sessions
from experts.models import AccessRecord, Invitation

INVITATION_KEPT_FOR = timedelta(days=60)  # since it expired, was accepted or taken back


def erase(*, now: datetime) -> None:
    """Delete what is older than its term; harmless twice."""
    AccessRecord.objects.filter(at__lt=now - settings.ACCESS_LOG_LIFE).delete()
    before = now - INVITATION_KEPT_FOR
    is_over = Q(expires_at__lt=before) | Q(accepted_at__lt=before) | Q(withdrawn_at__lt=before)
    Invitation.objects.filter(is_over).delete()
    sessions.delete_dead(now=now)
