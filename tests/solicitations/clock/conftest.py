"""Fixtures of the clock's tests: sweeps at given moments, requests."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from solicitations import tasks
from solicitations.models import Solicitation
from tests.solicitations.factories import send

DAY = timedelta(days=1)


@pytest.fixture
def sweep(commit) -> Callable[[datetime], None]:
    """Run one sweep of the clock at a moment."""

    def swept(at: datetime) -> None:
        commit(tasks.run_clock, now=at)

    return swept


@pytest.fixture
def sweep_daily(sweep):
    """Run one sweep a day, at the hour when the request was sent."""

    def swept_daily(since, *, days):
        for day in range(1, days + 1):
            sweep(since + day * DAY)

    return swept_daily


@pytest.fixture
def sent(commit, now) -> Solicitation:
    """A request to four experts of Dijon, on a Tuesday at ten."""
    return commit(send, now=now)


@pytest.fixture
def sent_to_one(commit, now) -> Solicitation:
    """A request to one expert."""
    return commit(send, "clause-insertion", commune="21166", now=now)
