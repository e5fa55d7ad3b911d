"""Criterion that separates the companies an office refused from those it took. Pure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from experts.routing.criteria import ApplicantFacts, Criteria, check_criteria, normalise

Change = dict[str, Any]
DIVISION = 2  # characters of a NAF division, and of a legal category's second level
LARGE = 50  # employees: refused companies of that size are too large, even when none was taken


@dataclass(frozen=True, slots=True)
class DecidedCompany:
    """Facts of a company on the day of its request."""

    facts: ApplicantFacts
    on: date


def propose_criteria(
    criteria: Criteria, *, declined: Sequence[DecidedCompany], accepted: Sequence[DecidedCompany]
) -> Change:
    """The first change of criteria that refuses all the declined and none of the accepted; else empty."""
    for change in _candidates(criteria, declined, accepted):
        changed = replace(criteria, **change)
        if all(_is_refused(changed, one) for one in declined) and not any(
            _is_refused(changed, one) for one in accepted
        ):
            return change
    return {}


def _is_refused(criteria: Criteria, company: DecidedCompany) -> bool:
    return bool(check_criteria(criteria, company.facts, on=company.on).obstacles)


def _candidates(
    criteria: Criteria, declined: Sequence[DecidedCompany], accepted: Sequence[DecidedCompany]
) -> Iterator[Change]:
    facts = [one.facts for one in declined]
    if all(one.project_holder for one in facts):
        yield {"project_holders": False}
    bands = [one.headcount for one in facts if one.headcount]
    if len(bands) == len(facts):
        lowest, highest = min(low for low, _ in bands), [high for _, high in bands]
        if lowest and (accepted or lowest >= LARGE):
            yield {"headcount_max": lowest - 1}
        if accepted and all(high is not None for high in highest):
            yield {"headcount_min": max(high for high in highest if high is not None) + 1}
    if all(one.craft for one in facts):
        yield {"craft": "exclude"}
    if accepted and all(one.craft is False for one in facts):
        yield {"craft": "only"}
    yield from _excluded(facts, lambda one: one.naf, "naf_excluded", criteria.naf_excluded)
    yield from _excluded(
        facts, lambda one: one.legal_form, "legal_forms_excluded", criteria.legal_forms_excluded
    )


def _excluded(
    facts: Sequence[ApplicantFacts],
    code: Callable[[ApplicantFacts], str | None],
    name: str,
    here: tuple[str, ...],
) -> Iterator[Change]:
    """Exclude the codes that begin like those of all these companies."""
    prefixes = {normalise(code(one) or "")[:DIVISION] for one in facts}
    if len(prefixes) == 1 and (prefix := prefixes.pop()):
        yield {name: (*here, prefix)}
