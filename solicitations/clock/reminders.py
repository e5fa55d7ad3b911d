"""Reminders: at most one mail a day to a person, whatever the number of requests that wait for them."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from solicitations.clock import due, mails, plan
from solicitations.clock.run import record_step, schedule_retry
from solicitations.clock.steps import Planned, Step, is_away
from solicitations.lifecycle import EventKind, MatchState
from solicitations.models import Event, Mailbox, Match, Solicitation
from territories.working_time import is_working_time

logger = logging.getLogger(__name__)

# A reminder that must wait longer (a week-end, a holiday of its territory) does not delay the others.
SOON = timedelta(days=1)


def addresses(*, now: datetime) -> set[str]:
    """The addresses, in lower case, to which the due requests have a reminder to send."""
    steps = (step for step in due.ready_steps(now=now) if step.step == Step.REMIND)
    return {step.match.mailbox.email.lower() for step in steps if step.match}


@transaction.atomic(durable=True)
def remind(address: str, *, now: datetime) -> None:
    """Mail this person what waits for them, if a reminder is due and none was sent today."""
    locked = {step.solicitation.pk for step in ready_to_send(address, now=now)}
    if not locked:
        return
    for pk in sorted(locked):
        Solicitation.objects.locked(pk)
    waiting = _waiting(address)
    steps = sendable(reminders(waiting, address, now=now), now=now)
    ready = [step for step in steps if step.solicitation.pk in locked]
    first = Mailbox.objects.at(address).order_by("pk").first()
    if not ready or first is None:
        return
    with transaction.atomic():
        failed = _record_each(ready, now=now)
        listed = [
            match
            for row in waiting
            if row.pk not in failed and is_working_time(now, row.commune)
            for match in _to_list(row, address, now=now)
        ]
        day = ready[0].solicitation.today(now)
        if not mails.reminders(listed, first=first, day=day, now=now):  # or another sweep was faster
            transaction.set_rollback(True)


def ready_to_send(address: str, *, now: datetime) -> list[Planned]:
    """The reminders that a mail sent now would contain; none when today's mail exists."""
    first = Mailbox.objects.at(address).order_by("pk").first()
    ready = sendable(reminders(_waiting(address), address, now=now), now=now)
    if first is None or not ready or mails.is_reminded(first, ready[0].solicitation.today(now)):
        return []
    return ready


def _waiting(address: str) -> list[Solicitation]:
    return plan.load(Solicitation.objects.waiting_for(address).oldest_first().values_list("pk", flat=True))


def sendable(reminders: Sequence[Planned], *, now: datetime) -> list[Planned]:
    """The reminders that a mail sent now would contain, the oldest first; none when it has to wait.

    One mail a day serves requests of several time zones: the one due first decides when it is sent.
    """
    ready = sorted((step for step in reminders if step.due_at <= now), key=lambda step: step.due_at)
    soon = [step for step in ready if step.runs_at - now < SOON]
    if not soon or soon[0].runs_at > now:
        return []
    return [step for step in ready if step.runs_at <= now]


def _record_each(ready: Sequence[Planned], *, now: datetime) -> set[int]:
    """Record each reminder; return the ids of the requests where it failed: only these are put off."""
    failed: set[int] = set()
    for planned in ready:
        try:
            with transaction.atomic():
                record_step(planned, EventKind.REMINDED, now=now)
        except Exception as error:
            pk = planned.solicitation.pk
            logger.exception("the reminder of request %s failed", pk)
            schedule_retry(pk, error, now=now)
            failed.add(pk)
    return failed


def reminders(requests: Iterable[Solicitation], address: str, *, now: datetime) -> list[Planned]:
    """The next reminders of one person, over all these requests."""
    return [
        step
        for solicitation in requests
        for step in plan.plan(solicitation, now=now)
        if step.step == Step.REMIND and step.is_next and step.match and _is_to(step.match, address)
    ]


def _to_list(solicitation: Solicitation, address: str, *, now: datetime) -> Iterator[Match]:
    """The matches that a reminder to this person lists: their first delay has passed, and they are there."""
    for need in solicitation.needs.all():
        matches = list(need.matches.all())
        is_helped = any(match.state == MatchState.HELPED for match in matches)
        for match in matches:
            is_reached = _is_to(match, address) and not is_away(match, on=solicitation.today(now))
            has_waited = is_reached and _has_waited(match, is_helped=is_helped, now=now)
            if has_waited and not _was_reminded_by_staff(solicitation, match, now=now):
                yield match


def _was_reminded_by_staff(solicitation: Solicitation, match: Match, *, now: datetime) -> bool:
    """True when staff had this match reminded today."""
    events: list[Event] = getattr(solicitation, "clock_events", [])
    return any(
        event.kind == EventKind.STAFF_REMINDED
        and event.match_id == match.pk
        and solicitation.today(event.at) == solicitation.today(now)
        for event in events
    )


def _is_to(match: Match, address: str) -> bool:
    return match.mailbox.email.lower() == address.lower()


def _has_waited(match: Match, *, is_helped: bool, now: datetime) -> bool:
    if match.state == MatchState.SENT:
        return not is_helped and now - match.sent_at >= settings.REMIND_AFTER[0]
    if match.state == MatchState.TAKEN and match.taken_at and not match.expert_left_at:
        return now - match.taken_at >= settings.REMIND_TAKER_AFTER
    return False
