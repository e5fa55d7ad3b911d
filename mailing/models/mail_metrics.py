"""Counts of mails for monitoring, read from indexes since they are asked every minute."""

from datetime import datetime, timedelta

from django.db.models import Case, Count, Q, Value, When

from mailing.models.incoming import IncomingEmail, IncomingState
from mailing.models.outgoing import OutgoingEmail, OutgoingState

DAY = timedelta(days=1)


def unsent() -> dict[str, int]:
    """Number of unsent mails, never tried or to be tried again, by ``OutgoingState``."""
    found = OutgoingEmail.objects.pending().aggregate(
        waiting=Count("pk", filter=Q(failure="")), late=Count("pk", filter=~Q(failure=""))
    )
    return {OutgoingState.WAITING: found["waiting"], OutgoingState.LATE: found["late"]}


def outcomes_of_the_day(*, now: datetime) -> dict[str, int]:
    """Number of mails created in the last 24 hours, by ``OutgoingState``."""
    state = Case(
        When(sent_at__isnull=False, then=Value(OutgoingState.SENT)),
        When(refused_at__isnull=False, then=Value(OutgoingState.REFUSED)),
        When(cancelled_at__isnull=False, then=Value(OutgoingState.CANCELLED)),
        When(failure="", then=Value(OutgoingState.WAITING)),
        default=Value(OutgoingState.LATE),
    )
    rows = OutgoingEmail.objects.filter(created_at__gt=now - DAY).values_list(state)
    return dict.fromkeys(OutgoingState.values, 0) | dict(rows.annotate(Count("pk")).order_by())


def sent_by_sweep() -> int:
    """Number of mails ever sent by the sweep because no worker had tried them."""
    return OutgoingEmail.objects.filter(is_saved_by_sweep=True).count()


def unread() -> int:
    """Number of incoming mails not read yet."""
    return IncomingEmail.objects.filter(state=IncomingState.RECEIVED).count()
