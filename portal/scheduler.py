"""The clock's scheduler: it remembers nothing, and a clock that is set back does not stop it."""

from datetime import datetime
from typing import Any

from celery.beat import Scheduler


class SteadyScheduler(Scheduler):
    """Celery's own, in memory: what is due is chosen by condition, so that a last run need not be kept.

    Celery waits for the next run of each entry; once the machine's clock is set back by an hour, that is an
    hour away.
    """

    latest: datetime | None = None

    def tick(self, *args: Any, **options: Any) -> float:
        """Send what is due; the seconds until the next look."""
        now = self.app.now()
        if self.latest and now < self.latest:
            for entry in self.schedule.values():
                entry.last_run_at = now
            self._heap = None  # Celery makes it anew
        self.latest = now
        seconds: float = super().tick(*args, **options)
        return seconds
