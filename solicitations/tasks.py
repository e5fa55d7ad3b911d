"""Celery's entry points: ids in, one call. All are harmless twice."""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.utils import timezone

from mailing.models import IncomingEmail, OutgoingEmail, beat
from mailing.prepared_queries import PreparedQuery
from solicitations.clock import digests, drafts, due, erasure, reminders, run
from solicitations.conversation import replies
from solicitations.dispatch import fallback, holding, refusals, reoffer, routing, standing_in
from solicitations.lifecycle import UNDO_DELAY
from solicitations.models import Draft, Match, Need, Solicitation
from solicitations.models.abandoned import idle_since
from solicitations.models.matches import MatchQuerySet

logger = logging.getLogger(__name__)

REFUSALS_CHECKED_FOR = timedelta(days=1)
SWEEP_SIZE = 1000
# In seconds. After an outage, the sweep has a day's work to do; the next one continues it.
SWEEP_LIMITS = {"soft_time_limit": 600, "time_limit": 660}
# Each night, whole tables are read.
NIGHT_LIMITS = {"soft_time_limit": 3600, "time_limit": 3900}
_IDLE = PreparedQuery(
    lambda since: idle_since(since).oldest_first().values_list("pk", flat=True)[:SWEEP_SIZE]
)


@shared_task
def offer_fallback(pk: int) -> None:
    """Everybody declined need ``pk``: find a fallback office."""
    fallback.offer_fallback(pk, now=timezone.now())


@shared_task
def tell_held(pk: int) -> None:
    """Request ``pk`` was held at submission: route it, alert staff, tell the owner of the one it repeats."""
    now = timezone.now()
    routing.route_safely(pk, now=now)
    holding.report_held(pk, now=now)


@shared_task
def note_refused_mail(pk: int) -> None:
    """Mail ``pk`` was refused for good: tell staff."""
    refusals.report_refused_mail(pk, now=timezone.now())


@shared_task
def take_in_mail(pk: int) -> None:
    """Mail ``pk`` came in: publish it, hold it for staff, or refuse it."""
    replies.process_reply_safely(pk, now=timezone.now())


@shared_task(**SWEEP_LIMITS)
def reoffer_needs_of_gone() -> None:
    """Ask others for what waits for experts who are gone; give it back to who serves again."""
    now = timezone.now()
    _reoffer(now=now)
    offer_to_stand_ins(now=now)


@shared_task(**NIGHT_LIMITS)
def erase_stray_mails() -> None:
    """Erase each night the old mails that are about no kept request."""
    erasure.erase_stray_mails(now=timezone.now())
    erasure.erase_stray_files(now=timezone.now())
    beat("solicitations.erasure", now=timezone.now())


@shared_task(**NIGHT_LIMITS)
def recount_clock() -> None:
    """Recount each night what changed settings, holidays or subjects make due earlier."""
    recount(now=timezone.now())
    beat("solicitations.clock", now=timezone.now())


def recount(*, now: datetime) -> None:
    """Bring forward the stored moments that the planner would put earlier today."""
    each_safely(due.bring_forward, due.loaded(Solicitation.objects.on_the_clock(now=now)), now=now)


@shared_task(expires=60, **SWEEP_LIMITS)
def sweep() -> None:
    """Do each minute what is due, and what a lost task has left undone."""
    now = timezone.now()
    without_alert = Solicitation.objects.held_without_alert().oldest_first().values_list("pk", flat=True)
    each_safely(holding.report_held, without_alert, now=now)
    each_safely(holding.remind_staff, holding.to_remind(now=now), now=now)
    held = Solicitation.objects.held_to_release().oldest_first().values_list("pk", flat=True)
    each_safely(holding.release_when_due, held, now=now)
    for pk in Solicitation.objects.unrouted(now=now).oldest_first().values_list("pk", flat=True):
        routing.route_safely(pk, now=now)
    _reoffer(now=now)
    offer_to_stand_ins(now=now)
    declined = Need.objects.declined_by_all(before=now - UNDO_DELAY).values_list("pk", flat=True)
    each_safely(fallback.offer_fallback, declined, now=now)
    refused = OutgoingEmail.objects.refused().filter(refused_at__gt=now - REFUSALS_CHECKED_FOR)
    each_safely(refusals.report_refused_mail, refused.values_list("pk", flat=True), now=now)
    unread = IncomingEmail.objects.for_sweep(now=now).values_list("pk", flat=True)
    each_safely(replies.process_reply_safely, unread[:SWEEP_SIZE], now=now)
    run_clock(now=now)
    beat("solicitations.sweep", now=timezone.now())


def _reoffer(*, now: datetime) -> None:
    """Carry to the requests that experts are gone, or back."""
    rows = Match.objects.to_give_back(timezone.localdate(now), now=now)
    each_safely(reoffer.give_back, _requests(rows), now=now)
    each_safely(reoffer.reoffer, _requests(Match.objects.to_reoffer(now=now)), now=now)


def _requests(matches: MatchQuerySet) -> Iterable[int]:
    requests = matches.order_by("mailbox__solicitation").values_list("mailbox__solicitation", flat=True)
    return requests.distinct()[:SWEEP_SIZE]


def offer_to_stand_ins(*, now: datetime) -> None:
    """Offer the needs that wait for experts who are away today to their stand-ins."""
    each_safely(standing_in.offer, _requests(standing_in.to_offer(now=now)), now=now)


def run_clock(*, now: datetime) -> None:
    """Do the clock's work in each territory's working time: reminders, then the other steps."""
    each_safely(reminders.remind, sorted(reminders.addresses(now=now)), now=now)
    each_safely(digests.gather, digests.due_addresses(now=now), now=now)
    advancing = Solicitation.objects.clock_due(now=now).values_list("pk", flat=True)
    for pk in advancing.iterator(chunk_size=due.CHUNK):
        run.advance_safely(pk, now=now)
    to_remind = Draft.objects.to_remind(now=now).order_by("pk").values_list("pk", flat=True)
    each_safely(drafts.remind_draft, to_remind, now=now)
    to_erase = Draft.objects.to_erase(now=now).order_by("pk").values_list("pk", flat=True)
    each_safely(erasure.erase_draft, to_erase[:SWEEP_SIZE], now=now)
    ended = Solicitation.objects.to_anonymise(now=now).order_by("ended_at", "pk")
    each_safely(erasure.anonymise, ended.values_list("pk", flat=True)[:SWEEP_SIZE], now=now)
    each_safely(erasure.anonymise, _IDLE.rows(since=now - settings.ANONYMISE_AFTER), now=now)


def each_safely(work: Callable[..., None], pks: Iterable[int | str | Solicitation], *, now: datetime) -> None:
    """Call once per id, address or request; an error is logged and does not stop the others.

    The end of the task's time does: the next sweep continues.
    """
    for pk in pks:
        try:
            work(pk, now=now)
        except SoftTimeLimitExceeded:
            raise
        except Exception:
            logger.exception("%s failed on %s", getattr(work, "__name__", work), pk)
