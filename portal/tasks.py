"""The portal's own scheduled work: the sign of life that its health page reads, and what is over, erased."""

from celery import shared_task
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone

from portal import health


@shared_task
def record_beat() -> None:
    """Say that beat, broker and worker have just worked together."""
    health.record_beat(now=timezone.now())


@shared_task
def erase_expired() -> None:
    """Each night: Django leaves behind the sessions and what was cached for a time, names included."""
    now = timezone.now()
    Session.objects.filter(expire_date__lt=now).delete()
    table = connection.ops.quote_name(str(settings.CACHES["default"]["LOCATION"]))
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table} WHERE expires < %s", [now])  # noqa: S608 (a name of ours)
