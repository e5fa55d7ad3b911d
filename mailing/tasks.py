"""What workers do with the outbox: send the mails of an order, and find every minute those nobody sent."""

import logging
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta

from celery import shared_task
from django.db import DatabaseError, InterfaceError, OperationalError, transaction
from django.utils import timezone

from mailing import delivery, failures
from mailing.failures import Failure
from mailing.lines import Line
from mailing.models import OutgoingEmail, beat

logger = logging.getLogger(__name__)

SWEEP_SIZE = 1000
# Then the next sweep goes on: before a slow mail server, none holds all the workers.
DELIVERY_LASTS = timedelta(seconds=50)
# A mail server that hangs costs seconds per mail: after so many in a row, the next sweep tries again.
OUTAGES_BEFORE_REST = 3


@shared_task
def deliver(*pks: int) -> None:
    """Send those of these mails that are due and unsent, one after the other."""
    _deliver_all(pks)


@shared_task(expires=60)
def sweep() -> None:
    """Send what is due and was left behind: lost messages, retries, delayed mails."""
    now = timezone.now()
    beat(now=now)
    pks = OutgoingEmail.objects.left_behind(now=now).values_list("pk", flat=True)[:SWEEP_SIZE]
    _deliver_all(pks, by_sweep=True)


def _deliver_all(pks: Iterable[int], *, by_sweep: bool = False) -> None:
    """Each mail in a commit of its own, until time is over or the mail server is found away."""
    started, outages = time.monotonic(), 0
    with Line() as line:
        for pk in pks:
            email = _deliver_safely(pk, line=line, by_sweep=by_sweep)
            outages = outages + 1 if email and email.failure == Failure.SERVER else 0
            if outages == OUTAGES_BEFORE_REST:
                logger.warning("mail server away, the rest is left to the next sweep")
                return
            if time.monotonic() - started > DELIVERY_LASTS.total_seconds():
                return


def _deliver_safely(pk: int, *, line: Line, by_sweep: bool) -> OutgoingEmail | None:
    """``delivery.deliver`` that stops nobody else's mail."""
    try:
        return delivery.deliver(pk, now=timezone.now(), line=line, by_sweep=by_sweep)
    except (OperationalError, InterfaceError):
        logger.exception("database away, mail %s is still due", pk)
    except Exception as error:
        logger.exception("mail %s could not be dealt with", pk)
        with suppress(DatabaseError), transaction.atomic():
            OutgoingEmail.objects.put_off(pk, why=failures.reason(error), now=timezone.now())
    return None
