"""Content of the expert's page: the mailbox's needs, the other experts who have them, the messages."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property, partial

from experts.models import Expert, Institution
from experts.routing.explanations import facts
from mailing.prepared_queries import Among, PreparedQuery, attach
from solicitations import wording
from solicitations.actions import receivers, undoing
from solicitations.actions.receivers import Receiver, Receivers
from solicitations.lifecycle import ACTIVE, MATCH_MOVES, UNDO_DELAY, ClosedReason, DeclineReason, MatchState
from solicitations.models import Event, Mailbox, Match, OfficeManager, Solicitation
from solicitations.models.conversation import last_event
from solicitations.models.matches import FOLLOWING
from solicitations.views.legal import LegalClock, clock
from workspace import company_history, need_texts, put_off, recruitment, voices
from workspace.call_lists import PlannedCalls, planned_calls_of
from workspace.company_history import EarlierRequest
from workspace.forms import BRING_IN, HAND_OVER
from workspace.models import PutOff, RecruitmentOutcome
from workspace.request_timeline import TimelineLine, timeline
from workspace.voices import Voices


@dataclass(frozen=True)
class NeedCard:
    """One need of this mailbox: why it was sent, what was answered, what may be done.

    ``done``: the answer given in words, or why the need is no longer the mailbox's; ``done_at``: when.
    ``answered``: the last answer given from this mailbox, in a sentence for a second click, or "".
    ``around``: reads the institutions that may receive the needs of the page, by subject. Those of this need
    are read when they are first asked for: an act seldom does.
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
    clock: LegalClock | None
    around: Callable[[], dict[str, Receivers]]
    asked_institutions: frozenset[int]
    now: datetime

    @cached_property
    def _around(self) -> Receivers:
        return self.around().get(self.match.need.subject.slug, Receivers())

    @property
    def receivers(self) -> tuple[Receiver, ...]:
        """Institutions that would receive the need, without those that have it."""
        own = {self.match.mailbox.email.lower()}
        return tuple(
            row
            for row in self._around.able
            if row.institution.pk not in self.asked_institutions and not row.emails <= own
        )

    @property
    def others(self) -> tuple[tuple[Institution, str], ...]:
        """Institutions without anybody for the need, each with the reason."""
        return tuple(row for row in self._around.others if row[0].pk not in self.asked_institutions)

    @cached_property
    def colleagues(self) -> tuple[Expert, ...]:
        return tuple(receivers.colleagues(self.match, now=self.now)) if self.ways else ()

    @property
    def subject(self) -> str:
        return self.match.need.subject.label

    @property
    def put_off(self) -> PutOff | None:
        return put_off.current(self.match)

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
    def answer_fields(self) -> tuple[str, ...]:
        """The text fields of the conclusion, the one for the company first."""
        if self.asks_answer:
            return ("answer",)
        return ("answer", "words") if self.offers_answer else ("words",)

    @property
    def is_recruitment(self) -> bool:
        """True when offers and posts may be counted with the outcome."""
        return recruitment.is_recruitment(self.match.need.subject)

    @property
    def recruited(self) -> list[RecruitmentOutcome]:
        return recruitment.outcomes_of(self.match) if self.is_recruitment else []

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
    """Content of the page; ``gone``: the needs that this mailbox has no longer."""

    cards: tuple[NeedCard, ...]
    gone: tuple[NeedCard, ...]
    others: tuple[tuple[str, tuple[OtherExpert, ...]], ...]
    voices: Voices
    experts: tuple[Expert, ...]
    may_write: bool
    calls: PlannedCalls
    timeline: tuple[TimelineLine, ...]
    earlier: tuple[EarlierRequest, ...] = ()
    is_managers: bool = False

    @property
    def is_on_the_clock(self) -> bool:
        return any(card.clock for card in self.cards)

    @property
    def may_ask(self) -> bool:
        return not self.is_managers and any(card.match.state in ACTIVE for card in self.cards)

    @property
    def waiting(self) -> list[NeedCard]:
        return [card for card in self.cards if card.match.state == MatchState.SENT]


_MATCHES: PreparedQuery[Match] = PreparedQuery(
    lambda solicitation: (
        Match.objects.filter(need__solicitation=solicitation)
        .select_related(
            "need__subject__theme",
            "expert__office__institution",
            "mailbox",
            "put_off",
        )
        .in_order()
    )
)
_EVENTS: PreparedQuery[Event] = PreparedQuery(lambda matches: Event.objects.filter(Among("match", matches)))


def build(mailbox: Mailbox, *, now: datetime, manager: OfficeManager | None = None) -> RequestPage:
    """Build the page of this mailbox, whose ``solicitation__commune`` is loaded.

    ``manager``: who reads it in place of the expert, in her own name.
    """
    solicitation = mailbox.solicitation
    matches = _matches(solicitation)
    of_mailbox = [match for match in matches if match.mailbox_id == mailbox.pk]
    cards = _cards(mailbox, matches, now=now)
    here = tuple(card for card in cards if not card.match.is_gone)
    return RequestPage(
        cards=here,
        gone=tuple(card for card in cards if card.match.is_gone),
        others=_other_experts(matches, mailbox),
        voices=voices.of_manager(manager, matches, now=now)
        if manager
        else voices.of_mailbox(mailbox, matches, now=now),
        calls=planned_calls_of(mailbox, now=now),
        timeline=tuple(timeline(solicitation, matches, own=None if manager else mailbox.pk)),
        earlier=() if manager else tuple(company_history.of_mailbox(mailbox)),
        is_managers=manager is not None,
        experts=tuple({match.expert_id: match.expert for match in of_mailbox}.values()),
        may_write=not solicitation.refuses_answers
        and mailbox.left_at is None
        and any(match.state in FOLLOWING for match in of_mailbox),
    )


def cards_of(mailbox: Mailbox, *, now: datetime) -> list[NeedCard]:
    """The cards of the page alone, those of needs that the mailbox has no longer included."""
    return _cards(mailbox, _matches(mailbox.solicitation), now=now)


def _matches(solicitation: Solicitation) -> list[Match]:
    found = _MATCHES.rows(solicitation=solicitation.pk)
    by_pk = {match.pk: match for match in found}
    for match in found:
        match.need.solicitation = match.mailbox.solicitation = solicitation
        if match.introduced_by_id:  # by a match of the same need: read again, it would join three tables more
            match.introduced_by = by_pk[match.introduced_by_id]
    return found


def _cards(mailbox: Mailbox, matches: Sequence[Match], *, now: datetime) -> list[NeedCard]:
    of_mailbox = [match for match in matches if match.mailbox_id == mailbox.pk]
    attach(of_mailbox, "events", _EVENTS.rows(matches=[match.pk for match in of_mailbox]))
    around = cache(partial(_receivers, mailbox.solicitation, of_mailbox, now=now))
    # Several experts who share the mailbox answer a need once: only the first one's card is shown.
    answered_once = {(match.need_id, match.state): match for match in reversed(of_mailbox)}
    return [
        _card(match, matches, around, mailbox=mailbox, now=now)
        for match in of_mailbox
        if match in answered_once.values()
    ]


def _receivers(
    solicitation: Solicitation, of_mailbox: Sequence[Match], *, now: datetime
) -> dict[str, Receivers]:
    """Institutions around that can receive the needs that this mailbox may pass on, by subject."""
    if solicitation.refuses_answers:
        return {}
    matches = [
        match for match in of_mailbox if _introduction_ways(MatchState(match.state)) and not match.is_gone
    ]
    slugs = list(dict.fromkeys(match.need.subject.slug for match in matches))
    return receivers.of_subjects(solicitation, slugs, now=now) if slugs else {}


def _card(
    match: Match,
    matches: Sequence[Match],
    around: Callable[[], dict[str, Receivers]],
    *,
    mailbox: Mailbox,
    now: datetime,
) -> NeedCard:
    state = MatchState(match.state)
    last = last_event(match)
    own = undoing.last_move(match, by=mailbox)
    is_recent = own is not None and now - own.at <= UNDO_DELAY
    solicitation = mailbox.solicitation
    asked = frozenset(
        other.expert.office.institution_id
        for other in matches
        if other.need_id == match.need_id and not other.is_gone
    )
    return NeedCard(
        match=match,
        last_event_id=last.pk if last else 0,
        done=need_texts.gone_reason(match, last) if match.is_gone else need_texts.answer_given(match),
        done_at=match.ended_at or (match.taken_at if state == MatchState.TAKEN else None),
        answered=need_texts.own_answer(match, mailbox=mailbox, now=now),
        may_undo=own is not None and _may_still_undo(solicitation, is_recent=is_recent),
        is_undo_silent=is_recent,
        moves=frozenset() if solicitation.refuses_answers else MATCH_MOVES[state],
        ways=() if solicitation.refuses_answers else _introduction_ways(state),
        clock=_clock(match, matches, now=now),
        around=around,
        asked_institutions=asked,
        now=now,
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
