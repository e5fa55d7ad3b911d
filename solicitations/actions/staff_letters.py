"""Mails that staff send to experts: a reminder immediately, a message to one of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from experts.models import Expert, User
from solicitations.clock import mails
from solicitations.lifecycle import UNDO_DELAY, EventKind, ForbiddenMove, MatchState, RequestState
from solicitations.models import Event, Mailbox, Match, Solicitation, StaffMessage
from solicitations.models.matches import MatchQuerySet
from solicitations.notifications import to_experts


class RemindedToday(Exception):
    """Staff had this request reminded today already: ``event``."""

    def __init__(self, event: Event) -> None:
        super().__init__(str(event))
        self.event = event


class NobodyToRemind(Exception):
    """Refusal to remind: all who have not answered were reminded today."""


@dataclass(frozen=True)
class WaitingMailbox:
    """A mailbox that has not answered, with its unanswered matches."""

    mailbox: Mailbox
    matches: tuple[Match, ...]
    was_reminded_today: bool

    @property
    def label(self) -> str:
        """« France Travail Dijon (Nadia Benali) »."""
        return name_of(self.matches)


@transaction.atomic(durable=True)
def remind_now(solicitation: Solicitation, *, by: User, now: datetime) -> list[WaitingMailbox]:
    """Remind immediately those who have not answered; returns them, those left out today included.

    Once a day: raises ``RemindedToday``. Raises ``NobodyToRemind``, and ``ForbiddenMove`` unless the request
    waits for answers.
    """
    locked = Solicitation.objects.locked(solicitation.pk)
    if locked.state != RequestState.SUBMITTED:
        raise ForbiddenMove(RequestState(locked.state), RequestState.SUBMITTED)
    if earlier := reminder_of_today(locked, now=now):
        raise RemindedToday(earlier)
    waiting = waiting_mailboxes(locked, now=now)
    mailed = [one for one in waiting if not one.was_reminded_today]
    if not mailed:
        raise NobodyToRemind
    names = ", ".join(one.label for one in mailed)
    for one in mailed:
        for match in one.matches:
            Event.objects.record(
                EventKind.STAFF_REMINDED, locked, by=by, match=match, reason=f"À {names}", at=now
            )
        to_experts.reminded_by_staff(one.mailbox, one.matches, by=by, day=locked.today(now), now=now)
    return waiting


def reminder_of_today(solicitation: Solicitation, *, now: datetime) -> Event | None:
    """The reminder that staff asked for today, on the request's own day; ``None`` without any."""
    last = solicitation.events.filter(kind=EventKind.STAFF_REMINDED).in_order().last()
    is_today = last is not None and solicitation.today(last.at) == solicitation.today(now)
    return last if is_today else None


def waiting_mailboxes(solicitation: Solicitation, *, now: datetime) -> list[WaitingMailbox]:
    """Mailboxes whose answer is awaited: sent a need that nobody has helped with, and not gone."""
    helped = Match.objects.filter(state=MatchState.HELPED, need__solicitation=solicitation)
    rows = _with_somebody(Match.objects.sent(), solicitation, now=now)
    by_mailbox: dict[int, list[Match]] = {}
    for match in rows.exclude(need__in=helped.values("need")).with_people().in_order():
        by_mailbox.setdefault(match.mailbox_id, []).append(match)
    day = solicitation.today(now)
    return [_waiting(matches, solicitation, day=day) for matches in by_mailbox.values()]


def _waiting(matches: list[Match], solicitation: Solicitation, *, day: date) -> WaitingMailbox:
    mailbox = matches[0].mailbox
    last = mails.last_reminder(mailbox)
    is_today = last is not None and solicitation.today(last) == day
    return WaitingMailbox(mailbox, tuple(matches), was_reminded_today=is_today)


def _with_somebody(matches: MatchQuerySet, solicitation: Solicitation, *, now: datetime) -> MatchQuerySet:
    """Matches of the request whose expert is not gone: no mail is sent to somebody who is."""
    gone = Expert.objects.gone(solicitation.today(now), now=now)
    return matches.filter(need__solicitation=solicitation, mailbox__left_at=None).exclude(
        expert__in=gone.values("pk")
    )


def name_of(matches: Sequence[Match]) -> str:
    """An expert and their office, from their matches."""
    expert = matches[0].expert
    return f"{expert.office.name} ({expert.name})"


def reachable(solicitation: Solicitation, *, now: datetime) -> list[tuple[Mailbox, str]]:
    """Mailboxes that staff may write to, and their names: those who have a part in the request still."""
    rows = _with_somebody(Match.objects.live(), solicitation, now=now).filter(mailbox__revoked_at=None)
    by_mailbox: dict[int, list[Match]] = {}
    for match in rows.with_people().in_order():
        by_mailbox.setdefault(match.mailbox_id, []).append(match)
    return [(matches[0].mailbox, name_of(matches)) for matches in by_mailbox.values()]


@transaction.atomic(durable=True)
def write_to_expert(mailbox: Mailbox, *, body: str, by: User, now: datetime) -> StaffMessage:
    """Mail a message to one expert, whose reply staff alone will read. Raises ``ForbiddenMove``.

    The same text again within a minute is a second click: it is mailed once.
    """
    locked = Solicitation.objects.locked(mailbox.solicitation_id)
    names = {found.pk: name for found, name in reachable(locked, now=now)}
    if locked.refuses_answers or mailbox.pk not in names:
        raise ForbiddenMove(RequestState(locked.state), RequestState.SUBMITTED)
    sent = StaffMessage.objects.filter(mailbox=mailbox, author=by, answers=None)
    if earlier := sent.filter(body=body, at__gt=now - UNDO_DELAY).first():
        return earlier
    written = StaffMessage.objects.create(
        solicitation=locked, mailbox=mailbox, author=by, addressee=names[mailbox.pk], body=body, at=now
    )
    Event.objects.record(EventKind.STAFF_WROTE, locked, by=by, at=now)
    to_experts.written_by_staff(written, now=now)
    return written
