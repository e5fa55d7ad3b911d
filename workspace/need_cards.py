"""The needs of a mailbox in a request, each with what its expert may do."""

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
from solicitations.lifecycle import ACTIVE, MATCH_MOVES, UNDO_DELAY, ClosedReason, MatchState
from solicitations.models import Event, Mailbox, Match, Solicitation
from solicitations.models.conversation import last_event
from solicitations.views.legal import LegalClock, clock
from workspace import need_texts, put_off, recruitment
from workspace.forms import BRING_IN, HAND_OVER
from workspace.models import PutOff, RecruitmentOutcome


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


def cards_of(mailbox: Mailbox, *, now: datetime) -> list[NeedCard]:
    """Build the cards of a mailbox, those of needs that it has no longer included."""
    return make_cards(mailbox, matches_of(mailbox.solicitation), now=now)


def matches_of(solicitation: Solicitation) -> list[Match]:
    """Read the matches of a request, with the people that its pages name."""
    found = _MATCHES.rows(solicitation=solicitation.pk)
    by_pk = {match.pk: match for match in found}
    for match in found:
        match.need.solicitation = match.mailbox.solicitation = solicitation
        if match.introduced_by_id:  # by a match of the same need: read again, it would join three tables more
            match.introduced_by = by_pk[match.introduced_by_id]
    return found


def make_cards(mailbox: Mailbox, matches: Sequence[Match], *, now: datetime) -> list[NeedCard]:
    """Build the cards of a mailbox from all the matches of its request."""
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
