"""The portal: settings, addresses, Celery application and public pages."""

from portal import counters  # noqa: F401 (before any module that defines a metric)
from portal.celery import app as celery_app

__all__ = ["celery_app"]
