"""The queries of an idle sweep do not depend on the number of past requests."""

import gc
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from solicitations import tasks
from solicitations.actions import company_requests, expert_answers
from solicitations.clock import due
from solicitations.lifecycle import MatchState
from solicitations.models import Solicitation
from tests.solicitations.factories import match, send

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db]
DAY = timedelta(days=1)


def count_sweep_queries(at) -> int:
    """Run a sweep; return how many queries it made."""
    with CaptureQueriesContext(connection) as captured:
        tasks.run_clock(now=at)
    return len(captured)


def test_an_idle_sweep_is_a_fixed_number_of_queries(commit, now):
    baseline = count_sweep_queries(now)  # without any request
    for number in range(3):
        cancelled = commit(
            send, "clause-insertion", commune="21166", siret="", email=f"a{number}@example.org", now=now
        )
        expert_match = match(cancelled, "facilitation@clauses")
        commit(
            expert_answers.move,
            expert_match,
            MatchState.DECLINED,
            by=expert_match.mailbox,
            decline_reason="other",
            now=now,
        )
        commit(company_requests.cancel, cancelled, now=now)
        commit(send, "clause-insertion", commune="21166", siret="", email=f"b{number}@example.org", now=now)
    tasks.run_clock(now=now)  # plans each changed request again; the sweeps that follow skip it

    assert count_sweep_queries(now + DAY) == baseline
    assert baseline <= 10


def test_a_sweep_at_night_makes_no_more_queries_than_one_with_nothing_due(commit, now):
    commit(send, "clause-insertion", commune="21166", siret="", now=now)
    night = now + 3 * DAY + timedelta(hours=12)
    tasks.run_clock(now=night)  # puts off to the morning what fell due during the three days

    at_night = count_sweep_queries(night)
    with_nothing_due = count_sweep_queries(now)

    assert at_night == with_nothing_due


def test_the_requests_of_one_chunk_are_freed_before_the_next(commit, now, monkeypatch):
    for number in range(4):
        commit(send, commune="21166", siret="", email=f"c{number}@example.org", now=now)
    monkeypatch.setattr(due, "CHUNK", 1)
    gc.collect()
    before = loaded_requests()
    gc.disable()
    try:
        alive = [loaded_requests() for _ in due.loaded(Solicitation.objects.order_by("pk"))]
    finally:
        gc.enable()

    # The current request, and the previous one, which the loop variable still holds.
    assert max(alive) - before <= 2


def loaded_requests() -> int:
    """The number of requests in memory with their needs."""
    return sum(
        isinstance(found, Solicitation) and "needs" in getattr(found, "_prefetched_objects_cache", {})
        for found in gc.get_objects()
    )
