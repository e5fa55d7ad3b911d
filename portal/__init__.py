"""The portal: settings, addresses, Celery application and public pages."""

from portal.celery import app as celery_app

__all__ = ["celery_app"]
