"""Scheduled work of the room."""

from celery import shared_task
from django.utils import timezone

from experts.models import RateCounter
from mailing.models import beat


@shared_task(expires=60)
def delete_old_counters() -> None:
    """Delete the rate counters whose window has ended."""
    RateCounter.objects.over(now=timezone.now()).delete()
    beat("experts.counters", now=timezone.now())
