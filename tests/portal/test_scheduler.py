"""Each entry of the schedule is sent once a minute, whatever the machine's clock does."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.conf import settings

from portal.celery import app
from portal.scheduler import InMemoryScheduler

HOUR = timedelta(hours=1)


class Recorder(InMemoryScheduler):
    """Records the tasks instead of sending them."""

    producer = None

    def setup_schedule(self):
        super().setup_schedule()
        self.sent = Counter()

    def apply_entry(self, entry, producer=None):
        self.sent[entry.name] += 1


def run(start: datetime, *, during: timedelta, jumps: dict[timedelta, timedelta]) -> Counter:
    """The tasks sent during that real time, while the machine's clock jumps at these moments."""
    passed, left = timedelta(), dict(jumps)
    with time_machine.travel(start, tick=False) as clock:
        scheduler = Recorder(app=app)
        while passed < during:
            wait = timedelta(seconds=max(scheduler.tick(), 0.05))
            clock.shift(wait)
            passed += wait
            for moment in [moment for moment in left if moment <= passed]:
                clock.shift(left.pop(moment))
    return scheduler.sent


def test_it_is_the_one_that_the_portal_uses():
    assert settings.CELERY_BEAT_SCHEDULER == "portal.scheduler.InMemoryScheduler"


@pytest.mark.parametrize(
    ("start", "jumps"),
    [
        pytest.param(datetime(2026, 6, 1, 10, tzinfo=UTC), {}, id="nothing happens"),
        pytest.param(datetime(2026, 10, 25, 0, 50, tzinfo=UTC), {}, id="winter time begins"),
        pytest.param(datetime(2026, 3, 29, 0, 50, tzinfo=UTC), {}, id="summer time begins"),
        pytest.param(datetime(2026, 6, 1, 10, tzinfo=UTC), {HOUR / 6: -HOUR}, id="clock set back"),
        pytest.param(datetime(2026, 6, 1, 10, tzinfo=UTC), {HOUR / 6: HOUR}, id="clock set forward"),
        pytest.param(
            datetime(2026, 6, 1, 10, tzinfo=UTC), {HOUR / 12: -HOUR, HOUR / 4: HOUR}, id="wrong for a while"
        ),
    ],
)
def test_each_entry_is_sent_every_minute(start, jumps):
    sent = run(start, during=HOUR / 2, jumps=jumps)

    minutely = {
        name for name, entry in settings.CELERY_BEAT_SCHEDULE.items() if entry["schedule"] == HOUR / 60
    }
    assert minutely
    assert {name: times for name, times in sent.items() if name in minutely and not 28 <= times <= 32} == {}
    assert minutely <= set(sent)
