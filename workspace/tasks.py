"""Scheduled work of the room; harmless twice."""

import logging

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.utils import timezone

from mailing.models import beat
from workspace import call_planning, call_reminders

logger = logging.getLogger(__name__)


@shared_task(expires=600)
def follow_planned_calls() -> None:
    """Remind experts of their calls, and cancel the calls that nobody will make."""
    now = timezone.now()
    work = [(call_reminders.remind, pk) for pk in call_reminders.to_remind(now=now)]
    work += [(call_planning.drop_orphan, pk) for pk in call_reminders.orphans(now=now)]
    for follow, pk in work:
        try:
            follow(pk, now=now)
        except SoftTimeLimitExceeded:
            raise
        except Exception:
            logger.exception("planned call %s", pk)
    beat("workspace.calls", now=timezone.now())
