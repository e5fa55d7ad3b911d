"""The routing rule: which experts answer a demand, and why the others do not. Pure; steps are README.md's.

The caller has resolved the commune (step 1), listed the institutions of each subject (step 2) and loaded
every office that may count, with all its experts. The order of the offices never matters.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from experts.routing.candidates import (
    AbsencePeriod,
    AskedSubject,
    CoveringArea,
    Demand,
    ExpertCandidate,
    OfficeCandidate,
    Rank,
    most_local,
)
from experts.routing.criteria import ApplicantFacts, Criteria, CriteriaVerdict, Obstacle, check_criteria
from experts.routing.decision import Chosen, Decision, NeedDecision, Refused

__all__ = [
    "AbsencePeriod",
    "ApplicantFacts",
    "AskedSubject",
    "Chosen",
    "CoveringArea",
    "Criteria",
    "Decision",
    "Demand",
    "ExpertCandidate",
    "NeedDecision",
    "Obstacle",
    "OfficeCandidate",
    "Refused",
    "decide",
    "decide_fallback",
    "decide_for_institution",
]


@dataclass(frozen=True, slots=True)
class ConsideredOffice:
    """An office of the subject's institutions: its obstacles, and which of its experts cover the commune."""

    office: OfficeCandidate
    is_closed: bool
    verdict: CriteriaVerdict
    covering: dict[int, CoveringArea]  # by expert's pk; never empty

    @property
    def obstacles(self) -> tuple[Obstacle, ...]:
        """Obstacles of the whole office (step 3)."""
        return (Obstacle.CLOSED, *self.verdict.obstacles) if self.is_closed else self.verdict.obstacles


@dataclass(frozen=True, slots=True)
class RankedExpert:
    """An expert who may answer for an office, and the area that gives the rank."""

    office: OfficeCandidate
    expert: ExpertCandidate
    area: CoveringArea
    replaces: ExpertCandidate | None = None

    @property
    def rank(self) -> Rank:
        """Rank of step 6."""
        return self.area.rank


def decide(demand: Demand, offices: Iterable[OfficeCandidate], *, with_refusals: bool = True) -> Decision:
    """Apply steps 2 to 9 to each distinct subject; their union is step 10.

    ``with_refusals``: say who is not chosen too; two directories are compared by those who are.
    """
    loaded = list(offices)
    asked = {subject.slug: subject for subject in demand.subjects}
    needs = (_decide_need(subject, demand, loaded, with_refusals) for subject in asked.values())
    return Decision(tuple(needs))


def decide_for_institution(
    asked: AskedSubject, facts: ApplicantFacts, on: date, offices: Iterable[OfficeCandidate]
) -> NeedDecision:
    """Apply steps 3 to 7 alone: no exclusive office, no fallback."""
    considered_offices = _considered_offices(asked, facts, on, offices)
    candidates = _keep_most_local(_ranked_experts(considered_offices, asked.slug, on))
    decision = _need_decision(asked.slug, considered_offices, candidates)
    refused = _refusals(asked.slug, on, considered_offices, candidates, decision.chosen)
    return replace(decision, refused=tuple(refused))


def decide_fallback(slug: str, on: date, offices: Iterable[OfficeCandidate]) -> NeedDecision:
    """Apply step 9 alone."""
    chosen = tuple(_chosen_expert(candidate) for candidate in _fallback_experts(offices, on))
    return NeedDecision(slug, chosen, is_fallback=True)


def _decide_need(
    asked: AskedSubject, demand: Demand, offices: list[OfficeCandidate], with_refusals: bool
) -> NeedDecision:
    """Apply steps 2 to 9 to one subject."""
    considered_offices = _considered_offices(asked, demand.facts, demand.on, offices)
    local = _keep_most_local(_ranked_experts(considered_offices, asked.slug, demand.on))
    answering = _keep_exclusive(local, asked.slug)
    kept = answering or _fallback_experts(offices, demand.on)
    decision = _need_decision(asked.slug, considered_offices, kept)
    if not answering:
        decision = replace(decision, is_fallback=True)
    if not with_refusals:
        return decision
    refused = _refusals(asked.slug, demand.on, considered_offices, local, decision.chosen)
    return replace(decision, refused=tuple(refused))


def _considered_offices(
    asked: AskedSubject, facts: ApplicantFacts, on: date, offices: Iterable[OfficeCandidate]
) -> list[ConsideredOffice]:
    """Steps 2 and 3: the offices to consider, in the subject's order of institutions, then by code."""
    order = {code: place for place, code in reversed(list(enumerate(asked.institutions)))}
    considered_offices = []
    for office in offices:
        if office.institution not in order or office.is_fallback:
            continue
        covering = {expert.pk: area for expert in office.experts if (area := office.covering_area_of(expert))}
        if covering:
            verdict = check_criteria(office.criteria, facts, on=on)
            considered_offices.append(ConsideredOffice(office, office.is_closed(on), verdict, covering))
    return sorted(
        considered_offices,
        key=lambda considered: (order[considered.office.institution], considered.office.code),
    )


def _ranked_experts(
    considered_offices: Iterable[ConsideredOffice], slug: str, on: date
) -> list[RankedExpert]:
    """Steps 4 to 6: the experts who may answer, in the offices without obstacle."""
    return [
        candidate
        for considered in considered_offices
        if not considered.obstacles
        for candidate in _ranked_experts_of(considered, slug, on)
    ]


def _ranked_experts_of(considered: ConsideredOffice, slug: str, on: date) -> list[RankedExpert]:
    """Steps 4 to 6 in one office: each expert once, at the best of their ranks, sorted by email."""
    office, covering = considered.office, considered.covering
    available = [expert for expert in office.experts if not expert.is_away(on)]
    able = [expert for expert in office.experts if expert.pk in covering and expert.answers(slug)]
    able_and_present = [expert for expert in able if not expert.is_away(on)]
    candidates = [RankedExpert(office, expert, covering[expert.pk]) for expert in able_and_present]
    for absent in (expert for expert in able if expert.is_away(on)):
        stand_ins = _deputy(absent, available, on) or able_and_present or available
        candidates += [RankedExpert(office, expert, covering[absent.pk], absent) for expert in stand_ins]
    best: dict[int, RankedExpert] = {}
    for candidate in sorted(
        candidates,
        key=lambda candidate: (candidate.rank, candidate.replaces.email if candidate.replaces else ""),
    ):
        best.setdefault(candidate.expert.pk, candidate)
    return sorted(best.values(), key=lambda candidate: candidate.expert.email)


def _deputy(absent: ExpertCandidate, available: list[ExpertCandidate], on: date) -> list[ExpertCandidate]:
    """Step 5: the named deputy, whatever their subjects and areas; deputies do not chain."""
    named = [absence.deputy for absence in absent.absences_of(on)]
    found = {expert.pk: expert for expert in available}
    return [found[pk] for pk in named if pk is not None and pk in found][:1]


def _keep_most_local(candidates: list[RankedExpert]) -> list[RankedExpert]:
    """Step 7: the best rank of each institution; equal ranks are all kept, even in two offices."""
    best = _best_ranks(candidates)
    return [candidate for candidate in candidates if candidate.rank == best[candidate.office.institution]]


def _best_ranks(candidates: Iterable[RankedExpert]) -> dict[str, Rank]:
    """The best rank reached, by institution."""
    best: dict[str, Rank] = {}
    for candidate in candidates:
        institution = candidate.office.institution
        best[institution] = min(best.get(institution, candidate.rank), candidate.rank)
    return best


def _keep_exclusive(candidates: list[RankedExpert], slug: str) -> list[RankedExpert]:
    """Step 8: if some offices left are exclusive on this subject, keep the most local of these alone."""
    exclusive = [candidate for candidate in candidates if slug in candidate.office.exclusive_subjects]
    return _keep_best_rank(exclusive) or candidates


def _fallback_experts(offices: Iterable[OfficeCandidate], on: date) -> list[RankedExpert]:
    """Step 9: all the available experts of the most local open fallback offices that have one."""
    candidates = [
        RankedExpert(office, expert, area)
        for office in sorted(offices, key=lambda office: office.code)
        if office.is_fallback and not office.is_closed(on) and (area := most_local(office.areas))
        for expert in sorted(office.experts, key=lambda expert: expert.email)
        if not expert.is_away(on)
    ]
    return _keep_best_rank(candidates)


def _keep_best_rank(candidates: list[RankedExpert]) -> list[RankedExpert]:
    """Keep the best rank, all institutions together."""
    best = min((candidate.rank for candidate in candidates), default=None)
    return [candidate for candidate in candidates if candidate.rank == best]


def _need_decision(
    slug: str, considered_offices: list[ConsideredOffice], kept: list[RankedExpert]
) -> NeedDecision:
    """Build the decision with its reasons, refusals excepted; ``kept`` will be mailed."""
    verdicts = {considered.office.code: considered.verdict for considered in considered_offices}
    return NeedDecision(
        subject=slug,
        chosen=tuple(_chosen_expert(candidate, verdicts.get(candidate.office.code)) for candidate in kept),
        unknown=tuple(
            sorted({fact for considered in considered_offices for fact in considered.verdict.unverified})
        ),
    )


def _chosen_expert(candidate: RankedExpert, verdict: CriteriaVerdict | None = None) -> Chosen:
    """Convert a candidate to a ``Chosen``; without a verdict, its criteria were not checked."""
    return Chosen(
        office=candidate.office.code,
        institution=candidate.office.institution,
        expert=candidate.expert.email,
        expert_pk=candidate.expert.pk,
        area=candidate.area.ref,
        area_name=candidate.area.name,
        stand_in_for=candidate.replaces.email if candidate.replaces else None,
        checked=verdict.checked if verdict else (),
        unverified=verdict.unverified if verdict else (),
        office_name=candidate.office.name,
        expert_name=candidate.expert.name,
    )


def _refusals(
    slug: str,
    on: date,
    considered_offices: list[ConsideredOffice],
    local: list[RankedExpert],
    chosen: tuple[Chosen, ...],
) -> Iterator[Refused]:
    """Yield a refusal per office refused as a whole, else per expert not mailed, with every obstacle.

    ``local`` passed step 7.
    """
    mailed = {each.expert.lower() for each in chosen}
    blocked = {candidate.office.code for candidate in local} - {each.office for each in chosen}
    best = _best_ranks(local)
    for considered in considered_offices:
        office = considered.office
        obstacles = considered.obstacles or ((Obstacle.EXCLUSIVE,) if office.code in blocked else ())
        if obstacles:
            yield Refused(slug, office.code, None, obstacles)
            continue
        for expert in sorted(office.experts, key=lambda expert: expert.email):
            if expert.pk in considered.covering and expert.email.lower() not in mailed:
                rank = considered.covering[expert.pk].rank
                is_obstacle = {
                    Obstacle.NO_SKILL: not expert.answers(slug),
                    Obstacle.ABSENT: expert.is_away(on),
                    Obstacle.LESS_LOCAL: rank > best.get(office.institution, rank),
                }
                found = tuple(obstacle for obstacle, stands in is_obstacle.items() if stands)
                yield Refused(slug, office.code, expert.email, found)
