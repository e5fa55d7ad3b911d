"""Step 3 of the rule: an office's criteria, checked against the known facts of a company. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum, StrEnum
from math import inf


class Obstacle(StrEnum):
    """Reasons not to choose an office or an expert: a closed list, in display order."""

    CLOSED = "closed"
    HEADCOUNT = "headcount"
    NAF = "naf"
    LEGAL_FORM = "legal_form"
    CRAFT = "craft"
    AGE = "age"
    PROJECT_HOLDER = "project_holder"
    NO_SKILL = "no_skill"
    ABSENT = "absent"
    LESS_LOCAL = "less_local"
    EXCLUSIVE = "exclusive"


@dataclass(frozen=True, slots=True)
class ApplicantFacts:
    """Facts of the applicant, a company or a project holder, on the day of the request; ``None``: unknown.

    ``headcount`` is a band, bounds included: ``(12, 12)``, ``(20, 49)``, ``(10000, None)`` without upper
    bound. ``naf`` and ``legal_form`` (INSEE category) are written with or without dots.
    """

    headcount: tuple[int, int | None] | None = None
    naf: str | None = None
    legal_form: str | None = None
    craft: bool | None = None
    created_on: date | None = None
    project_holder: bool | None = None


@dataclass(frozen=True, slots=True)
class Criteria:
    """Conditions that an office sets on companies; by default, none.

    Code lists hold prefixes. ``craft`` is ``""``, ``"only"`` or ``"exclude"``.
    """

    headcount_min: int | None = None
    headcount_max: int | None = None
    age_min_years: int | None = None
    age_max_years: int | None = None
    naf: tuple[str, ...] = ()
    naf_excluded: tuple[str, ...] = ()
    legal_forms: tuple[str, ...] = ()
    legal_forms_excluded: tuple[str, ...] = ()
    craft: str = ""
    project_holders: bool | None = None


class CriterionResult(Enum):
    """Result of one criterion for a company; functions return ``None`` for a criterion that is not set."""

    REFUSED = "refused"
    ACCEPTED = "accepted"
    UNVERIFIED = "unverified"


@dataclass(frozen=True, slots=True)
class CriteriaVerdict:
    """Result of all the criteria of an office for a company, as names of facts."""

    obstacles: tuple[Obstacle, ...]
    checked: tuple[str, ...]
    unverified: tuple[str, ...]


def check_criteria(criteria: Criteria, facts: ApplicantFacts, *, on: date) -> CriteriaVerdict:
    """Check a company against each criterion of an office; an unknown fact never refuses."""
    results = [(obstacle, check(criteria, facts, on)) for obstacle, check in CHECKS.items()]
    return CriteriaVerdict(
        obstacles=tuple(obstacle for obstacle, result in results if result is CriterionResult.REFUSED),
        checked=tuple(obstacle.value for obstacle, result in results if result is CriterionResult.ACCEPTED),
        unverified=tuple(
            obstacle.value for obstacle, result in results if result is CriterionResult.UNVERIFIED
        ),
    )


def normalise(code: str) -> str:
    """Normalise a NAF code or legal category for comparison: no dots, no spaces, in capitals."""
    return "".join(code.replace(".", " ").split()).upper()


def completed_years(since: date, on: date) -> int:
    """Whole years between two days, never negative; a 29 February has its anniversary on 1 March."""
    return max(0, on.year - since.year - ((on.month, on.day) < (since.month, since.day)))


def _headcount(criteria: Criteria, facts: ApplicantFacts, _on: date) -> CriterionResult | None:
    return _check_band(facts.headcount, criteria.headcount_min, criteria.headcount_max)


def _age(criteria: Criteria, facts: ApplicantFacts, on: date) -> CriterionResult | None:
    years = None if facts.created_on is None else completed_years(facts.created_on, on)
    band = None if years is None else (years, years)
    return _check_band(band, criteria.age_min_years, criteria.age_max_years)


def _naf(criteria: Criteria, facts: ApplicantFacts, _on: date) -> CriterionResult | None:
    return _check_code(facts.naf, criteria.naf, criteria.naf_excluded)


def _legal_form(criteria: Criteria, facts: ApplicantFacts, _on: date) -> CriterionResult | None:
    return _check_code(facts.legal_form, criteria.legal_forms, criteria.legal_forms_excluded)


def _craft(criteria: Criteria, facts: ApplicantFacts, _on: date) -> CriterionResult | None:
    if not criteria.craft:
        return None
    return _criterion_result(None if facts.craft is None else facts.craft == (criteria.craft == "only"))


def _project_holder(criteria: Criteria, facts: ApplicantFacts, _on: date) -> CriterionResult | None:
    if criteria.project_holders is not False:
        return None
    return _criterion_result(None if facts.project_holder is None else not facts.project_holder)


CHECKS: Mapping[Obstacle, Callable[[Criteria, ApplicantFacts, date], CriterionResult | None]] = {
    Obstacle.HEADCOUNT: _headcount,
    Obstacle.NAF: _naf,
    Obstacle.LEGAL_FORM: _legal_form,
    Obstacle.CRAFT: _craft,
    Obstacle.AGE: _age,
    Obstacle.PROJECT_HOLDER: _project_holder,
}


def _criterion_result(is_accepted: bool | None) -> CriterionResult:
    """Result of a criterion that is set; ``None``: the fact is not known well enough to decide."""
    if is_accepted is None:
        return CriterionResult.UNVERIFIED
    return CriterionResult.ACCEPTED if is_accepted else CriterionResult.REFUSED


def _check_band(
    band: tuple[int, int | None] | None, low: int | None, high: int | None
) -> CriterionResult | None:
    """Compare a band with inclusive bounds: outside, inside, or overlapping and not verified."""
    if low is None and high is None:
        return None
    if band is None:
        return CriterionResult.UNVERIFIED
    first, last = band[0], inf if band[1] is None else band[1]
    floor, ceiling = 0 if low is None else low, inf if high is None else high
    if last < floor or first > ceiling:
        return CriterionResult.REFUSED
    return CriterionResult.ACCEPTED if floor <= first and last <= ceiling else CriterionResult.UNVERIFIED


def _check_code(code: str | None, accepted: Iterable[str], excluded: Iterable[str]) -> CriterionResult | None:
    """Compare a code with prefixes: it must match one of the accepted and none of the excluded."""
    wanted = tuple(prefix for prefix in map(normalise, accepted) if prefix)
    unwanted = tuple(prefix for prefix in map(normalise, excluded) if prefix)
    if not wanted and not unwanted:
        return None
    known = normalise(code or "")
    if not known:
        return CriterionResult.UNVERIFIED
    return _criterion_result((not wanted or known.startswith(wanted)) and not known.startswith(unwanted))
