"""However often the sweep runs, and whatever it missed, the same steps end up done, none of them twice."""

from collections import Counter
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailing.models import OutgoingEmail
from solicitations import actions, dispatch, tasks
from solicitations.lifecycle import CLOCK_EVENTS, MatchState
from solicitations.models import Event
from tests.solicitations.factories import match, send

pytestmark = [pytest.mark.reference, pytest.mark.django_db]
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
END = 120  # days: whoever was asked, and whoever was asked after them, has been silent to the end
LAST_DAYS = [*range(END, END + 16), *range(END + 45, END + 50), *range(END + 55, END + 62)]

LIVES = {
    "silent": [],
    "taken and silent": [MatchState.TAKEN],
    "helped": [MatchState.TAKEN, MatchState.HELPED],
}


def lived(moves, ticks, *, now) -> tuple[Counter, Counter, str]:
    """The steps done and mails written in a life, when the sweep runs at these moments; then forgotten."""
    before = transaction.savepoint()
    request = send("clause-insertion", commune="21166", siret="", now=now)
    dispatch.route(request.pk, now=now)
    mine = match(request, "facilitation@clauses")
    for target in moves:
        actions.move(mine, target, by=mine.mailbox, now=now)
    for at in [*ticks, *(now + day * DAY for day in LAST_DAYS)]:
        tasks.keep_time(now=at)
    request.refresh_from_db()
    events = Event.objects.filter(solicitation=request, kind__in=CLOCK_EVENTS)
    steps = Counter(events.values_list("kind", "match__expert__email", "reason"))
    mails = Counter((row.template.rpartition("/")[2], row.to) for row in OutgoingEmail.objects.order_by("pk"))
    state = f"{request.state} {request.closed_reason} {request.progress}"
    transaction.savepoint_rollback(before)
    return steps, mails, state


@pytest.mark.parametrize("moves", LIVES.values(), ids=LIVES)
def test_every_few_hours_or_once_a_day_makes_no_difference(moves, now):
    days = [0, 3, 4, 7, 8, 10, 11, 14, 15, 21, 45, 46, 55, 56, 65, 66, 90, 91, 100, 101]
    often = [now + day * DAY + hours * HOUR for day in days for hours in (0, 1, 3, 10, 22)]

    assert lived(moves, sorted(often), now=now) == lived(moves, [now + day * DAY for day in days], now=now)


@pytest.mark.parametrize("moves", LIVES.values(), ids=LIVES)
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(hours=st.lists(st.integers(min_value=0, max_value=24 * END), max_size=8))
def test_after_any_outage_the_same_steps_are_done_and_none_twice(moves, now, hours):
    steps, mails, state = lived(moves, [now + hour * HOUR for hour in sorted(hours)], now=now)
    whole = [now + day * DAY for day in (3, 7, 10, 14, 21, 45, 55, 65, 90, 100)]

    assert (steps, mails, state) == lived(moves, whole, now=now)
    assert set(steps.values()) == {1}
