"""Scheduled tasks of the portal: the beat that the health page reads, and the erasure of expired rows."""

from celery import shared_task
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone

from mailing.models import RefusedAddress, UsedStamp, beat
from portal import health


@shared_task
def record_beat() -> None:
    """Record that beat, broker and worker have just worked together."""
    health.record_beat(now=timezone.now())


@shared_task(soft_time_limit=3600, time_limit=3900)
def erase_expired() -> None:
    """Delete expired sessions, cache entries, webhook signatures, and refused addresses of erased mails."""
    now = timezone.now()
    Session.objects.filter(expire_date__lt=now).delete()
    UsedStamp.objects.expired(now=now).delete()
    RefusedAddress.objects.without_reports().delete()
    table = connection.ops.quote_name(str(settings.CACHES["default"]["LOCATION"]))
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table} WHERE expires < %s", [now])  # noqa: S608 (a name of ours)
    beat("portal.expired", now=timezone.now())
