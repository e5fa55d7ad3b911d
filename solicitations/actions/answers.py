"""How experts answer: take, decline, hand over, bring in, conclude, undo."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from experts.models import Institution
from experts.routing import loading
from experts.routing.decision import Chosen
from mailing.models import OutgoingEmail
from mailing.tasks import deliver_after_commit
from solicitations import dispatch, tasks
from solicitations.lifecycle import (
    ANSWERS,
    UNDO_DELAY,
    EventKind,
    ForbiddenMove,
    MatchOrigin,
    MatchState,
    NeedState,
)
from solicitations.models import Event, Mailbox, Match, Solicitation
from solicitations.notifications import to_company, to_experts

# The fallback looks a little after the refusal can no longer be undone.
FALLBACK_AFTER = UNDO_DELAY + timedelta(seconds=1)


class AnswerRequired(Exception):
    """A labour-law question is concluded by the answer that was given, in writing."""


class NobodyThere(Exception):
    """The institution has nobody for this need in this place, or nobody who was not asked already."""


class NothingToUndo(Exception):
    """The last move is not this person's own, was undone already, or is too old."""


@transaction.atomic(durable=True)
def move(  # noqa: PLR0913 (what an answer may carry)
    match: Match,
    target: MatchState,
    *,
    by: Mailbox,
    now: datetime,
    decline_reason: str = "",
    words: str = "",
    answer: str = "",
) -> None:
    """Take, decline or conclude a need. Raises ``ForbiddenMove``, ``AnswerRequired``."""
    solicitation, locked = _lock(match, by=by)
    if target in ANSWERS and locked.need.is_on_the_legal_clock and not answer.strip():
        raise AnswerRequired
    before = MatchState(locked.state)
    locked.move_to(target, at=now, decline_reason=decline_reason, words=words, answer=answer)
    locked.save()
    event = _note_move(locked, before, by=by, now=now)
    if target == MatchState.TAKEN:
        _tell_taken([locked], [event], now=now)
    elif target == MatchState.UNREACHABLE:
        deliver_after_commit(*to_company.unreachable(locked, event=event, now=now))
    _settle(solicitation, now=now)


@transaction.atomic(durable=True)
def take_all(by: Mailbox, *, now: datetime) -> int:
    """Take every need that waits for this mailbox, in one click and one mail; returns how many."""
    solicitation = Solicitation.objects.locked(by.solicitation_id)
    waiting = Match.objects.sent().filter(mailbox=by).select_for_update(of=("self",))
    matches = list(waiting.with_people().in_order())
    events: list[Event] = []
    for match in matches:
        match.move_to(MatchState.TAKEN, at=now)
        match.save()
        events.append(_note_move(match, MatchState.SENT, by=by, now=now))
    if matches:
        _tell_taken(matches, events, now=now)
        _settle(solicitation, now=now)
    return len(matches)


def _lock(match: Match, *, by: Mailbox) -> tuple[Solicitation, Match]:
    """The request, then the match, locked and read anew. A match of somebody else's: ``ForbiddenMove``."""
    solicitation = Solicitation.objects.locked(by.solicitation_id)
    rows = Match.objects.filter(pk=match.pk, mailbox=by).with_people().select_for_update(of=("self",))
    locked = rows.first()
    if locked is None:
        raise ForbiddenMove(MatchState(match.state), MatchState(match.state))
    return solicitation, locked


def _note_move(match: Match, before: MatchState, *, by: Mailbox, now: datetime) -> Event:
    return Event.objects.create(
        solicitation_id=by.solicitation_id,
        match=match,
        kind=EventKind.MOVED,
        by_mailbox=by,
        from_state=before,
        to_state=match.state,
        reason=match.words,
        at=now,
    )


def _tell_taken(matches: Sequence[Match], events: Sequence[Event], *, now: datetime) -> None:
    rows = to_company.taken(matches, events=events, now=now)
    rows += to_experts.taken(matches, events=events, now=now)
    deliver_after_commit(*rows)


def _settle(solicitation: Solicitation, *, now: datetime) -> None:
    """Rewrite what the needs show, close or reopen, and have the fallback look where all have declined."""
    solicitation.reckon()
    dispatch.close_if_done(solicitation, now=now)
    solicitation.save()
    for need in solicitation.needs.filter(state=NeedState.DECLINED, exhausted_at=None):
        transaction.on_commit(
            lambda pk=need.pk: tasks.offer_fallback.apply_async((pk,), eta=now + FALLBACK_AFTER)  # type: ignore[misc]
        )


@transaction.atomic(durable=True)
def hand_over(match: Match, institution: Institution, *, word: str, by: Mailbox, now: datetime) -> None:
    """Pass a need on to another institution; mine ends. Raises ``ForbiddenMove``, ``NobodyThere``."""
    solicitation, locked = _lock(match, by=by)
    before = MatchState(locked.state)
    locked.move_to(MatchState.REPLACED, at=now, words=word)
    made = _introduce(solicitation, locked, institution, origin=MatchOrigin.HAND_OVER, now=now)
    locked.save()
    event = Event.objects.create(
        solicitation=solicitation,
        match=locked,
        kind=EventKind.HANDED_OVER,
        by_mailbox=by,
        from_state=before,
        to_state=locked.state,
        reason=f"{institution.name} : {word}" if word else institution.name,
        at=now,
    )
    _tell_introduced(made, locked, word=word, event=event, now=now)
    _settle(solicitation, now=now)


@transaction.atomic(durable=True)
def bring_in(match: Match, institution: Institution, *, word: str, by: Mailbox, now: datetime) -> None:
    """Ask another institution to help; mine stays. Raises ``ForbiddenMove``, ``NobodyThere``."""
    solicitation, locked = _lock(match, by=by)
    if locked.is_gone or locked.state == MatchState.DECLINED or solicitation.is_cancelled:
        raise ForbiddenMove(MatchState(locked.state), MatchState.SENT)
    made = _introduce(solicitation, locked, institution, origin=MatchOrigin.BRING_IN, now=now)
    event = Event.objects.create(
        solicitation=solicitation,
        match=locked,
        kind=EventKind.BROUGHT_IN,
        by_mailbox=by,
        reason=f"{institution.name} : {word}" if word else institution.name,
        at=now,
    )
    _tell_introduced(made, locked, word=word, event=event, now=now)
    _settle(solicitation, now=now)


def _introduce(
    solicitation: Solicitation, match: Match, institution: Institution, *, origin: MatchOrigin, now: datetime
) -> list[Match]:
    chosen = choose_within(solicitation, match.need.subject.slug, institution, now=now)
    match.need.solicitation = solicitation
    made = dispatch.make_matches(match.need, chosen, origin=origin, introduced_by=match, again=True, now=now)
    if not made:
        raise NobodyThere
    return made


def choose_within(
    solicitation: Solicitation, subject: str, institution: Institution, *, now: datetime
) -> Sequence[Chosen]:
    """Whom one institution has for this subject there; nobody when the owner unticked it."""
    if solicitation.unticked_institutions.filter(pk=institution.pk).exists():
        return ()
    return loading.decide_within(
        institution.code,
        subject=subject,
        commune=solicitation.commune,
        facts=solicitation.facts,
        on=now.astimezone(solicitation.time_zone).date(),
    ).chosen


def _tell_introduced(made: Sequence[Match], match: Match, *, word: str, event: Event, now: datetime) -> None:
    dispatch.notify(
        made,
        now=now,
        event=event,
        introducer=f"{match.expert.name} ({match.expert.office.institution.name})",
        word=word,
        not_before=now + UNDO_DELAY,
    )


@transaction.atomic(durable=True)
def undo(match: Match, *, by: Mailbox, now: datetime) -> None:
    """Go back on one's own last move, once. Raises ``NothingToUndo``, ``ForbiddenMove``.

    Within a minute nobody has heard of it; later, while the request is open, those told are told again.
    """
    solicitation, locked = _lock(match, by=by)
    event = last_move(locked, by=by)
    if event is None or (now - event.at > UNDO_DELAY and solicitation.is_over):
        raise NothingToUndo
    locked.undo_to(MatchState(event.from_state), at=now)
    locked.save()
    Event.objects.create(
        solicitation=solicitation,
        match=locked,
        kind=EventKind.UNDONE,
        by_mailbox=by,
        from_state=event.to_state,
        to_state=locked.state,
        at=now,
    )
    if event.kind == EventKind.HANDED_OVER:
        _withdraw_introduced(locked, now=now)
    _tell_undone(solicitation, locked, event, now=now)
    _settle(solicitation, now=now)


def last_move(match: Match, *, by: Mailbox) -> Event | None:
    """The match's last event when it is a move of this mailbox, which may then be undone."""
    event = match.events.order_by("-at", "-pk").first()
    if event is None or event.by_mailbox_id != by.pk:
        return None
    return event if EventKind(event.kind) in {EventKind.MOVED, EventKind.HANDED_OVER} else None


def _withdraw_introduced(match: Match, *, now: datetime) -> None:
    for made in match.introduces.active().select_for_update():
        before = made.state
        made.move_to(MatchState.WITHDRAWN, at=now)
        made.save()
        Event.objects.create(
            solicitation_id=match.need.solicitation_id,
            match=made,
            kind=EventKind.WITHDRAWN,
            from_state=before,
            to_state=made.state,
            at=now,
        )


def _tell_undone(solicitation: Solicitation, match: Match, event: Event, *, now: datetime) -> None:
    """Cancel what has not left; what left in the same click about other needs is written anew."""
    about = OutgoingEmail.objects.about(f"event:{event.pk}")
    told = set(about.exclude(sent_at=None).values_list("to", flat=True))
    click = {name for names in about.pending().values_list("about", flat=True) for name in names}
    OutgoingEmail.objects.cancel_about(f"event:{event.pk}", now=now)
    if solicitation.email in told:
        deliver_after_commit(*to_company.undone(event, match=match, now=now))
    mailboxes = Mailbox.objects.filter(solicitation=solicitation, email__in=told).order_by("pk")
    deliver_after_commit(*to_experts.undone(event, match=match, mailboxes=mailboxes, now=now))
    others = [int(name.removeprefix("event:")) for name in click if name.startswith("event:")]
    events = list(Event.objects.filter(pk__in=others).exclude(pk=event.pk).order_by("pk"))
    matches = Match.objects.with_people().filter(events__in=events, state=MatchState.TAKEN).in_order()
    if events and (remaining := list(matches)):
        _tell_taken(remaining, events, now=now)
