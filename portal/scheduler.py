"""The scheduler of Celery beat: stores nothing, and goes on when the machine's clock is set back."""

from datetime import datetime
from typing import Any

from celery.beat import Scheduler


class InMemoryScheduler(Scheduler):
    """Celery's scheduler without a file: tasks select due work by condition, so last runs need not be stored.

    Celery waits for the next run of each entry. When the machine's clock is set back by an hour, that run is
    an hour away, unless the last runs are reset.
    """

    latest: datetime | None = None

    def tick(self, *args: Any, **options: Any) -> float:
        """Send the tasks that are due; return the seconds until the next call."""
        now = self.app.now()
        if self.latest and now < self.latest:
            for entry in self.schedule.values():
                entry.last_run_at = now
            self._heap = None  # Celery rebuilds it
        self.latest = now
        seconds: float = super().tick(*args, **options)
        return seconds
