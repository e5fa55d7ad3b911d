"""Mails that staff send to experts: a reminder immediately, a message to one of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from experts.models import Expert, User
from mailing.prepared_queries import PreparedQuery
from solicitations.clock import mails
from solicitations.lifecycle import UNDO_DELAY, EventKind, ForbiddenMove, MatchState, RequestState
from solicitations.models import Event, Mailbox, Match, Solicitation, StaffMessage
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
    over = set(helped.values_list("need", flat=True))
    there = _with_somebody(solicitation, now=now)
    waiting = _by_mailbox(row for row in there if row.state == MatchState.SENT and row.need_id not in over)
    last = mails.last_reminders(waiting)
    today = {mailbox for mailbox, at in last.items() if solicitation.today(at) == solicitation.today(now)}
    return [WaitingMailbox(one, tuple(matches), one in today) for one, matches in waiting.items()]


_LIVE: PreparedQuery[Match] = PreparedQuery(
    lambda solicitation, day, now: (
        Match.objects.live()
        .filter(need__solicitation=solicitation, mailbox__left_at=None)
        .exclude(expert__in=Expert.objects.gone(day, now=now).values("pk"))
        .with_people()
        .in_order()
    )
)


def _with_somebody(solicitation: Solicitation, *, now: datetime) -> list[Match]:
    """Live matches whose expert is not gone: no mail is sent to somebody who is."""
    return _LIVE.rows(solicitation=solicitation.pk, day=solicitation.today(now), now=now)


def _by_mailbox(matches: Iterable[Match]) -> dict[Mailbox, list[Match]]:
    found: dict[Mailbox, list[Match]] = {}
    for match in matches:
        found.setdefault(match.mailbox, []).append(match)
    return found


def name_of(matches: Sequence[Match]) -> str:
    """An expert and their office, from their matches."""
    expert = matches[0].expert
    return f"{expert.office.name} ({expert.name})"


def reachable(solicitation: Solicitation, *, now: datetime) -> list[tuple[Mailbox, str]]:
    """Mailboxes that staff may write to, and their names: those who have a part in the request still."""
    there = _with_somebody(solicitation, now=now)
    found = _by_mailbox(match for match in there if match.mailbox.revoked_at is None)
    return [(mailbox, name_of(matches)) for mailbox, matches in found.items()]


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
