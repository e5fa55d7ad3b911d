"""Load the routing rule's candidates from the database, in a fixed number of queries, and decide.

Candidates are narrowed in the database, by institution and by the areas that contain the commune (about six,
and zones); an area is never expanded into its communes.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.utils import timezone

from companies import legal_forms
from companies.naf_editions import in_rev2
from experts.routing import engine, queries
from experts.routing.engine import (
    AbsencePeriod,
    ApplicantFacts,
    AskedSubject,
    CoveringArea,
    Criteria,
    Decision,
    Demand,
    ExpertCandidate,
    NeedDecision,
    OfficeCandidate,
)
from territories.areas import AreaRef
from territories.models import Area, Commune


def decide(
    *,
    subjects: Sequence[str],
    commune: Commune,
    facts: ApplicantFacts,
    on: date,
    without_institutions: Collection[str] = frozenset(),
    without_offices: Collection[str] = frozenset(),
) -> Decision:
    """Choose the experts for these subjects (slugs) in a commune, on a day: steps 2 to 10 of the rule.

    ``without_institutions``: codes that the owner unticked; ``without_offices``: codes of the offices already
    asked. Neither receives anything, not even as a fallback.
    """
    asked = asked_subjects(subjects, without=without_institutions)
    institutions = {code for subject in asked for code in subject.institutions}
    search = _Search(commune, subjects, on, without_institutions, without_offices)
    return engine.decide(Demand(asked, readable(facts), on), search.offices(institutions, with_fallback=True))


def decide_for_institution(
    institution_code: str, *, subject: str, commune: Commune, facts: ApplicantFacts, on: date
) -> NeedDecision:
    """Choose the experts of one institution, listed by the subject or not: steps 3 to 7 of the rule.

    With nobody available, the decision has no chosen expert and is not a fallback.
    """
    offices = _Search(commune, [subject], on).offices({institution_code}, with_fallback=False)
    asked = AskedSubject(subject, (institution_code,))
    return engine.decide_for_institution(asked, readable(facts), on, offices)


def decide_for_each_institution(
    institution_codes: Collection[str],
    *,
    subjects: Sequence[str],
    commune: Commune,
    facts: ApplicantFacts,
    on: date,
) -> dict[str, dict[str, NeedDecision]]:
    """Decide as ``decide_for_institution`` for each of these with an open office for the commune.

    By subject, then by institution, in the order given. Fallback offices do not count. Four queries in all.
    """
    by_institution: dict[str, list[OfficeCandidate]] = {code: [] for code in institution_codes}
    for office in _Search(commune, subjects, on).offices(institution_codes, with_fallback=False):
        by_institution[office.institution].append(office)
    around = {
        code: own
        for code, own in by_institution.items()
        if any(not office.is_fallback and not office.is_closed(on) for office in own)
    }
    known = readable(facts)
    return {
        slug: {
            code: engine.decide_for_institution(AskedSubject(slug, (code,)), known, on, own)
            for code, own in around.items()
        }
        for slug in subjects
    }


def decide_fallback(
    *,
    subject: str,
    commune: Commune,
    on: date,
    without_institutions: Collection[str] = frozenset(),
    without_offices: Collection[str] = frozenset(),
) -> NeedDecision:
    """Choose the fallback office not asked yet, the region's before the national one: step 9 of the rule."""
    search = _Search(commune, [subject], on, without_institutions, without_offices)
    return engine.decide_fallback(subject, on, search.offices(frozenset(), with_fallback=True))


def readable(facts: ApplicantFacts) -> ApplicantFacts:
    """Return the facts as criteria read them: a code of another edition becomes ours, or unknown."""
    naf, legal_form = facts.naf, facts.legal_form
    return replace(
        facts,
        naf=in_rev2(naf) if naf else None,
        legal_form=legal_form if legal_form and legal_forms.is_known(legal_form) else None,
    )


def asked_subjects(
    slugs: Sequence[str], *, without: Collection[str] = frozenset()
) -> tuple[AskedSubject, ...]:
    """Step 2: each subject with its institutions, groups replaced by their members. One query."""
    codes: dict[str, list[str]] = {slug: [] for slug in slugs}
    for slug, code in queries.fetch(
        queries.INSTITUTIONS, {"subjects": codes, "without_institutions": without}
    ):
        codes[slug].append(code)
    return tuple(AskedSubject(slug, tuple(dict.fromkeys(listed))) for slug, listed in codes.items())


@dataclass(frozen=True, slots=True)
class _Search:
    """A search for candidates: commune, subjects, day, and exclusions."""

    commune: Commune
    subjects: Sequence[str]
    on: date
    without_institutions: Collection[str] = frozenset()
    without_offices: Collection[str] = frozenset()

    def offices(self, institutions: Collection[str], *, with_fallback: bool) -> list[OfficeCandidate]:
        """The offices of these institutions that cover the commune, with all their experts. Three queries."""
        areas = self._areas()
        found = queries.fetch(
            queries.OFFICES,
            {
                "areas": areas,
                "subjects": self.subjects,
                "institutions": institutions,
                "with_fallback": with_fallback,
                "without_institutions": self.without_institutions,
                "without_offices": self.without_offices,
            },
        )
        experts = self._experts([row[0] for row in found], areas)
        return [
            OfficeCandidate(
                code=code,
                name=name,
                institution=institution,
                areas=tuple(areas[area] for area in own),
                experts=tuple(experts[pk]),
                criteria=_criteria(criteria),
                exclusive_subjects=frozenset(exclusive),
                is_fallback=is_fallback,
                closes_on=min((day for day in (closed, ends) if day), default=None),
            )
            for pk, code, name, institution, is_fallback, closed, ends, own, exclusive, *criteria in found
        ]

    def _areas(self) -> dict[int, CoveringArea]:
        """The areas that contain the commune."""
        found = Area.objects.rows_containing(self.commune)
        return {pk: CoveringArea(AreaRef(kind, code), name, count) for pk, kind, code, name, count in found}

    def _experts(
        self, offices: Collection[int], areas: Mapping[int, CoveringArea]
    ) -> dict[int, list[ExpertCandidate]]:
        """All the experts of these offices, by office."""
        found = queries.fetch(queries.EXPERTS, {"offices": offices, "subjects": self.subjects, "on": self.on})
        absences: dict[int, list[AbsencePeriod]] = defaultdict(list)
        for _, pk, *_, from_on, to_on, deputy in found:
            if from_on:
                absences[pk].append(AbsencePeriod(from_on, to_on, deputy))
        experts: dict[int, list[ExpertCandidate]] = defaultdict(list)
        each_once = {row[1]: row[:10] for row in found}.values()
        for office, pk, email, name, has_all, is_paused, is_bouncing, left_at, skills, own in each_once:
            expert = ExpertCandidate(
                pk=pk,
                email=email,
                name=name,
                subjects=None if has_all else frozenset(skills),
                areas=tuple(areas[area] for area in own if area in areas) if own else None,
                is_paused=is_paused,
                is_bouncing=is_bouncing,
                left_on=None if left_at is None else timezone.localdate(left_at),
                absences=tuple(absences[pk]),
            )
            experts[office].append(expert)
        return experts


def _criteria(values: Iterable[Any]) -> Criteria:
    """Build an office's criteria from its columns, in the order of the dataclass's fields."""
    fixed: list[Any] = [tuple(value) if isinstance(value, list) else value for value in values]
    return Criteria(*fixed)
