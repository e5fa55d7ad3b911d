"""Whatever the moments of the sweeps, the same steps are done in the end, none of them twice."""

from collections import Counter
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailing.models import OutgoingEmail
from solicitations import tasks
from solicitations.actions import expert_answers
from solicitations.dispatch import routing
from solicitations.lifecycle import CLOCK_EVENTS, MatchState
from solicitations.models import Event
from tests.solicitations.factories import match, send

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db]
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
# Sweeps on these days do each step on its day.
WHOLE_DAYS = [3, 7, 10, 14, 17, 21, 45, 48, 56, 65, 90, 100]
END = 120  # days: after the expiry of both waves
# Sweeps on these later days do all the steps that were missed.
LAST_DAYS = [END + day for day in (0, 1, 2, 5, 7, 8, 12, 13, 48, 49, 50, 58, 59, 60, 61, 62)]

CASES = {
    "silent": [],
    "taken and silent": [MatchState.TAKEN],
}


def result(moves, moments, *, now) -> tuple[Counter, Counter, str]:
    """The steps, mails and final state of a request with sweeps at these moments; rolled back."""
    before = transaction.savepoint()
    request = send("clause-insertion", commune="21166", siret="", now=now)
    routing.route(request.pk, now=now)
    expert_match = match(request, "facilitation@clauses")
    for target in moves:
        expert_answers.move(expert_match, target, by=expert_match.mailbox, now=now)
    for at in moments:
        tasks.run_clock(now=at)
    request.refresh_from_db()
    events = Event.objects.filter(solicitation=request, kind__in=CLOCK_EVENTS)
    steps = Counter(events.values_list("kind", "match__expert__email", "reason"))
    mails = Counter((row.template.rpartition("/")[2], row.to) for row in OutgoingEmail.objects.order_by("pk"))
    state = f"{request.state} {request.closed_reason} {request.progress}"
    transaction.savepoint_rollback(before)
    return steps, mails, state


@pytest.fixture(params=CASES.values(), ids=CASES)
def moves(request) -> list[MatchState]:
    return request.param


@pytest.fixture
def on_time(moves, now) -> tuple[Counter, Counter, str]:
    """The result when each step is done on its day."""
    return result(moves, [now + day * DAY for day in WHOLE_DAYS], now=now)


def test_frequent_sweeps_do_the_same_steps_and_none_twice(moves, on_time, now):
    often = [now + day * DAY + hour * HOUR for day in WHOLE_DAYS for hour in (0, 1, 22)]

    assert result(moves, often, now=now) == on_time
    assert set(on_time[0].values()) == {1}


@settings(max_examples=2, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(hours=st.lists(st.integers(min_value=0, max_value=24 * END), max_size=8))
def test_after_any_outage_the_same_steps_are_done_and_none_twice(moves, on_time, now, hours):
    some = [now + hour * HOUR for hour in sorted(hours)]

    assert result(moves, [*some, *(now + day * DAY for day in LAST_DAYS)], now=now) == on_time
