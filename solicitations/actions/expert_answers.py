"""Answers of experts: take, decline, hand over, bring in, conclude."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from experts.models import Expert, Institution
from experts.routing import loading
from experts.routing.decision import Chosen
from solicitations.actions import moves, receivers
from solicitations.dispatch import matching
from solicitations.lifecycle import (
    ANSWERED_STATES,
    UNDO_DELAY,
    EventKind,
    ForbiddenMove,
    MatchOrigin,
    MatchState,
)
from solicitations.models import Event, Mailbox, Match, Solicitation
from solicitations.notifications import to_company

Target = Institution | Expert  # another institution, or a person


class AnswerRequired(Exception):
    """A labour-law question can only be closed with the written answer that was given."""


class NobodyThere(Exception):
    """The institution has no expert for this need and place, or none who was not asked already."""


@transaction.atomic(durable=True)
def move(  # noqa: PLR0913 (what an answer may carry)
    match: Match,
    target: MatchState,
    *,
    by: Mailbox,
    now: datetime,
    decline_reason: str = "",
    comment: str = "",
    answer: str = "",
    first_name: str = "",
) -> None:
    """Take, decline or conclude a need. Raises ``ForbiddenMove``, ``AnswerRequired``.

    ``first_name``: of the person who takes it, when several people share the mailbox.
    """
    solicitation, locked = moves.lock(match, by=by)
    if target in ANSWERED_STATES and not answer.strip() and any(row.is_on_the_legal_clock for row in locked):
        raise AnswerRequired
    before = MatchState(locked[0].state)
    for row in locked:
        row.move_to(target, at=now, decline_reason=decline_reason, comment=comment, answer=answer)
        if target == MatchState.TAKEN:
            row.taken_by = first_name
        row.save()
    moves.cancel_earlier_notifications(locked, now=now)
    written = comment or answer or first_name
    events = [Event.objects.record_move(row, before, by=by, reason=written, at=now) for row in locked]
    if target == MatchState.TAKEN:
        moves.notify_taken(locked, events, now=now)
    elif target == MatchState.UNREACHABLE:
        to_company.unreachable(locked[0], events=events, now=now)
    moves.finish(solicitation, now=now)


@transaction.atomic(durable=True)
def take_all(by: Mailbox, *, now: datetime, first_name: str = "") -> int:
    """Take every need that waits for this mailbox, in one click and one mail; returns how many."""
    solicitation = Solicitation.objects.locked(by.solicitation_id)
    waiting = Match.objects.sent().filter(mailbox=by).select_for_update(of=("self",))
    matches = list(waiting.with_people().in_order())
    events: list[Event] = []
    for match in matches:
        match.move_to(MatchState.TAKEN, at=now)
        match.taken_by = first_name
        match.save()
        events.append(Event.objects.record_move(match, MatchState.SENT, by=by, reason=first_name, at=now))
    if matches:
        moves.notify_taken(matches, events, now=now)
        moves.finish(solicitation, now=now)
    return len(matches)


@transaction.atomic(durable=True)
def hand_over(match: Match, target: Target, *, comment: str, by: Mailbox, now: datetime) -> None:
    """Pass a need on to another institution, or a person; ``match`` ends.

    Raises ``ForbiddenMove``, ``NobodyThere``.
    """
    solicitation, locked = moves.lock(match, by=by)
    before = MatchState(locked[0].state)
    for row in locked:
        row.move_to(MatchState.REPLACED, at=now, comment=comment)
    made = _introduce(solicitation, locked[0], target, origin=MatchOrigin.HAND_OVER, now=now)
    moves.cancel_earlier_notifications(locked, now=now)
    reason = f"{target.name} : {comment}" if comment else target.name
    events: list[Event] = []
    for row in locked:
        row.save()
        kind = EventKind.HANDED_OVER
        events.append(Event.objects.record_move(row, before, by=by, kind=kind, reason=reason, at=now))
    _notify_introduced(made, locked[0], comment=comment, event=events[0], now=now)
    moves.finish(solicitation, now=now)


@transaction.atomic(durable=True)
def bring_in(match: Match, target: Target, *, comment: str, by: Mailbox, now: datetime) -> None:
    """Ask another institution, or a person, to help; ``match`` stays.

    Raises ``ForbiddenMove``, ``NobodyThere``.
    """
    solicitation, (locked, *_) = moves.lock(match, by=by)
    if locked.is_gone or locked.state == MatchState.DECLINED:
        raise ForbiddenMove(MatchState(locked.state), MatchState.SENT)
    made = _introduce(solicitation, locked, target, origin=MatchOrigin.BRING_IN, now=now)
    event = Event.objects.record(
        EventKind.BROUGHT_IN,
        solicitation,
        by=by,
        match=locked,
        reason=f"{target.name} : {comment}" if comment else target.name,
        at=now,
    )
    _notify_introduced(made, locked, comment=comment, event=event, now=now)
    moves.finish(solicitation, now=now)


def _introduce(
    solicitation: Solicitation, match: Match, target: Target, *, origin: MatchOrigin, now: datetime
) -> list[Match]:
    if isinstance(target, Expert):
        chosen = receivers.choose_person(match, target, now=now)
    else:
        chosen = choose_within(solicitation, match.need.subject.slug, target, now=now)
    match.need.solicitation = solicitation
    made = matching.make_matches(match.need, chosen, origin=origin, introduced_by=match, again=True, now=now)
    if not made:
        raise NobodyThere
    return made


def choose_within(
    solicitation: Solicitation, subject: str, institution: Institution, *, now: datetime
) -> Sequence[Chosen]:
    """Return this institution's experts for the subject and place; none when the owner unticked it."""
    if solicitation.unticked_institutions.filter(pk=institution.pk).exists():
        return ()
    return loading.decide_for_institution(
        institution.code,
        subject=subject,
        commune=solicitation.commune,
        facts=solicitation.facts,
        on=solicitation.today(now),
    ).chosen


def _notify_introduced(
    made: Sequence[Match], match: Match, *, comment: str, event: Event, now: datetime
) -> None:
    matching.notify(
        made,
        now=now,
        event=event,
        introducer=f"{match.person} ({match.expert.office.institution.name})",
        comment=comment,
        not_before=now + UNDO_DELAY,
    )
