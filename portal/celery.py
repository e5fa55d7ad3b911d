"""The Celery application, and a task class that hides failures of the broker from visitors."""

import logging
import time
from typing import Any

from celery import Celery, Task
from django.db import close_old_connections
from kombu.exceptions import OperationalError

from mailing import tracing
from portal.frame_chunks import in_one_chunk

logger = logging.getLogger(__name__)

REQUEST_ID = "request_id"  # a header of the task's message
# After a broker has hung, nothing is published for a while, so that visitors do not wait one after the other.
SLOW, PAUSE = 0.5, 10.0  # seconds


class BrokerState:
    """State of the broker as known to this process; nothing is published before ``paused_until``.

    ``paused_until`` is a value of ``time.monotonic``.
    """

    paused_until = 0.0


class RowBackedTask(Task):
    """A task whose work is also stored in a row: when the broker is down, the sweep finds the row later.

    The task runs under the ``request_id`` of the request that published it, and logs how it ended. Its
    process keeps its connection to PostgreSQL as web processes do: one that is old or broken is replaced.
    """

    def apply_async(self, *args: Any, **options: Any) -> Any:
        """Publish once, without retry; ``None`` when the broker cannot be reached, or has just hung."""
        started = time.monotonic()
        if started < BrokerState.paused_until:
            return None
        options.setdefault("retry", False)
        options["headers"] = (options.get("headers") or {}) | {REQUEST_ID: tracing.current()}
        try:
            return super().apply_async(*args, **options)
        except (OperationalError, OSError) as error:
            now = time.monotonic()
            BrokerState.paused_until = now + PAUSE if now - started > SLOW else 0.0
            logger.warning("broker away, task %s is left to the sweep: %s", self.name, type(error).__name__)
            return None

    @in_one_chunk
    def __call__(self, *args: Any, **options: Any) -> Any:
        if self.request.called_directly:
            return super().__call__(*args, **options)
        tracing.begin(self.request.get(REQUEST_ID) or "")
        if not self.request.is_eager:
            close_old_connections()
        started = time.perf_counter()
        try:
            outcome = super().__call__(*args, **options)
        except Exception:
            logger.exception("task failed", extra={"task": self.name})
            raise
        finally:
            if not self.request.is_eager:
                close_old_connections()
        took = round((time.perf_counter() - started) * 1000, 1)
        logger.info("task done", extra={"task": self.name, "milliseconds": took})
        return outcome


app = Celery("portal", task_cls=RowBackedTask)
app.set_default()  # for every thread: otherwise only the first thread would use this application
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
