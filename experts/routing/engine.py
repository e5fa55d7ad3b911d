"""The routing rule, pure: who answers a demand, and why not the others. Steps are those of README.md.

Whoever calls it has resolved the commune (step 1), listed the institutions of each subject (step 2) and
brought every office that may count, with all its experts. The order of what is brought never matters.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from experts.routing.candidates import (
    Absence,
    Asked,
    Coverage,
    Demand,
    ExpertCandidate,
    OfficeCandidate,
    Rank,
    most_local,
)
from experts.routing.criteria import Criteria, Facts, Obstacle, Verdict, examine
from experts.routing.decision import Chosen, Decision, NeedDecision, Refused

__all__ = [
    "Absence",
    "Asked",
    "Chosen",
    "Coverage",
    "Criteria",
    "Decision",
    "Demand",
    "ExpertCandidate",
    "Facts",
    "NeedDecision",
    "Obstacle",
    "OfficeCandidate",
    "Refused",
    "decide",
    "decide_fallback",
    "decide_within",
]


@dataclass(frozen=True, slots=True)
class Case:
    """An office of the subject's institutions: what speaks against it, who of it covers the commune."""

    office: OfficeCandidate
    is_closed: bool
    verdict: Verdict
    covering: dict[int, Coverage]  # by expert's pk; never empty

    @property
    def obstacles(self) -> tuple[Obstacle, ...]:
        """Those of the whole office (step 3)."""
        return (Obstacle.CLOSED, *self.verdict.obstacles) if self.is_closed else self.verdict.obstacles


@dataclass(frozen=True, slots=True)
class Post:
    """An expert who may answer for an office, and the area that gives the rank."""

    office: OfficeCandidate
    expert: ExpertCandidate
    area: Coverage
    replaces: ExpertCandidate | None = None

    @property
    def rank(self) -> Rank:
        """Step 6."""
        return self.area.rank


def decide(demand: Demand, offices: Iterable[OfficeCandidate]) -> Decision:
    """Steps 2 to 9 for each subject, each once; their union is step 10."""
    brought = list(offices)
    asked = {subject.slug: subject for subject in demand.subjects}
    return Decision(tuple(_decide_need(subject, demand, brought) for subject in asked.values()))


def decide_within(asked: Asked, facts: Facts, on: date, offices: Iterable[OfficeCandidate]) -> NeedDecision:
    """Steps 3 to 7 alone: nobody blocks, and no fallback."""
    cases = _hear(asked, facts, on, offices)
    posts = _keep_most_local(_posts(cases, asked.slug, on))
    return _explain(asked.slug, on, cases, posts, posts)


def decide_fallback(slug: str, on: date, offices: Iterable[OfficeCandidate]) -> NeedDecision:
    """Step 9 alone."""
    chosen = tuple(_choose(post) for post in _fallback_posts(offices, on))
    return NeedDecision(slug, chosen, is_fallback=True)


def _decide_need(asked: Asked, demand: Demand, offices: list[OfficeCandidate]) -> NeedDecision:
    """Steps 2 to 9 for one subject."""
    cases = _hear(asked, demand.facts, demand.on, offices)
    local = _keep_most_local(_posts(cases, asked.slug, demand.on))
    kept = _keep_exclusive(local, asked.slug)
    if kept:
        return _explain(asked.slug, demand.on, cases, local, kept)
    fallback = _fallback_posts(offices, demand.on)
    return replace(_explain(asked.slug, demand.on, cases, local, fallback), is_fallback=True)


def _hear(asked: Asked, facts: Facts, on: date, offices: Iterable[OfficeCandidate]) -> list[Case]:
    """Steps 2 and 3: the offices to consider, as the subject lists their institutions, then by code."""
    order = {code: place for place, code in reversed(list(enumerate(asked.institutions)))}
    cases = []
    for office in offices:
        if office.institution not in order or office.is_fallback:
            continue
        covering = {expert.pk: area for expert in office.experts if (area := office.coverage_of(expert))}
        if covering:
            verdict = examine(office.criteria, facts, on=on)
            cases.append(Case(office, office.is_closed(on), verdict, covering))
    return sorted(cases, key=lambda case: (order[case.office.institution], case.office.code))


def _posts(cases: Iterable[Case], slug: str, on: date) -> list[Post]:
    """Steps 4 to 6: who may answer, for the offices that nothing speaks against."""
    return [post for case in cases if not case.obstacles for post in _office_posts(case, slug, on)]


def _office_posts(case: Case, slug: str, on: date) -> list[Post]:
    """Steps 4 to 6 in one office: each person once, by email, at the best of their ranks."""
    office, covering = case.office, case.covering
    available = [expert for expert in office.experts if not expert.is_away(on)]
    able = [expert for expert in office.experts if expert.pk in covering and expert.answers(slug)]
    ready = [expert for expert in able if not expert.is_away(on)]
    posts = [Post(office, expert, covering[expert.pk]) for expert in ready]
    for absent in (expert for expert in able if expert.is_away(on)):
        stand_ins = _deputy(absent, available, on) or ready or available
        posts += [Post(office, expert, covering[absent.pk], absent) for expert in stand_ins]
    best: dict[int, Post] = {}
    for post in sorted(posts, key=lambda post: (post.rank, post.replaces.email if post.replaces else "")):
        best.setdefault(post.expert.pk, post)
    return sorted(best.values(), key=lambda post: post.expert.email)


def _deputy(absent: ExpertCandidate, available: list[ExpertCandidate], on: date) -> list[ExpertCandidate]:
    """Step 5: the named deputy, whatever they answer and where; deputies do not chain."""
    named = [absence.deputy for absence in absent.absences_of(on)]
    found = {expert.pk: expert for expert in available}
    return [found[pk] for pk in named if pk is not None and pk in found][:1]


def _keep_most_local(posts: list[Post]) -> list[Post]:
    """Step 7: the best rank of each institution; equal ranks are all kept, even in two offices."""
    best = _best_ranks(posts)
    return [post for post in posts if post.rank == best[post.office.institution]]


def _best_ranks(posts: Iterable[Post]) -> dict[str, Rank]:
    """The best rank reached, by institution."""
    best: dict[str, Rank] = {}
    for post in posts:
        institution = post.office.institution
        best[institution] = min(best.get(institution, post.rank), post.rank)
    return best


def _keep_exclusive(posts: list[Post], slug: str) -> list[Post]:
    """Step 8: the most local of the offices still there that take the subject alone, if there is one."""
    exclusive = [post for post in posts if slug in post.office.exclusive_subjects]
    return _keep_best_rank(exclusive) or posts


def _fallback_posts(offices: Iterable[OfficeCandidate], on: date) -> list[Post]:
    """Step 9: all who are available in the most local open fallback offices where somebody is."""
    posts = [
        Post(office, expert, area)
        for office in sorted(offices, key=lambda office: office.code)
        if office.is_fallback and not office.is_closed(on) and (area := most_local(office.areas))
        for expert in sorted(office.experts, key=lambda expert: expert.email)
        if not expert.is_away(on)
    ]
    return _keep_best_rank(posts)


def _keep_best_rank(posts: list[Post]) -> list[Post]:
    """The best-ranked of them all, whatever their institutions."""
    best = min((post.rank for post in posts), default=None)
    return [post for post in posts if post.rank == best]


def _explain(slug: str, on: date, cases: list[Case], local: list[Post], kept: list[Post]) -> NeedDecision:
    """The decision with its reasons: ``local`` came through step 7, ``kept`` are mailed."""
    verdicts = {case.office.code: case.verdict for case in cases}
    chosen = tuple(_choose(post, verdicts.get(post.office.code)) for post in kept)
    return NeedDecision(
        subject=slug,
        chosen=chosen,
        refused=tuple(_refusals(slug, on, cases, local, chosen)),
        unknown=tuple(sorted({fact for case in cases for fact in case.verdict.unverified})),
    )


def _choose(post: Post, verdict: Verdict | None = None) -> Chosen:
    """A post as the decision tells it; without a verdict, the criteria were not read."""
    return Chosen(
        office=post.office.code,
        institution=post.office.institution,
        expert=post.expert.email,
        expert_pk=post.expert.pk,
        area=post.area.ref,
        area_name=post.area.name,
        stand_in_for=post.replaces.email if post.replaces else None,
        checked=verdict.checked if verdict else (),
        unverified=verdict.unverified if verdict else (),
    )


def _refusals(
    slug: str, on: date, cases: list[Case], local: list[Post], chosen: tuple[Chosen, ...]
) -> Iterator[Refused]:
    """One line for an office refused as a whole, else one for each expert not mailed, with every obstacle."""
    mailed = {who.expert.lower() for who in chosen}
    blocked = {post.office.code for post in local} - {who.office for who in chosen}
    best = _best_ranks(local)
    for case in cases:
        office = case.office
        obstacles = case.obstacles or ((Obstacle.EXCLUSIVE,) if office.code in blocked else ())
        if obstacles:
            yield Refused(slug, office.code, None, obstacles)
            continue
        for expert in sorted(office.experts, key=lambda expert: expert.email):
            if expert.pk in case.covering and expert.email.lower() not in mailed:
                rank = case.covering[expert.pk].rank
                is_obstacle = {
                    Obstacle.NO_SKILL: not expert.answers(slug),
                    Obstacle.ABSENT: expert.is_away(on),
                    Obstacle.LESS_LOCAL: rank > best.get(office.institution, rank),
                }
                found = tuple(obstacle for obstacle, stands in is_obstacle.items() if stands)
                yield Refused(slug, office.code, expert.email, found)
