"""Content of the expert's page: the mailbox's needs, the other experts who have them, the messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from experts.models import Expert, Institution
from experts.routing.explanations import facts
from solicitations import wording
from solicitations.actions import receivers, undoing
from solicitations.actions.receivers import Receiver, Receivers
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
from solicitations.models.matches import GONE
from solicitations.models.request_querysets import CLOSED_BY_STAFF
from solicitations.views.legal import LegalClock, clock
from territories.spoken_time import spoken_hour, spoken_moment
from workspace.forms import BRING_IN, HAND_OVER

ANSWERS_GIVEN = {
    MatchState.TAKEN: "Vous avez pris ce besoin en charge",
    MatchState.DECLINED: "Vous avez décliné",
    MatchState.HELPED: "Vous avez aidé l'entreprise",
    MatchState.NO_HELP: "Vous n'avez pas de solution",
    MatchState.UNREACHABLE: "Vous n'avez pas pu joindre l'entreprise",
    MatchState.EXPIRED: "Ce besoin est resté sans réponse. Vous pouvez encore le prendre",
}
# A mailbox may be shared: for a second click, from a page that a colleague's answer made old.
GIVEN_ALREADY = {
    MatchState.TAKEN: "Déjà prise en charge",
    MatchState.DECLINED: "Déjà déclinée",
    MatchState.HELPED: "Déjà terminée (aide apportée)",
    MatchState.NO_HELP: "Déjà terminée (pas de solution)",
    MatchState.UNREACHABLE: "Déjà notée injoignable",
    MatchState.REPLACED: "Déjà passée à quelqu'un d'autre",
}
SOMEONE_ELSE = "Ce besoin est suivi par quelqu'un d'autre"


@dataclass(frozen=True)
class NeedCard:
    """One need of this mailbox: why it was sent, what was answered, what may be done.

    ``done``: the answer given in words, or why the need is no longer the mailbox's; ``done_at``: when.
    ``answered``: the last answer given from this mailbox, in a sentence for a second click, or "".
    ``last_event_id``: of the match, 0 without event; a form posted from an older page changes nothing.
    """

    match: Match
    last_event_id: int
    done: str
    done_at: datetime | None
    answered: str
    may_undo: bool
    is_undo_silent: bool
    moves: frozenset[MatchState]
    ways: tuple[str, ...]
    receivers: tuple[Receiver, ...]
    others: tuple[tuple[Institution, str], ...]
    colleagues: tuple[Expert, ...]
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
        """Outcomes that may be chosen, in the order of the buttons."""
        ends = (MatchState.HELPED, MatchState.NO_HELP, MatchState.UNREACHABLE)
        return [end.value for end in ends if end in self.moves]

    @property
    def asks_answer(self) -> bool:
        """True when the law asks for a written answer."""
        return self.match.is_on_the_legal_clock

    @property
    def offers_answer(self) -> bool:
        """True when an answer in writing would stop the legal clock of another institution."""
        return self.match.need.is_on_the_legal_clock and not self.asks_answer

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
class OtherExpert:
    """Another expert who has the need, and the state of their match."""

    match: Match
    phone: str
    since: datetime
    reason: str


@dataclass(frozen=True)
class RequestPage:
    """Everything that the page shows; ``gone``: the needs that are no longer this mailbox's."""

    cards: tuple[NeedCard, ...]
    gone: tuple[NeedCard, ...]
    others: tuple[tuple[str, tuple[OtherExpert, ...]], ...]
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
    def waiting(self) -> list[NeedCard]:
        return [card for card in self.cards if card.match.state == MatchState.SENT]


def build(mailbox: Mailbox, *, now: datetime) -> RequestPage:
    """Build the page of this mailbox, whose ``solicitation__commune`` is loaded."""
    solicitation = mailbox.solicitation
    matches = list(Match.objects.filter(need__solicitation=solicitation).with_people().in_order())
    for match in matches:
        match.need.solicitation = solicitation
    mine = [match for match in matches if match.mailbox_id == mailbox.pk]
    around = _receivers(solicitation, mine, now=now)
    # Several experts who share the mailbox answer a need once: only the first one's card is shown.
    answered_once = {(match.need_id, match.state): match for match in reversed(mine)}
    cards = [
        _card(match, matches, around, mailbox=mailbox, now=now)
        for match in mine
        if match in answered_once.values()
    ]
    here = tuple(card for card in cards if not card.match.is_gone)
    return RequestPage(
        cards=here,
        gone=tuple(card for card in cards if card.match.is_gone),
        others=_other_experts(matches, mailbox),
        additions=tuple(solicitation.additions.order_by("at", "pk")),
        questions=tuple(solicitation.questions.order_by("asked_at", "pk")),
        messages=tuple(solicitation.messages.order_by("at", "pk")),
        experts=tuple({match.expert_id: match.expert for match in mine}.values()),
        may_write=not solicitation.refuses_answers
        and Mailbox.objects.following().filter(pk=mailbox.pk).exists(),
    )


def _receivers(solicitation: Solicitation, mine: Sequence[Match], *, now: datetime) -> dict[str, Receivers]:
    """Institutions around that can receive the needs that this mailbox may pass on, by subject."""
    if solicitation.refuses_answers:
        return {}
    matches = [match for match in mine if _introduction_ways(MatchState(match.state)) and not match.is_gone]
    slugs = list(dict.fromkeys(match.need.subject.slug for match in matches))
    return receivers.of_subjects(solicitation, slugs, now=now) if slugs else {}


def _card(
    match: Match, matches: Sequence[Match], around: dict[str, Receivers], *, mailbox: Mailbox, now: datetime
) -> NeedCard:
    state = MatchState(match.state)
    last = _last_event(match)
    own = undoing.last_move(match, by=mailbox)
    is_recent = own is not None and now - own.at <= UNDO_DELAY
    solicitation = mailbox.solicitation
    asked = {
        other.expert.office.institution_id
        for other in matches
        if other.need_id == match.need_id and not other.is_gone
    }
    found = around.get(match.need.subject.slug, Receivers())
    ways = () if solicitation.refuses_answers else _introduction_ways(state)
    return NeedCard(
        match=match,
        last_event_id=last.pk if last else 0,
        done=_gone_reason(match, last) if match.is_gone else _answer_given(match),
        done_at=match.ended_at or (match.taken_at if state == MatchState.TAKEN else None),
        answered=_own_answer(match, mailbox=mailbox, now=now),
        may_undo=own is not None and _may_still_undo(solicitation, is_recent=is_recent),
        is_undo_silent=is_recent,
        moves=frozenset() if solicitation.refuses_answers else MATCH_MOVES[state],
        ways=ways,
        receivers=tuple(
            row
            for row in found.able
            if row.institution.pk not in asked and not row.emails <= {mailbox.email.lower()}
        ),
        others=tuple(row for row in found.others if row[0].pk not in asked),
        colleagues=tuple(receivers.colleagues(match, now=now)) if ways else (),
        clock=_clock(match, matches, now=now),
    )


def _clock(match: Match, matches: Sequence[Match], *, now: datetime) -> LegalClock | None:
    """The legal clock of the need; ``None`` for experts who declined or no longer have the need."""
    if match.is_gone or match.state == MatchState.DECLINED:
        return None
    return clock(match.need, [other for other in matches if other.need_id == match.need_id], now=now)


def _may_still_undo(solicitation: Solicitation, *, is_recent: bool) -> bool:
    """Return whether undo is possible: the request is open, or this answer closed it under a minute ago."""
    if not solicitation.is_over:
        return True
    return is_recent and not solicitation.refuses_answers and solicitation.closed_reason != ClosedReason.STAFF


def _introduction_ways(state: MatchState) -> tuple[str, ...]:
    """Ways to involve another institution: a need that is ended cannot be handed over."""
    if state == MatchState.DECLINED:
        return ()
    return (HAND_OVER, BRING_IN) if state in ACTIVE else (BRING_IN,)


def _last_event(match: Match) -> Event | None:
    return match.events.select_related("by_mailbox").order_by("-at", "-pk").first()


def _answer_given(match: Match) -> str:
    """The answer given, in French; empty when there is none."""
    state = MatchState(match.state)
    if state == MatchState.DECLINED:
        reason = DeclineReason(match.decline_reason).label
        return f"{ANSWERS_GIVEN[state]} : {reason[0].lower()}{reason[1:]}"
    if state == MatchState.TAKEN and match.taken_by:
        return f"{match.taken_by} a pris ce besoin en charge"
    return ANSWERS_GIVEN.get(state, "")


def _own_answer(match: Match, *, mailbox: Mailbox, now: datetime) -> str:
    """« Déjà prise en charge depuis votre boîte à 21 h 38, par Nadia. »; empty when others acted since."""
    last = match.events.by_people().order_by("-at", "-pk").first()
    if last is None or last.by_mailbox_id != mailbox.pk:
        return ""
    zone = mailbox.solicitation.time_zone
    is_today = last.at.astimezone(zone).date() == now.astimezone(zone).date()
    when = f"à {spoken_hour(last.at, zone=zone)}" if is_today else spoken_moment(last.at, zone=zone, now=now)
    by = f", par {match.taken_by}" if match.state == MatchState.TAKEN and match.taken_by else ""
    if last.kind == EventKind.BROUGHT_IN:
        return f"Aide déjà demandée depuis votre boîte {when} : {last.reason}."
    if last.kind == EventKind.UNDONE:
        return f"Réponse déjà annulée depuis votre boîte {when}."
    said = GIVEN_ALREADY.get(MatchState(match.state))
    return f"{said} depuis votre boîte {when}{by}." if said else ""


def _handed_to(match: Match) -> str:
    made = match.introduces.select_related("expert__office__institution").order_by("-pk").first()
    if made is None:
        return SOMEONE_ELSE
    is_colleague = made.expert.office_id == match.expert.office_id
    name = made.expert.name if is_colleague else made.expert.office.institution.name
    return f"Vous avez passé ce besoin à : {name}"


def _gone_reason(match: Match, last: Event | None) -> str:
    """Reason why a need is no longer this mailbox's, in French."""
    solicitation = match.mailbox.solicitation
    if match.state == MatchState.REPLACED:
        return _handed_to(match)
    if solicitation.state == RequestState.CANCELLED:
        return "L'entreprise a annulé sa demande"
    if match.words == GONE:
        return "Vous n'êtes plus à ce poste : ce besoin est proposé à d'autres"
    if last and last.by_user_id:
        return "L'équipe du service vous a retiré ce besoin" + (f" : {last.reason}" if last.reason else "")
    if solicitation.closed_reason in CLOSED_BY_STAFF:
        return "L'équipe du service a clos cette demande"
    return SOMEONE_ELSE


def _other_experts(
    matches: Sequence[Match], mailbox: Mailbox
) -> tuple[tuple[str, tuple[OtherExpert, ...]], ...]:
    """The other experts of each subject, in the order they were asked."""
    by_subject: dict[str, list[OtherExpert]] = {}
    for match in matches:
        rows = by_subject.setdefault(match.need.subject.label, [])
        if match.mailbox_id != mailbox.pk and not match.is_gone:
            rows.append(_other_expert(match))
    return tuple((subject, tuple(rows)) for subject, rows in by_subject.items())


def _other_expert(match: Match) -> OtherExpert:
    reason = DeclineReason(match.decline_reason).label if match.decline_reason else ""
    return OtherExpert(
        match=match,
        phone=match.expert.public_phone,
        since=match.ended_at or match.taken_at or match.sent_at,
        reason=reason,
    )


def describe_change(match: Match, *, mailbox: Mailbox, now: datetime) -> str:
    """Describe the last change of this need, for somebody who posted from an older page."""
    if own := _own_answer(match, mailbox=mailbox, now=now):
        return own
    last = _last_event(match)
    zone = mailbox.solicitation.time_zone
    when = f", {spoken_moment(last.at, zone=zone, now=now)}" if last else ""
    if match.is_gone:
        return f"{_gone_reason(match, last)}{when}."
    if match.state == MatchState.EXPIRED:
        return f"Ce besoin est resté sans réponse et a expiré{when}."
    return ending_sentence(mailbox.solicitation, now=now) or "Cette réponse n'est plus possible."


def ending_sentence(solicitation: Solicitation, *, now: datetime) -> str:
    """Say how the request ended; empty while it is open."""
    if solicitation.ended_at is None:
        return ""
    when = spoken_moment(solicitation.ended_at, zone=solicitation.time_zone, now=now)
    if solicitation.state == RequestState.CANCELLED:
        return f"L'entreprise a annulé sa demande, {when}."
    if solicitation.state == RequestState.ANONYMISED:
        return "Cette demande est ancienne : ce qu'elle contenait a été effacé."
    if solicitation.closed_reason in CLOSED_BY_STAFF:
        return f"L'équipe du service a clos cette demande, {when}."
    return f"Cette demande est close depuis {when}."
