"""What workers do with the outbox: send one mail, and find every minute those nobody sent."""

import logging
import time
from datetime import datetime, timedelta

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from mailing import delivery
from mailing.failures import Failure
from mailing.models import OutgoingEmail, beat
from mailing.models.outgoing import HEAD_START

logger = logging.getLogger(__name__)

SWEEP_SIZE = 1000
# Then the next one goes on: before a slow mail server, sweeps never hold all the workers.
SWEEP_LASTS = timedelta(seconds=50)
# A mail server that hangs costs seconds per mail: after so many in a row, the next sweep tries again.
OUTAGES_BEFORE_REST = 3


@shared_task
def deliver(pk: int) -> None:
    """Send the mail ``pk`` if it is due and unsent."""
    delivery.deliver(pk, now=timezone.now())


@shared_task(expires=60)
def sweep() -> None:
    """Send what is due and was left behind: lost messages, retries, delayed mails."""
    now, started = timezone.now(), time.monotonic()
    beat(now=now)
    outages = 0
    for pk in OutgoingEmail.objects.left_behind(now=now).values_list("pk", flat=True)[:SWEEP_SIZE]:
        email = deliver_safely(pk)
        outages = outages + 1 if email and email.failure == Failure.SERVER else 0
        if outages == OUTAGES_BEFORE_REST:
            logger.warning("mail server away, the sweep rests")
            return
        if time.monotonic() - started > SWEEP_LASTS.total_seconds():
            return


def deliver_safely(pk: int) -> OutgoingEmail | None:
    """``delivery.deliver`` that stops nobody else's mail."""
    try:
        return delivery.deliver(pk, now=timezone.now(), by_sweep=True)
    except Exception:
        logger.exception("mail %s could not be dealt with", pk)
        return None


def deliver_after_commit(*emails: OutgoingEmail | None) -> None:
    """Have workers send these mails once the caller's transaction is committed; the sweep does it otherwise.

    ``None``, what ``enqueue`` returns for a known key, is skipped. A delayed mail leaves when its time comes.
    """
    leaving = [(email.pk, email.not_before) for email in emails if email]
    transaction.on_commit(lambda: _publish(leaving))


def _publish(leaving: list[tuple[int, datetime]]) -> None:
    now = timezone.now()
    for pk, not_before in leaving:
        eta = not_before if not_before > now else None
        # From then on the mail is the sweep's: orders pile up no further before a mail server that hangs.
        if deliver.apply_async((pk,), eta=eta, expires=(eta or now) + HEAD_START) is None:
            return  # the broker is away: do not make the visitor wait once more per mail
