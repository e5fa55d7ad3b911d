"""The portal's own scheduled work: the sign of life that its health page reads."""

from celery import shared_task
from django.utils import timezone

from portal import health


@shared_task
def record_beat() -> None:
    """Say that beat, broker and worker have just worked together."""
    health.record_beat(now=timezone.now())
