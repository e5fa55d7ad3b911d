"""Content of the simulator's page: who would be mailed, who not, and why, as the user may read it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from directory.foresight import outside
from directory.foresight.outside import Named, WhyNot
from experts.models import Expert, Office, User
from experts.routing import explanations, loading
from experts.routing.decision import Chosen, Decision, NeedDecision, Refused
from experts.routing.engine import ApplicantFacts
from territories.models import Area, Commune

ANYBODY = "un référent"


@dataclass(frozen=True)
class SimulatedDemand:
    """A demand to simulate; ``subjects``: labels by slug, in the order asked."""

    subjects: Mapping[str, str]
    commune: Commune
    facts: ApplicantFacts
    on: date


@dataclass(frozen=True)
class Person:
    """An expert as the user may read them: in other regions, a role without name nor address."""

    label: str
    email: str = ""
    pk: int | None = None


@dataclass(frozen=True)
class OfficeName:
    """An office; ``is_linked``: the user may open its page."""

    code: str
    name: str
    institution: str
    is_linked: bool


@dataclass(frozen=True)
class Mailed:
    """A person who would be mailed, and why."""

    office: OfficeName
    person: Person
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class NotMailed:
    """People of an office, or the office as a whole without people, refused for the same obstacles."""

    office: OfficeName
    people: tuple[Person, ...]
    obstacles: tuple[str, ...]


@dataclass(frozen=True)
class SimulatedNeed:
    """Decision for one subject; ``unknown``: facts that would have counted, in words."""

    label: str
    is_fallback: bool
    mailed: tuple[Mailed, ...]
    not_mailed: tuple[NotMailed, ...]
    unknown: str


@dataclass(frozen=True)
class Simulation:
    """Answer of the simulator; ``why_not``: about the office or expert that the user named."""

    needs: tuple[SimulatedNeed, ...]
    why_not: tuple[WhyNot, ...]


def simulate(question: SimulatedDemand, *, user: User, named: Named | None = None) -> Simulation:
    """Decide, and explain. A fixed number of queries."""
    slugs = list(question.subjects)
    decision = loading.decide(subjects=slugs, commune=question.commune, facts=question.facts, on=question.on)
    names = _Names(decision, user)
    answers: list[WhyNot] = []
    if named:
        answers = outside.explain(named, decision, loading.asked_subjects(slugs))
    return Simulation(
        tuple(_need(need, question.subjects[need.subject], names) for need in decision.needs),
        tuple(replace(answer, subject=question.subjects[answer.subject]) for answer in answers),
    )


def named_row(
    *, office_code: str = "", expert_pk: int | None = None, commune: Commune, user: User
) -> Named | None:
    """The office with this code, or the expert, that the user asks about; ``None`` when there is none.

    Offices of the whole country; experts of the offices that the user may change.
    """
    areas = frozenset(Area.objects.containing(commune).values_list("pk", flat=True))
    joined = ("experts__areas", "areas")
    offices = Office.objects.select_related("institution").prefetch_related(*joined)
    if expert_pk is not None:
        experts = Expert.objects.visible_to(user).prefetch_related("areas", "office__areas")
        expert = experts.select_related("office__institution").filter(pk=expert_pk).first()
        return Named(expert.office, expert, areas) if expert else None
    office = offices.filter(code=office_code).first()
    return Named(office, None, areas) if office else None


class _Names:
    """Names of the offices and people of a decision, as the user may read them. Three queries."""

    def __init__(self, decision: Decision, user: User) -> None:
        codes = {*decision.offices, *(refused.office for refused in decision.refused)}
        rows = Office.objects.filter(code__in=codes).select_related("institution")
        readable = set(Office.objects.readable_by(user).filter(code__in=codes).values_list("code", flat=True))
        self.offices = {
            office.code: OfficeName(
                office.code, office.name, office.institution.name, office.code in readable
            )
            for office in rows
        }
        ours = {office.code for office in rows if user.is_national or _is_ours(office, user)}
        experts = Expert.objects.listed().filter(office__code__in=codes).select_related("office")
        self.people = {
            (expert.office.code, expert.email): _person(expert, is_ours=expert.office.code in ours)
            for expert in experts
        }

    def office(self, code: str) -> OfficeName:
        return self.offices.get(code) or OfficeName(code, code, "", False)

    def person(self, code: str, email: str) -> Person:
        return self.people.get((code, email)) or Person(ANYBODY)


def _is_ours(office: Office, user: User) -> bool:
    return office.region_id is not None and office.region_id == user.region_id


def _person(expert: Expert, *, is_ours: bool) -> Person:
    if not is_ours:
        return Person(expert.job or ANYBODY)
    label = f"{expert.name}, {expert.job}" if expert.job else expert.name
    return Person(label, expert.email, expert.pk)


def _need(need: NeedDecision, label: str, names: _Names) -> SimulatedNeed:
    return SimulatedNeed(
        label=label,
        is_fallback=need.is_fallback,
        mailed=tuple(_mailed(chosen, names) for chosen in need.chosen),
        not_mailed=tuple(_not_mailed(need.refused, names)),
        unknown=explanations.facts(need.unknown),
    )


def _mailed(chosen: Chosen, names: _Names) -> Mailed:
    reasons = explanations.reasons(replace(chosen, stand_in_for=None))
    if chosen.stand_in_for:
        reasons.append(f"remplace {names.person(chosen.office, chosen.stand_in_for).label}, absent")
    return Mailed(names.office(chosen.office), names.person(chosen.office, chosen.expert), tuple(reasons))


def _not_mailed(refusals: Iterable[Refused], names: _Names) -> list[NotMailed]:
    """Refusals grouped by office and obstacles, in their order."""
    groups: dict[tuple[str, tuple[str, ...]], list[Person]] = {}
    for refused in refusals:
        people = groups.setdefault((refused.office, tuple(explanations.obstacles(refused))), [])
        if refused.expert:
            people.append(names.person(refused.office, refused.expert))
    return [
        NotMailed(names.office(code), tuple(people), obstacles)
        for (code, obstacles), people in groups.items()
    ]
