"""The Celery application, and the task class that never lets a broken broker reach a visitor."""

import logging
import time
from typing import Any

from celery import Celery, Task
from kombu.exceptions import OperationalError

from mailing import tracing

logger = logging.getLogger(__name__)

REQUEST_ID = "request_id"  # a header of the task's message
# A broker that hangs is left alone for a while, lest every visitor wait for it.
SLOW, REST = 0.5, 10.0  # seconds


class Broker:
    """What this process knows of the broker: until when it is left alone (``time.monotonic``)."""

    rests_until = 0.0


class RowBackedTask(Task):
    """A task whose work is also a row: when the broker is away, the sweep finds the row later.

    It carries on the identifier of the work that asked for it, and says how it ended.
    """

    def apply_async(self, *args: Any, **options: Any) -> Any:
        """Publish once, without waiting; ``None`` when the broker cannot be reached, or hung just before."""
        started = time.monotonic()
        if started < Broker.rests_until:
            return None
        options.setdefault("retry", False)
        options["headers"] = (options.get("headers") or {}) | {REQUEST_ID: tracing.current()}
        try:
            return super().apply_async(*args, **options)
        except (OperationalError, OSError) as error:
            now = time.monotonic()
            Broker.rests_until = now + REST if now - started > SLOW else 0.0
            logger.warning("broker away, task %s is left to the sweep: %s", self.name, type(error).__name__)
            return None

    def __call__(self, *args: Any, **options: Any) -> Any:
        if self.request.called_directly:
            return super().__call__(*args, **options)
        tracing.begin(self.request.get(REQUEST_ID) or "")
        started = time.perf_counter()
        try:
            outcome = super().__call__(*args, **options)
        except Exception:
            logger.exception("task failed", extra={"task": self.name})
            raise
        took = round((time.perf_counter() - started) * 1000, 1)
        logger.info("task done", extra={"task": self.name, "milliseconds": took})
        return outcome


app = Celery("portal", task_cls=RowBackedTask)
app.set_default()  # in every thread: another than the first would publish to a broker of no one's
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
