"""Scheduled work of the room."""

from celery import shared_task
from django.utils import timezone

from indicators import need_facts
from mailing.models import beat

# In seconds: the first time, the whole history is counted.
FILL_LIMITS = {"soft_time_limit": 3600, "time_limit": 3900}


@shared_task(expires=60, **FILL_LIMITS)
def refresh_facts() -> None:
    """Write each minute the facts of the needs to which something happened."""
    need_facts.refresh(now=timezone.now())
    beat("indicators.facts", now=timezone.now())
