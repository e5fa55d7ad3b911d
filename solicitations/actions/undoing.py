"""Undoing an expert's last answer, and a manager's reassigning."""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import transaction

from experts.models import User
from mailing import outbox
from solicitations.actions import moves
from solicitations.lifecycle import ANSWERED_STATES, UNDO_DELAY, ClosedReason, EventKind, MatchState
from solicitations.models import Event, Mailbox, Match, Solicitation
from solicitations.models.conversation import last_act
from solicitations.notifications import to_company, to_experts


class NothingToUndo(Exception):
    """The last move is not this person's own, was undone already, or is too old."""


@transaction.atomic(durable=True)
def undo(match: Match, *, by: Mailbox, now: datetime) -> None:
    """Undo the last move of ``by``, once. Raises ``NothingToUndo``, ``ForbiddenMove``.

    Within a minute no mail was sent about it; later, until the request closes, those mailed are mailed again.
    """
    solicitation, locked = moves.lock(match, by=by)
    event = last_move(locked[0], by=by)
    if event is None or _is_too_late(solicitation, event, now=now):
        raise NothingToUndo
    undone = {row: own for row in locked if (own := last_move(row, by=by)) and own.at == event.at}
    for row, own in undone.items():
        answer = _written_before(own, ANSWERED_STATES)
        row.undo_to(MatchState(own.from_state), moved_at=own.at, at=now, answer=answer)
        row.taken_by = _written_before(own, {MatchState.TAKEN})  # the first name given with the taking
        row.save()
        Event.objects.record_move(row, MatchState(own.to_state), by=by, kind=EventKind.UNDONE, at=now)
    if event.kind == EventKind.HANDED_OVER:
        _withdraw_introduced(list(undone), event, now=now)
    _notify(solicitation, undone, now=now)
    moves.finish(solicitation, now=now)


@transaction.atomic(durable=True)
def undo_reassigning(match: Match, *, by: User, now: datetime) -> None:
    """Give back a need that this manager gave to a colleague, who has not answered it since.

    Raises ``NothingToUndo``; mails are sent as for an expert's own undoing.
    """
    solicitation = Solicitation.objects.locked(match.mailbox.solicitation_id)
    [row] = Match.objects.with_people().select_for_update(of=("self",)).filter(pk=match.pk)
    event = last_act(row)
    if event is None or not _is_reassigning(event, by=by) or _is_too_late(solicitation, event, now=now):
        raise NothingToUndo
    given = Match.objects.handed_over([row], at=event.at)
    answers = Event.objects.by_people().filter(match__in=given, pk__gt=event.pk)
    if not given.active().exists() or answers.exclude(by_user=by, by_mailbox=None).exists():
        raise NothingToUndo
    row.undo_to(MatchState(event.from_state), moved_at=event.at, at=now, answer=row.answer)
    row.save()
    Event.objects.record_move(row, MatchState(event.to_state), by=by, kind=EventKind.UNDONE, at=now)
    _withdraw_introduced([row], event, now=now)
    _notify(solicitation, {row: event}, now=now)
    moves.finish(solicitation, now=now)


def _is_reassigning(event: Event, *, by: User) -> bool:
    is_own = event.by_user_id == by.pk and event.by_mailbox_id is None
    return is_own and event.kind == EventKind.HANDED_OVER


def last_move(match: Match, *, by: Mailbox) -> Event | None:
    """The match's last event when it is a move of this mailbox, which may then be undone."""
    event = last_act(match)
    if event is None or event.by_mailbox_id != by.pk:
        return None
    return event if EventKind(event.kind) in {EventKind.MOVED, EventKind.HANDED_OVER} else None


def _written_before(event: Event, states: Collection[MatchState]) -> str:
    """Return what was written with the last move to one of these states before ``event``; else empty."""
    earlier = Event.objects.filter(match=event.match_id, pk__lt=event.pk).not_undone()
    return next((move.reason for move in reversed(earlier) if move.to_state in states), "")


def _is_too_late(solicitation: Solicitation, event: Event, *, now: datetime) -> bool:
    is_closed_by_staff = solicitation.closed_reason == ClosedReason.STAFF
    return solicitation.is_over and (is_closed_by_staff or now - event.at > UNDO_DELAY)


def _withdraw_introduced(matches: Sequence[Match], event: Event, *, now: datetime) -> None:
    """Withdraw the matches made by this hand-over, and no other."""
    introduced = Match.objects.active().handed_over(matches, at=event.at)
    for made in introduced.with_people().select_for_update(of=("self",)).order_by("pk"):
        before = made.state
        made.move_to(MatchState.WITHDRAWN, at=now)
        made.save()
        withdrawal = Event.objects.record_move(made, before, kind=EventKind.WITHDRAWN, at=now)
        moves.notify_withdrawn(made, withdrawal, now=now)


def _notify(solicitation: Solicitation, undone: dict[Match, Event], *, now: datetime) -> None:
    """Mail those who were told of the undone move; restore the mails that it had cancelled."""
    match, event = next(iter(undone.items()))
    notified = moves.cancel_notifications(undone.values(), now=now)
    if solicitation.email in notified:
        to_company.undone(event, match=match, now=now)
    mailboxes = Mailbox.objects.filter(solicitation=solicitation, email__in=notified).order_by("pk")
    to_experts.undone(event, match=match, mailboxes=mailboxes, now=now)
    for earlier in Event.objects.moves().filter(match__in=list(undone), at__lt=event.at):
        name = f"event:{earlier.pk}"
        outbox.restore_about(name, cancelled_at=event.at)
