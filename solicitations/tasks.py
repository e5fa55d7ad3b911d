"""Celery's entry points: ids in, one call. All are harmless twice."""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from celery import shared_task
from django.utils import timezone

from mailing.models import IncomingEmail, OutgoingEmail
from solicitations.clock import drafts, due, erasure, reminders, run
from solicitations.conversation import replies
from solicitations.dispatch import fallback, holding, refusals, routing
from solicitations.lifecycle import UNDO_DELAY
from solicitations.models import Draft, Need, Solicitation
from solicitations.models.abandoned import abandoned

logger = logging.getLogger(__name__)

REFUSALS_READ_AGAIN = timedelta(days=1)
SWEEP_SIZE = 1000


@shared_task
def offer_fallback(pk: int) -> None:
    """Everybody declined need ``pk``: find who takes over."""
    fallback.offer_fallback(pk, now=timezone.now())


@shared_task
def tell_held(pk: int) -> None:
    """Request ``pk`` was held as it came: route it, tell staff, and the mailbox of the first like it."""
    now = timezone.now()
    routing.route_safely(pk, now=now)
    holding.report_held(pk, now=now)


@shared_task
def note_refused_mail(pk: int) -> None:
    """Mail ``pk`` was refused for good: tell staff."""
    refusals.report_refused_mail(pk, now=timezone.now())


@shared_task
def take_in_mail(pk: int) -> None:
    """Mail ``pk`` came in: publish its words, or keep it for staff."""
    replies.process_reply_safely(pk, now=timezone.now())


@shared_task
def erase_stray_mails() -> None:
    """Each night, what the anonymised requests did not take with them."""
    erasure.erase_stray_mails(now=timezone.now())


@shared_task
def recount_clock() -> None:
    """Recount each night what changed settings, holidays or subjects make due earlier."""
    recount(now=timezone.now())


def recount(*, now: datetime) -> None:
    """Bring forward the stored moments that the planner would put earlier today."""
    each_safely(due.bring_forward, due.loaded(Solicitation.objects.on_the_clock(now=now)), now=now)


@shared_task(expires=60)
def sweep() -> None:
    """All that the clock owes each minute, and what a lost message left behind."""
    now = timezone.now()
    untold = Solicitation.objects.held_without_alert().oldest_first().values_list("pk", flat=True)
    each_safely(holding.report_held, untold, now=now)
    held = Solicitation.objects.held_to_release().oldest_first().values_list("pk", flat=True)
    each_safely(holding.release_when_due, held, now=now)
    for pk in Solicitation.objects.unrouted(now=now).oldest_first().values_list("pk", flat=True):
        routing.route_safely(pk, now=now)
    declined = Need.objects.declined_by_all(before=now - UNDO_DELAY).values_list("pk", flat=True)
    each_safely(fallback.offer_fallback, declined, now=now)
    refused = OutgoingEmail.objects.refused().filter(refused_at__gt=now - REFUSALS_READ_AGAIN)
    each_safely(refusals.report_refused_mail, refused.values_list("pk", flat=True), now=now)
    unread = IncomingEmail.objects.for_sweep(now=now).values_list("pk", flat=True)
    each_safely(replies.process_reply_safely, unread[:SWEEP_SIZE], now=now)
    keep_time(now=now)


def keep_time(*, now: datetime) -> None:
    """Do the clock's work where people are at work: reminders, then the other steps of each request."""
    each_safely(reminders.remind, sorted(reminders.addresses(now=now)), now=now)
    advancing = Solicitation.objects.clock_due(now=now).values_list("pk", flat=True)
    for pk in advancing.iterator(chunk_size=due.CHUNK):
        run.advance_safely(pk, now=now)
    left = Draft.objects.to_remind(now=now).order_by("pk").values_list("pk", flat=True)
    each_safely(drafts.remind_draft, left, now=now)
    to_erase = Draft.objects.to_erase(now=now).order_by("pk").values_list("pk", flat=True)
    each_safely(erasure.erase_draft, to_erase[:SWEEP_SIZE], now=now)
    for old in (
        Solicitation.objects.to_anonymise(now=now).order_by("ended_at", "pk"),
        abandoned(now=now).oldest_first(),
    ):
        each_safely(erasure.anonymise, old.values_list("pk", flat=True)[:SWEEP_SIZE], now=now)


def each_safely(work: Callable[..., None], pks: Iterable[int | str | Solicitation], *, now: datetime) -> None:
    """One durable call per id, address or request; one that fails stops nobody."""
    for pk in pks:
        try:
            work(pk, now=now)
        except Exception:
            logger.exception("%s failed on %s", work.__name__, pk)
