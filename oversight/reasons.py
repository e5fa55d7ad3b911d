"""Why these experts and not the others, need by need, in words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from experts.models import Expert, Office
from experts.routing import explanations
from experts.routing.decision import Chosen, NeedDecision
from oversight.rows import Badge, badge
from solicitations import wording
from solicitations.lifecycle import DeclineReason, MatchOrigin, MatchState, NeedState
from solicitations.models import Match, Need, Solicitation
from solicitations.views.legal import LegalClock, clock


@dataclass(frozen=True)
class Asked:
    """Somebody who has, or had, a need: where they stand and why they were asked."""

    person: str
    email: str
    office: str
    institution: str
    state: Badge
    since: datetime
    origin: str
    reasons: tuple[str, ...]
    words: tuple[str, ...]


@dataclass(frozen=True)
class Expected:
    """Somebody whom the decision chose and who was not mailed."""

    person: str
    office: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Refusals:
    """Those whom the same obstacles keep away."""

    obstacles: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class NeedStory:
    """One need: who has it, who would have, who does not and why."""

    subject: str
    state: Badge
    is_decided: bool
    is_fallback: bool
    asked: tuple[Asked, ...]
    expected: tuple[Expected, ...]
    refused: tuple[Refusals, ...]
    refused_count: int
    unknown: str
    clock: LegalClock | None


@dataclass(frozen=True)
class Names:
    """What people call the offices and experts that decisions name by code and address."""

    offices: dict[str, str]
    experts: dict[tuple[str, str], str]

    def of(self, office: str, email: str | None) -> str:
        """« Antenne — personne », or the office alone; what the directory no longer has keeps its code."""
        name = self.offices.get(office, office)
        return f"{name} — {self.experts.get((office, email), email)}" if email else name


def need_stories(solicitation: Solicitation, *, now: datetime) -> list[NeedStory]:
    """The needs of a request, in the order they were asked."""
    needs = list(solicitation.needs.select_related("subject").order_by("position", "pk"))
    matches: dict[int, list[Match]] = {need.pk: [] for need in needs}
    for need in needs:
        need.solicitation = solicitation
    for match in Match.objects.filter(need__solicitation=solicitation).with_people().in_order():
        matches[match.need_id].append(match)
    decisions = {need.pk: NeedDecision.from_json(need.decision) for need in needs if need.decision}
    names = _names(decisions.values())
    return [_story(need, matches[need.pk], decisions.get(need.pk), names, now=now) for need in needs]


def _names(decisions: Iterable[NeedDecision]) -> Names:
    codes = {
        office
        for decided in decisions
        for office in (*decided.offices, *(refused.office for refused in decided.refused))
    }
    offices = Office.objects.filter(code__in=codes).values_list("code", "name")
    experts = Expert.objects.filter(office__code__in=codes).values_list("office__code", "email", "name")
    return Names(dict(offices), {(code, email): name for code, email, name in experts})


def _story(
    need: Need, matches: Sequence[Match], decided: NeedDecision | None, names: Names, *, now: datetime
) -> NeedStory:
    mailed = {match.expert_id for match in matches}
    chosen = decided.chosen if decided else ()
    return NeedStory(
        subject=need.subject.label,
        state=badge(NeedState(need.state)),
        is_decided=decided is not None,
        is_fallback=need.is_fallback,
        asked=tuple(_asked(match) for match in matches),
        expected=tuple(_expected(choice, names) for choice in chosen if choice.expert_pk not in mailed),
        refused=tuple(_refused(decided, names)),
        refused_count=len(decided.refused) if decided else 0,
        unknown=explanations.facts(decided.unknown) if decided else "",
        clock=clock(need, matches, now=now),
    )


def _asked(match: Match) -> Asked:
    office = match.expert.office
    reasons = explanations.reasons(Chosen.from_json(match.reason)) if match.reason else []
    if match.introduced_by:
        reasons = [f"par {match.introduced_by.expert.office.name}", *reasons]
    return Asked(
        person=match.expert.name,
        email="" if match.mailbox.is_erased else match.mailbox.email,
        office=office.name,
        institution=office.institution.name,
        state=badge(MatchState(match.state)),
        since=match.ended_at or match.taken_at or match.sent_at,
        origin=MatchOrigin(match.origin).label,
        reasons=tuple(reasons),
        words=tuple(_words(match)),
    )


def _words(match: Match) -> Iterable[str]:
    if match.decline_reason:
        yield DeclineReason(match.decline_reason).label
    if match.words:
        yield match.words
    if match.answer:
        yield match.answer


def _expected(choice: Chosen, names: Names) -> Expected:
    return Expected(
        person=names.experts.get((choice.office, choice.expert), choice.expert),
        office=names.offices.get(choice.office, choice.office),
        reasons=tuple(explanations.reasons(choice)),
    )


def _refused(decided: NeedDecision | None, names: Names) -> Iterable[Refusals]:
    """By obstacle, the ones that keep the most people away first."""
    groups: dict[str, list[str]] = {}
    for refused in decided.refused if decided else ():
        obstacles = wording.listed(explanations.obstacles(refused))
        groups.setdefault(obstacles, []).append(names.of(refused.office, refused.expert))
    for obstacles, who in sorted(groups.items(), key=lambda group: -len(group[1])):
        yield Refusals(obstacles, tuple(dict.fromkeys(who)))
