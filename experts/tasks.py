"""Scheduled work of the room."""

from celery import shared_task
from django.utils import timezone

from experts.accounts import departures, retention
from experts.models import RateCounter
from mailing.models import beat


@shared_task(expires=60)
def delete_old_counters() -> None:
    """Delete the rate counters whose window has ended."""
    RateCounter.objects.over(now=timezone.now()).delete()
    beat("experts.counters", now=timezone.now())


@shared_task(expires=60)
def end_seats_of_gone() -> None:
    """End the seats and sessions of people who left: after each change of the directory, and each minute."""
    departures.end_seats_of_gone(now=timezone.now())
    beat("experts.seats", now=timezone.now())


@shared_task
def erase_old_access() -> None:
    """Delete each night old lines of the access log, old invitations, and rows of expired sessions."""
    retention.erase(now=timezone.now())
    beat("experts.access", now=timezone.now())
