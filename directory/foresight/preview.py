"""Preview of a plan of change: recent requests decided by today's directory and by the one to be.

The rule runs on candidates in memory: a rehearsal in the database, rolled back, would hold locks.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property

from django.utils import timezone

from directory.collector_pause import collector_paused
from directory.foresight import past_requests, plan_reach
from directory.foresight.areas_in_memory import KnownAreas
from directory.foresight.directory_in_memory import DirectoryInMemory, decide_among
from directory.foresight.past_requests import PastRequest
from directory.foresight.plan_reach import Reach
from experts.changes.row_plans import Plan
from experts.changes.stored import StoredDirectory
from experts.routing.decision import Decision
from experts.routing.engine import OfficeCandidate
from solicitations.dispatch.routing import MANY_EXPERTS

WINDOW = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class PreviewedRequest:
    """A request within reach that the plan sends otherwise, as if it came on the day ``on``."""

    request: PastRequest
    on: date
    before: Decision
    after: Decision

    @property
    def is_gained(self) -> bool:
        """Return whether somebody more would be asked."""
        return bool(_lowered(self.after) - _lowered(self.before))

    @property
    def is_lost(self) -> bool:
        """Return whether somebody would not be asked any more."""
        return bool(_lowered(self.before) - _lowered(self.after))

    @property
    def is_uncovered(self) -> bool:
        """Return whether a need that an office covered would be covered by none."""
        covered = {need.subject for need in self.before.needs if not need.is_fallback}
        return any(need.is_fallback and need.subject in covered for need in self.after.needs)

    @property
    def is_held(self) -> bool:
        """Return whether it would be held for the team, which it was not: a subject has too many experts."""
        return _is_held(self.request, self.after) and not _is_held(self.request, self.before)


@dataclass(frozen=True)
class Preview:
    """Effect of a plan on the requests of the last 90 days. ``changed``: the gravest first.

    ``total``: requests within reach. ``names``: of the offices, by code.
    """

    reach: Reach
    total: int
    changed: tuple[PreviewedRequest, ...]
    names: dict[str, str]

    @property
    def same(self) -> int:
        """Number of requests that would be sent as today."""
        return self.total - len(self.changed)

    @cached_property
    def counts(self) -> Counter[str]:
        """Requests gained, lost, uncovered and held; one request may count in several."""
        return Counter(
            effect
            for line in self.changed
            for effect in ("gained", "lost", "uncovered", "held")
            if getattr(line, f"is_{effect}")
        )


@collector_paused()
def foresee(plan: Plan, *, now: datetime, window: timedelta = WINDOW) -> Preview:
    """Decide the recent requests within the plan's reach before and after it; nothing is written."""
    found = plan_reach.find_reach(plan, today=timezone.localdate(now))
    if not found.days:
        return Preview(found, 0, (), {})
    requests = list(past_requests.load(found.requests(since=now - window)))
    known = KnownAreas.load()
    stored = plan_reach.load_around({request.place for request in requests}, found.days, known)
    applied = plan.applied_to(stored)
    had = {email for _, email in stored.experts}
    former = {new: old for new, old in plan.former_addresses.items() if new not in had}
    before = DirectoryInMemory(stored, known)
    after = DirectoryInMemory(applied, known, former=before)
    total, changed = 0, []
    for request in requests:
        candidates = [
            directory.offices(request.asked, request.place, without=request.unticked)
            for directory in (before, after)
        ]
        days = _days(found, candidates)
        total += bool(days)
        changed += list(_first_change(request, days, candidates, former))
    changed.sort(key=lambda line: (not line.is_uncovered, not line.is_held, not line.is_lost))
    return Preview(found, total, tuple(changed), _names(applied) | _names(stored))


def _days(found: Reach, candidates: Iterable[list[OfficeCandidate]]) -> list[date]:
    """The days on which the plan may change a request, in order; empty when it is out of reach."""
    codes = {office.code for offices in candidates for office in offices}
    return sorted({day for code in codes & found.days.keys() for day in found.days[code]})


def _first_change(
    request: PastRequest,
    days: list[date],
    candidates: Iterable[list[OfficeCandidate]],
    former: Mapping[str, str],
) -> Iterator[PreviewedRequest]:
    """Yield the request with its decisions on the first of these days that changes it, without refusals.

    ``former``: the address that a person had, by the one that the plan gives; they remain the same person.
    """
    for day in days:
        first, second = (
            decide_among(
                offices, request.asked, request.facts, on=day, without=request.unticked, with_refusals=False
            )
            for offices in candidates
        )
        second = _under_former_addresses(second, former)
        if outcome(first) != outcome(second):
            yield PreviewedRequest(request, day, first, second)
            return


def _under_former_addresses(decision: Decision, former: Mapping[str, str]) -> Decision:
    """The decision with the addresses that its people had before the plan."""
    if not former:
        return decision
    needs = (
        replace(
            need,
            chosen=tuple(
                replace(chosen, expert=former.get(chosen.expert.lower(), chosen.expert))
                for chosen in need.chosen
            ),
        )
        for need in decision.needs
    )
    return replace(decision, needs=tuple(needs))


def outcome(decision: Decision) -> list[tuple[frozenset[str], frozenset[str], bool]]:
    """Recipients of each need, and whether it is covered: two decisions are compared by these."""
    return [
        (
            frozenset(chosen.office for chosen in need.chosen),
            frozenset(chosen.expert.lower() for chosen in need.chosen),
            need.is_fallback,
        )
        for need in decision.needs
    ]


def _lowered(decision: Decision) -> set[str]:
    return {chosen.expert.lower() for need in decision.needs for chosen in need.chosen}


def _is_held(request: PastRequest, decision: Decision) -> bool:
    return request.is_activity_answered and any(len(need.emails) > MANY_EXPERTS for need in decision.needs)


def _names(stored: StoredDirectory) -> dict[str, str]:
    return {code: str(row.facts["name"]) for code, row in stored.offices.items()}
