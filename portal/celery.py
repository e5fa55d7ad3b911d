"""The Celery application, and the task class that never lets a broken broker reach a visitor."""

import logging
from typing import Any

from celery import Celery, Task
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


class RowBackedTask(Task):
    """A task whose work is also a row: when the broker is away, the sweep finds the row later."""

    def apply_async(self, *args: Any, **options: Any) -> Any:
        """Publish once, without waiting; ``None`` when the broker cannot be reached."""
        options.setdefault("retry", False)
        try:
            return super().apply_async(*args, **options)
        except (OperationalError, OSError) as error:
            logger.warning("broker away, task %s is left to the sweep: %s", self.name, type(error).__name__)
            return None


app = Celery("portal", task_cls=RowBackedTask)
app.set_default()  # in every thread: another than the first would publish to a broker of no one's
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
