"""Content of the expert's page: the mailbox's needs, the other experts who have them, the messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from experts.models import Expert
from solicitations.lifecycle import ACTIVE, DeclineReason, MatchState
from solicitations.models import Mailbox, Match, OfficeManager
from solicitations.models.matches import FOLLOWING
from workspace import company_history, need_cards, voices
from workspace.call_lists import PlannedCalls, planned_calls_of
from workspace.company_history import EarlierRequest
from workspace.need_cards import NeedCard
from workspace.request_timeline import TimelineLine, timeline
from workspace.voices import Voices


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


def build(mailbox: Mailbox, *, now: datetime, manager: OfficeManager | None = None) -> RequestPage:
    """Build the page of this mailbox, whose ``solicitation__commune`` is loaded.

    ``manager``: who reads it in place of the expert, in her own name.
    """
    solicitation = mailbox.solicitation
    matches = need_cards.matches_of(solicitation)
    of_mailbox = [match for match in matches if match.mailbox_id == mailbox.pk]
    cards = need_cards.make_cards(mailbox, matches, now=now)
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
