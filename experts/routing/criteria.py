"""Step 3 of the rule: whether an office accepts a company, as far as the company is known. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum, StrEnum
from math import inf


class Obstacle(StrEnum):
    """Why an office or an expert is not chosen: a closed list, in the order it is told."""

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
class Facts:
    """What is known of the company on the day of the request; ``None``: unknown.

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
    """What an office asks of a company; by default, nothing.

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


class Outcome(Enum):
    """What one criterion says of a company; ``None`` stands for a criterion that asks nothing."""

    REFUSED = "refused"
    ACCEPTED = "accepted"
    UNVERIFIED = "unverified"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an office's criteria say of a company, fact by fact."""

    obstacles: tuple[Obstacle, ...]
    checked: tuple[str, ...]
    unverified: tuple[str, ...]


def examine(criteria: Criteria, facts: Facts, *, on: date) -> Verdict:
    """Hold a company against each criterion of an office; an unknown fact never refuses."""
    outcomes = [(obstacle, check(criteria, facts, on)) for obstacle, check in CHECKS.items()]
    return Verdict(
        obstacles=tuple(obstacle for obstacle, outcome in outcomes if outcome is Outcome.REFUSED),
        checked=tuple(obstacle.value for obstacle, outcome in outcomes if outcome is Outcome.ACCEPTED),
        unverified=tuple(obstacle.value for obstacle, outcome in outcomes if outcome is Outcome.UNVERIFIED),
    )


def normalise(code: str) -> str:
    """A NAF code or legal category as it is compared: no dots, no spaces, in capitals."""
    return "".join(code.replace(".", " ").split()).upper()


def completed_years(since: date, on: date) -> int:
    """Whole years between two days, never negative; those of 29 February come on 1 March."""
    return max(0, on.year - since.year - ((on.month, on.day) < (since.month, since.day)))


def _headcount(criteria: Criteria, facts: Facts, _on: date) -> Outcome | None:
    return _within(facts.headcount, criteria.headcount_min, criteria.headcount_max)


def _age(criteria: Criteria, facts: Facts, on: date) -> Outcome | None:
    years = None if facts.created_on is None else completed_years(facts.created_on, on)
    band = None if years is None else (years, years)
    return _within(band, criteria.age_min_years, criteria.age_max_years)


def _naf(criteria: Criteria, facts: Facts, _on: date) -> Outcome | None:
    return _listed(facts.naf, criteria.naf, criteria.naf_excluded)


def _legal_form(criteria: Criteria, facts: Facts, _on: date) -> Outcome | None:
    return _listed(facts.legal_form, criteria.legal_forms, criteria.legal_forms_excluded)


def _craft(criteria: Criteria, facts: Facts, _on: date) -> Outcome | None:
    if not criteria.craft:
        return None
    return _settled(None if facts.craft is None else facts.craft == (criteria.craft == "only"))


def _project_holder(criteria: Criteria, facts: Facts, _on: date) -> Outcome | None:
    if criteria.project_holders is not False:
        return None
    return _settled(None if facts.project_holder is None else not facts.project_holder)


CHECKS: Mapping[Obstacle, Callable[[Criteria, Facts, date], Outcome | None]] = {
    Obstacle.HEADCOUNT: _headcount,
    Obstacle.NAF: _naf,
    Obstacle.LEGAL_FORM: _legal_form,
    Obstacle.CRAFT: _craft,
    Obstacle.AGE: _age,
    Obstacle.PROJECT_HOLDER: _project_holder,
}


def _settled(is_accepted: bool | None) -> Outcome:
    """The outcome of a criterion that asks something; ``None``: the fact does not settle it."""
    if is_accepted is None:
        return Outcome.UNVERIFIED
    return Outcome.ACCEPTED if is_accepted else Outcome.REFUSED


def _within(band: tuple[int, int | None] | None, low: int | None, high: int | None) -> Outcome | None:
    """Hold a band against inclusive bounds: wholly outside, wholly inside, or astride and not verified."""
    if low is None and high is None:
        return None
    if band is None:
        return Outcome.UNVERIFIED
    first, last = band[0], inf if band[1] is None else band[1]
    floor, ceiling = 0 if low is None else low, inf if high is None else high
    if last < floor or first > ceiling:
        return Outcome.REFUSED
    return Outcome.ACCEPTED if floor <= first and last <= ceiling else Outcome.UNVERIFIED


def _listed(code: str | None, accepted: Iterable[str], excluded: Iterable[str]) -> Outcome | None:
    """Hold a code against prefixes: at least one of the accepted, none of the excluded."""
    wanted = tuple(prefix for prefix in map(normalise, accepted) if prefix)
    unwanted = tuple(prefix for prefix in map(normalise, excluded) if prefix)
    if not wanted and not unwanted:
        return None
    known = normalise(code or "")
    if not known:
        return Outcome.UNVERIFIED
    return _settled((not wanted or known.startswith(wanted)) and not known.startswith(unwanted))
