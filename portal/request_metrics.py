"""Counts of requests by state and age, for the metrics: asked every minute, answered by indexes.

Nothing here reads more than a month of requests and those that still go on, whatever the history.
"""

from datetime import datetime, timedelta
from itertools import pairwise

from django.db.models import Case, Count, Min, Q, Value, When

from solicitations.lifecycle import NeedState, RequestState
from solicitations.models import Alert, Need, Solicitation

OUTCOMES_OVER = timedelta(days=30)
# The days of the clock: reminders, told, widened, the region's queue; 45, the end, and its longest holidays.
AGES = [0, 3, 7, 10, 14, 50]
OLDEST = "50-"


def outcomes(*, now: datetime) -> list[tuple[str, str, str, int]]:
    """State, progress, closing reason and number of the last month's requests."""
    recent = Solicitation.objects.filter(submitted_at__gt=now - OUTCOMES_OVER)
    return list(recent.values_list("state", "progress", "closed_reason").annotate(Count("pk")).order_by())


def untaken_by_age(*, now: datetime) -> dict[str, int]:
    """Count the needs of open requests that nobody has taken, by days since they were sent: "3-7", "50-".

    Held requests are in the staff's hands: their alerts are counted.
    """
    ages = {f"{low}-{high}": timedelta(days=high) for low, high in pairwise(AGES)}
    younger = [
        When(solicitation__submitted_at__gt=now - limit, then=Value(age)) for age, limit in ages.items()
    ]
    needs = Need.objects.filter(
        state__in=[NeedState.WAITING, NeedState.UNCOVERED], solicitation__state=RequestState.SUBMITTED
    )
    age = Case(*younger, default=Value(OLDEST))
    # Rows, not keys: of a need, the index knows its request alone.
    counts = needs.values_list(age).annotate(number=Count("*")).order_by()
    return dict.fromkeys([*ages, OLDEST], 0) | dict(counts)


def unrouted() -> tuple[int, int, datetime | None]:
    """Requests that wait for their routing: their number, that of those with an error, the oldest date."""
    found = Solicitation.objects.filter(routing_due_at__isnull=False).aggregate(
        all=Count("pk"), failed=Count("pk", filter=~Q(routing_error="")), since=Min("submitted_at")
    )
    return found["all"], found["failed"], found["since"]


def open_alerts() -> dict[str, int]:
    """Number of open alerts by cause."""
    return dict(Alert.objects.open().values_list("cause").annotate(Count("pk")).order_by())
