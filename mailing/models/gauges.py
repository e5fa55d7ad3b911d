"""How many mails, and what became of them: asked every minute by whoever watches, answered by indexes."""

from datetime import datetime, timedelta

from django.db.models import Case, Count, Q, Value, When

from mailing.models.incoming import IncomingEmail, IncomingState
from mailing.models.outgoing import OutgoingEmail, State

DAY = timedelta(days=1)


def unsent() -> dict[str, int]:
    """How many mails are still to leave: never tried, or to be tried again."""
    found = OutgoingEmail.objects.pending().aggregate(
        waiting=Count("pk", filter=Q(failure="")), late=Count("pk", filter=~Q(failure=""))
    )
    return {State.WAITING: found["waiting"], State.LATE: found["late"]}


def fates_of_the_day(*, now: datetime) -> dict[str, int]:
    """What became of the mails written in the last 24 hours, by ``State``."""
    state = Case(
        When(sent_at__isnull=False, then=Value(State.SENT)),
        When(refused_at__isnull=False, then=Value(State.REFUSED)),
        When(cancelled_at__isnull=False, then=Value(State.CANCELLED)),
        When(failure="", then=Value(State.WAITING)),
        default=Value(State.LATE),
    )
    rows = OutgoingEmail.objects.filter(created_at__gt=now - DAY).values_list(state)
    return dict.fromkeys(State.values, 0) | dict(rows.annotate(Count("pk")).order_by())


def saved_by_sweep() -> int:
    """How many mails the sweep has ever had to send because no worker did."""
    return OutgoingEmail.objects.filter(is_saved_by_sweep=True).count()


def unread() -> int:
    """How many mails came in and were not read yet."""
    return IncomingEmail.objects.filter(state=IncomingState.RECEIVED).count()
