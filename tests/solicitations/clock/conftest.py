"""Time, as the clock's tests let it pass."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from solicitations import tasks
from solicitations.models import Solicitation
from tests.solicitations.factories import send

DAY = timedelta(days=1)


@pytest.fixture
def tick(commit) -> Callable[[datetime], None]:
    """One sweep of the clock at that moment."""

    def ticked(at: datetime) -> None:
        commit(tasks.keep_time, now=at)

    return ticked


@pytest.fixture
def live(tick):
    """Let whole days pass, at the hour of sending: the clock looks once a day."""

    def lived(since, *, days):
        for day in range(1, days + 1):
            tick(since + day * DAY)

    return lived


@pytest.fixture
def sent(commit, now) -> Solicitation:
    """A request to four experts of Dijon, on a Tuesday at ten."""
    return commit(send, now=now)


@pytest.fixture
def alone(commit, now) -> Solicitation:
    """A request to one expert."""
    return commit(send, "clause-insertion", commune="21166", now=now)
