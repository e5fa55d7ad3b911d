"""A need as the planner reads it: its matches and events, which ``plan.load`` has read beforehand."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from solicitations.clock.steps import Clock, Planned, Step
from solicitations.lifecycle import NOT_LIVE, EventKind, MatchOrigin, MatchState
from solicitations.models import Event, Match, Need


@dataclass(frozen=True)
class NeedHistory:
    """A need, its matches neither withdrawn nor replaced, and the events of its request."""

    need: Need
    events: Sequence[Event]
    clock: Clock
    matches: list[Match] = field(init=False)

    def __post_init__(self) -> None:
        live = [match for match in self.need.matches.all() if match.state not in NOT_LIVE]
        object.__setattr__(self, "matches", live)

    @property
    def is_helped(self) -> bool:
        return any(match.state == MatchState.HELPED for match in self.matches)

    @property
    def was_answered_in_writing(self) -> bool:
        """True once a labour-law question was answered in writing, even if it was taken again since."""
        return any(match.has_written_answer for match in self.need.matches.all())

    @property
    def was_taken(self) -> bool:
        return any(match.taken_at for match in self.matches)

    def expiry_starts_at(self, match: Match) -> datetime:
        """The start of the delay before expiry: second-wave matches expire with the first wave."""
        if match.origin != MatchOrigin.ESCALATION:
            return match.sent_at
        return min(other.sent_at for other in self.matches)

    def in_state(self, state: MatchState) -> list[Match]:
        return [match for match in self.matches if match.state == state]

    def times_about_match(self, match: Match, kind: EventKind, *, since: datetime) -> list[datetime]:
        """The moments of the clock's events of this kind about the match, since a date."""
        return [
            event.at
            for event in self.events
            if event.kind == kind and event.match_id == match.pk and event.at >= since
        ]

    @property
    def last_ended(self) -> Match | None:
        """The match that ended last, of a need that reaches nobody; ``None`` when it never had one."""
        return max(self.need.matches.all(), key=lambda match: (match.ended_at, match.pk), default=None)

    @property
    def reaches_nobody_since(self) -> datetime:
        """The latest of: the request's submission, its release, the end of the need's last match."""
        solicitation, last = self.need.solicitation, self.last_ended
        dates = solicitation.submitted_at, solicitation.released_at, last and last.ended_at
        return max(at for at in dates if at)

    def times_about_need(self, *kinds: EventKind, since: datetime) -> list[datetime]:
        """The moments of events of these kinds about the need, or by its company, since that date."""
        # The clock's events about needs that never reached anybody have no match: such needs share them.
        own: set[int | None] = {match.pk for match in self.need.matches.all()}
        own = own or {None}
        return [
            event.at
            for event in self.events
            if event.kind in kinds and event.at >= since and (event.is_by_company or event.match_id in own)
        ]

    def planned(
        self, step: Step, due_at: datetime, why: str, *, match: Match | None, is_next: bool = True
    ) -> Planned:
        runs_at = self.clock.runs_at(due_at)
        return Planned(
            step, due_at, runs_at, why, self.need.solicitation, need=self.need, match=match, is_next=is_next
        )

    def reminder(self, due_at: datetime, why: str, *, match: Match, is_next: bool) -> tuple[Planned, bool]:
        """A reminder to an expert, and whether it waits for their return."""
        step = self.planned(Step.REMIND, due_at, why, match=match, is_next=is_next)
        back_at = self.clock.once_back(match, step.runs_at)
        return replace(step, runs_at=back_at), back_at > step.runs_at
