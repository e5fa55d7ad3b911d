"""Celery tasks of the outbox: send given mails, and sweep every minute those that were not sent."""

import logging
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta

from celery import shared_task
from django.db import DatabaseError, InterfaceError, OperationalError, transaction
from django.utils import timezone

from mailing import delivery, failures
from mailing.connection import Connection
from mailing.failures import Failure
from mailing.models import OutgoingEmail, beat

logger = logging.getLogger(__name__)

SWEEP_SIZE = 1000
# After this time the next sweep continues, so that a slow mail server does not occupy all workers.
DELIVERY_LIMIT = timedelta(seconds=50)
# A mail server that hangs costs seconds per mail: after this many in a row, wait for the next sweep.
OUTAGES_BEFORE_STOP = 3


@shared_task
def deliver(*pks: int) -> None:
    """Send those of these mails that are due and unsent."""
    _deliver_all(pks)


@shared_task(expires=60)
def sweep() -> None:
    """Send due mails that no worker has sent: lost task messages, retries, delayed mails."""
    pks = OutgoingEmail.objects.for_sweep(now=timezone.now()).values_list("pk", flat=True)[:SWEEP_SIZE]
    _deliver_all(pks, by_sweep=True)
    beat("mailing.sweep", now=timezone.now())


def _deliver_all(pks: Iterable[int], *, by_sweep: bool = False) -> None:
    """Send each mail in its own transaction, until the time limit or repeated failures of the server."""
    started, outages = time.monotonic(), 0
    with Connection() as connection:
        for pk in pks:
            email = _deliver_safely(pk, connection=connection, by_sweep=by_sweep)
            outages = outages + 1 if email and email.failure == Failure.SERVER else 0
            if outages == OUTAGES_BEFORE_STOP:
                logger.warning("mail server away, the rest is left to the next sweep")
                return
            if time.monotonic() - started > DELIVERY_LIMIT.total_seconds():
                return


def _deliver_safely(pk: int, *, connection: Connection, by_sweep: bool) -> OutgoingEmail | None:
    """Call ``delivery.deliver``; an error does not prevent the other mails."""
    try:
        return delivery.deliver(pk, now=timezone.now(), connection=connection, by_sweep=by_sweep)
    except (OperationalError, InterfaceError):
        logger.exception("database away, mail %s is still due", pk)
    except Exception as error:
        logger.exception("mail %s could not be dealt with", pk)
        with suppress(DatabaseError), transaction.atomic():
            OutgoingEmail.objects.postpone(pk, why=failures.describe(error), now=timezone.now())
    return None
