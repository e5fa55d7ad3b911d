"""What the expert's page tells: the needs of this mailbox, the others who have them, what was said."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from experts.models import Expert, Institution
from experts.routing import loading
from experts.routing.explanations import facts
from solicitations import actions, wording
from solicitations.lifecycle import (
    ACTIVE,
    MATCH_MOVES,
    UNDO_DELAY,
    ClosedReason,
    DeclineReason,
    EventKind,
    MatchState,
    RequestState,
)
from solicitations.models import Addition, Event, Mailbox, Match, Message, Question, Solicitation
from solicitations.models.finding import SET_ASIDE
from solicitations.views.legal import LegalClock, clock
from territories.spoken_time import spoken_moment
from workspace.forms import BRING_IN, HAND_OVER

DONE = {
    MatchState.TAKEN: "Vous avez pris ce besoin en charge",
    MatchState.DECLINED: "Vous avez décliné",
    MatchState.HELPED: "Vous avez aidé l'entreprise",
    MatchState.NO_HELP: "Vous n'avez pas de solution",
    MatchState.UNREACHABLE: "Vous n'avez pas pu joindre l'entreprise",
    MatchState.EXPIRED: "Ce besoin est resté sans réponse. Vous pouvez encore le prendre",
}
ELSEWHERE = "Ce besoin est suivi par quelqu'un d'autre"


@dataclass(frozen=True)
class Card:
    """One need of this mailbox: why it came, what was done about it, what may be done."""

    match: Match
    # The last thing that the page knows to have happened: what is posted from an older page changes nothing.
    seen: int
    done: str
    done_at: datetime | None
    may_undo: bool
    is_undo_silent: bool
    moves: frozenset[MatchState]
    ways: tuple[str, ...]
    institutions: tuple[Institution, ...]
    clock: LegalClock | None

    @property
    def subject(self) -> str:
        return self.match.need.subject.label

    @property
    def may_take(self) -> bool:
        return MatchState.TAKEN in self.moves

    @property
    def may_decline(self) -> bool:
        return MatchState.DECLINED in self.moves

    @property
    def outcomes(self) -> list[str]:
        """Codes of the ends that may be said, in the order of the buttons."""
        ends = (MatchState.HELPED, MatchState.NO_HELP, MatchState.UNREACHABLE)
        return [end.value for end in ends if end in self.moves]

    @property
    def asks_answer(self) -> bool:
        return self.match.need.is_on_the_legal_clock

    @property
    def why(self) -> str:
        return wording.reason(self.match)

    @property
    def checked(self) -> str:
        return facts(self.match.reason.get("checked", ()))

    @property
    def unverified(self) -> str:
        return facts(self.match.reason.get("unverified", ()))


@dataclass(frozen=True)
class Other:
    """Somebody else who has the need, and where they stand."""

    match: Match
    phone: str
    since: datetime
    reason: str


@dataclass(frozen=True)
class Reading:
    """All that the page shows; ``gone`` are sentences about the needs that are no longer this mailbox's."""

    cards: tuple[Card, ...]
    gone: tuple[Card, ...]
    others: tuple[tuple[str, tuple[Other, ...]], ...]
    additions: tuple[Addition, ...]
    questions: tuple[Question, ...]
    messages: tuple[Message, ...]
    experts: tuple[Expert, ...]
    may_write: bool

    @property
    def is_on_the_clock(self) -> bool:
        return any(card.clock for card in self.cards)

    @property
    def may_ask(self) -> bool:
        return any(card.match.state in ACTIVE for card in self.cards)

    @property
    def waiting(self) -> list[Card]:
        return [card for card in self.cards if card.match.state == MatchState.SENT]


def read(mailbox: Mailbox, *, now: datetime) -> Reading:
    """The page of this mailbox. Needs ``solicitation__commune`` loaded."""
    solicitation = mailbox.solicitation
    matches = list(Match.objects.filter(need__solicitation=solicitation).with_people().in_order())
    for match in matches:
        match.need.solicitation = solicitation
    mine = [match for match in matches if match.mailbox_id == mailbox.pk]
    around = _institutions(solicitation, now=now) if any(not match.is_gone for match in mine) else []
    # Several posts behind one address answer once per need: the first one's card speaks for all.
    answered_once = {(match.need_id, match.state): match for match in reversed(mine)}
    cards = [
        _card(match, matches, around, mailbox=mailbox, now=now)
        for match in mine
        if match in answered_once.values()
    ]
    here = tuple(card for card in cards if not card.match.is_gone)
    return Reading(
        cards=here,
        gone=tuple(card for card in cards if card.match.is_gone),
        others=_others(matches, mailbox),
        additions=tuple(solicitation.additions.order_by("at", "pk")),
        questions=tuple(solicitation.questions.order_by("asked_at", "pk")),
        messages=tuple(solicitation.messages.order_by("at", "pk")),
        experts=tuple({match.expert_id: match.expert for match in mine}.values()),
        may_write=not solicitation.refuses_answers
        and Mailbox.objects.following().filter(pk=mailbox.pk).exists(),
    )


def _institutions(solicitation: Solicitation, *, now: datetime) -> list[Institution]:
    """Those with an office for the commune, less the ones that the owner left out."""
    if solicitation.refuses_answers:
        return []
    unticked = set(solicitation.unticked_institutions.values_list("pk", flat=True))
    today = solicitation.today(now)
    around = loading.institutions_covering(solicitation.commune, on=today)
    return [institution for institution in around if institution.pk not in unticked]


def _card(
    match: Match, matches: Sequence[Match], around: Sequence[Institution], *, mailbox: Mailbox, now: datetime
) -> Card:
    state = MatchState(match.state)
    last = _last_event(match)
    own = actions.last_move(match, by=mailbox)
    is_recent = own is not None and now - own.at <= UNDO_DELAY
    solicitation = mailbox.solicitation
    asked = {
        other.expert.office.institution_id
        for other in matches
        if other.need_id == match.need_id and not other.is_gone
    }
    return Card(
        match=match,
        seen=last.pk if last else 0,
        done=_gone(match, last) if match.is_gone else _done(match),
        done_at=match.ended_at or (match.taken_at if state == MatchState.TAKEN else None),
        may_undo=own is not None and _is_time_to_undo(solicitation, is_recent=is_recent),
        is_undo_silent=is_recent,
        moves=frozenset() if solicitation.refuses_answers else MATCH_MOVES[state],
        ways=() if solicitation.refuses_answers else _ways(state),
        institutions=tuple(institution for institution in around if institution.pk not in asked),
        clock=_clock(match, matches, now=now),
    )


def _clock(match: Match, matches: Sequence[Match], *, now: datetime) -> LegalClock | None:
    """The clock of the need, for who may still answer it or has."""
    if match.is_gone or match.state == MatchState.DECLINED:
        return None
    return clock(match.need, [other for other in matches if other.need_id == match.need_id], now=now)


def _is_time_to_undo(solicitation: Solicitation, *, is_recent: bool) -> bool:
    """While the request is open; once it closed by that very answer, for a minute."""
    if not solicitation.is_over:
        return True
    return is_recent and not solicitation.refuses_answers and solicitation.closed_reason != ClosedReason.STAFF


def _ways(state: MatchState) -> tuple[str, ...]:
    """How another institution may be brought in: one cannot pass on what one has ended."""
    if state == MatchState.DECLINED:
        return ()
    return (HAND_OVER, BRING_IN) if state in ACTIVE else (BRING_IN,)


def _last_event(match: Match) -> Event | None:
    return match.events.select_related("by_mailbox").order_by("-at", "-pk").first()


def _done(match: Match) -> str:
    """What was answered, in words; empty while nothing was."""
    state = MatchState(match.state)
    if state == MatchState.DECLINED:
        reason = DeclineReason(match.decline_reason).label
        return f"{DONE[state]} : {reason[0].lower()}{reason[1:]}"
    return DONE.get(state, "")


def _gone(match: Match, last: Event | None) -> str:
    """Why a need is no longer this mailbox's."""
    solicitation = match.mailbox.solicitation
    if match.state == MatchState.REPLACED:
        made = match.introduces.select_related("expert__office__institution").order_by("-pk").first()
        return f"Vous avez passé ce besoin à : {made.expert.office.institution.name}" if made else ELSEWHERE
    if solicitation.state == RequestState.CANCELLED:
        return "L'entreprise a annulé sa demande"
    if last and last.by_user_id:
        return "L'équipe du service vous a retiré ce besoin" + (f" : {last.reason}" if last.reason else "")
    if solicitation.closed_reason in SET_ASIDE:
        return "L'équipe du service a clos cette demande"
    return ELSEWHERE


def _others(matches: Sequence[Match], mailbox: Mailbox) -> tuple[tuple[str, tuple[Other, ...]], ...]:
    """By subject, the others who have it, in the order they were asked."""
    by_subject: dict[str, list[Other]] = {}
    for match in matches:
        rows = by_subject.setdefault(match.need.subject.label, [])
        if match.mailbox_id != mailbox.pk and not match.is_gone:
            rows.append(_other(match))
    return tuple((subject, tuple(rows)) for subject, rows in by_subject.items())


def _other(match: Match) -> Other:
    reason = DeclineReason(match.decline_reason).label if match.decline_reason else ""
    return Other(
        match=match,
        phone=match.expert.public_phone,
        since=match.ended_at or match.taken_at or match.sent_at,
        reason=reason,
    )


def meanwhile(match: Match, *, mailbox: Mailbox, now: datetime) -> str:
    """What happened to this need since an older page was opened: who, what, when."""
    last = _last_event(match)
    zone = mailbox.solicitation.time_zone
    when = f", {spoken_moment(last.at, zone=zone, now=now)}" if last else ""
    if match.is_gone:
        return f"{_gone(match, last)}{when}."
    if last and last.by_mailbox_id and last.kind == EventKind.UNDONE:
        return f"{match.expert.name} a annulé sa réponse{when}."
    if last and last.kind == EventKind.BROUGHT_IN:
        return f"{match.expert.name} a déjà demandé de l'aide : {last.reason}{when}."
    if last and last.by_mailbox_id:
        return f"{match.expert.name} a déjà répondu «\u00a0{MatchState(match.state).label}\u00a0»{when}."
    if match.state == MatchState.EXPIRED:
        return f"Ce besoin est resté sans réponse et a expiré{when}."
    return ended(mailbox.solicitation, now=now) or "Cette réponse n'est plus possible."


def ended(solicitation: Solicitation, *, now: datetime) -> str:
    """How the request ended, in a sentence; empty while it goes on."""
    if solicitation.ended_at is None:
        return ""
    when = spoken_moment(solicitation.ended_at, zone=solicitation.time_zone, now=now)
    if solicitation.state == RequestState.CANCELLED:
        return f"L'entreprise a annulé sa demande, {when}."
    if solicitation.state == RequestState.ANONYMISED:
        return "Cette demande est ancienne : ce qu'elle contenait a été effacé."
    if solicitation.closed_reason in SET_ASIDE:
        return f"L'équipe du service a clos cette demande, {when}."
    return f"Cette demande est close depuis {when}."
