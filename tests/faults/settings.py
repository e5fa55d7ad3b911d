"""Settings of the fault tests: production's connections, and a sweep every second."""

from datetime import timedelta

from tests.worker_settings import *  # noqa: F403
from tests.worker_settings import CELERY_BEAT_SCHEDULE, DATABASES, env

DATABASES["default"] |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
DATABASES["default"].setdefault("OPTIONS", {})["connect_timeout"] = 5
EMAIL_TIMEOUT = env.float("EMAIL_TIMEOUT", 60.0)
# Nightly tasks keep their hour, unless a test asks for them: they write a hundred letters to experts, they
# count the coverage of the country, and the worker would do nothing else.
CELERY_BEAT_SCHEDULE = {
    name: {**entry, "schedule": timedelta(seconds=1)}
    for name, entry in CELERY_BEAT_SCHEDULE.items()
    if isinstance(entry["schedule"], timedelta) or env.bool("NIGHTLY_TASKS", False)
}
