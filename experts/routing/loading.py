"""From rows to the routing rule's candidates, in a number of queries that nothing changes.

Candidates are narrowed in the database, by institution and by the areas that contain the commune (about six,
and zones); a perimeter is never expanded into its communes. Rows are read as plain tuples: a decision costs
milliseconds on the whole country's directory.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q, QuerySet
from django.utils import timezone

from experts.models import Absence, Expert, Institution, Office, SubjectInstitution
from experts.routing import engine
from experts.routing.engine import (
    Asked,
    Coverage,
    Criteria,
    Decision,
    ExpertCandidate,
    Facts,
    NeedDecision,
    OfficeCandidate,
)
from territories.areas import AreaRef
from territories.models import Area, Commune

_FALLBACK = Q(is_fallback=True)
_CRITERIA = tuple(field.name for field in fields(Criteria))


def decide(
    *,
    subjects: Sequence[str],
    commune: Commune,
    facts: Facts,
    on: date,
    without_institutions: Collection[str] = frozenset(),
    without_offices: Collection[str] = frozenset(),
) -> Decision:
    """Route subjects (slugs, as asked) from a commune, on a day: steps 2 to 10 of the rule.

    ``without_institutions``: codes that the owner unticked; ``without_offices``: codes of those already
    asked. Neither receives anything, not even as a fallback.
    """
    asked = _asked(subjects, without=without_institutions)
    codes = {code for subject in asked for code in subject.institutions}
    search = _Search(commune, subjects, on, without_institutions, without_offices)
    offices = search.offices(Q(institution__code__in=codes) | _FALLBACK)
    return engine.decide(engine.Demand(asked, facts, on), offices)


def decide_within(
    institution_code: str, *, subject: str, commune: Commune, facts: Facts, on: date
) -> NeedDecision:
    """The experts of one institution, whether the subject lists it or not: steps 3 to 7 of the rule.

    Nobody there: a decision without anyone chosen, which is no fallback.
    """
    institution = _notifiable().filter(code=institution_code)
    offices = _Search(commune, [subject], on).offices(Q(institution__in=institution))
    return engine.decide_within(Asked(subject, (institution_code,)), facts, on, offices)


def decide_fallback(
    *,
    subject: str,
    commune: Commune,
    on: date,
    without_institutions: Collection[str] = frozenset(),
    without_offices: Collection[str] = frozenset(),
) -> NeedDecision:
    """The fallback offices not asked yet, the region's before the national one: step 9 of the rule."""
    search = _Search(commune, [subject], on, without_institutions, without_offices)
    return engine.decide_fallback(subject, on, search.offices(_FALLBACK))


def institutions_around(commune: Commune, *, on: date) -> list[Institution]:
    """Institutions that may be notified and have an open office for the commune, in their usual order.

    Fallback offices do not count.
    """
    areas = list(Area.objects.containing(commune).values_list("pk", flat=True))
    offices = Office.objects.open_on(on).filter(_reaching(areas), is_fallback=False)
    return list(_notifiable().filter(pk__in=offices.values("institution")).order_by("position", "pk"))


def _notifiable() -> QuerySet[Institution]:
    """Institutions of today's catalogue to whom something may be sent (step 2)."""
    return Institution.objects.listed().exclude(notified=Institution.Notified.NEVER)


def _asked(slugs: Sequence[str], *, without: Collection[str]) -> tuple[Asked, ...]:
    """Step 2: each subject with its institutions, groups opened, in the order of the catalogue."""
    codes: dict[str, list[str]] = {slug: [] for slug in slugs}
    answers = SubjectInstitution.objects.filter(subject__slug__in=codes, is_relay=False)
    institutions = _notifiable().exclude(code__in=without)
    alone = answers.filter(institution__in=institutions).values_list(
        "subject__slug", "position", "institution__position", "institution__code"
    )
    grouped = answers.filter(group__institutions__in=institutions).values_list(
        "subject__slug", "position", "group__institutions__position", "group__institutions__code"
    )
    for slug, _, _, code in sorted(alone.union(grouped)):
        codes[slug].append(code)
    return tuple(Asked(slug, tuple(dict.fromkeys(listed))) for slug, listed in codes.items())


def _reaching(areas: Collection[int]) -> Q:
    """Offices that one of these areas makes answer, through their own areas or those of an expert."""
    own = Office.areas.through.objects.filter(area__in=areas).values("office")
    experts = Expert.objects.listed().filter(areas__in=areas).values("office")
    return Q(pk__in=own) | Q(pk__in=experts)


def _fixed(value: Any) -> Any:
    """A list of prefixes as a tuple, another criterion as it is."""
    return tuple(value) if isinstance(value, list) else value


@dataclass(frozen=True, slots=True)
class _Search:
    """Where, for what and when somebody is looked for."""

    commune: Commune
    subjects: Sequence[str]
    on: date
    without_institutions: Collection[str] = frozenset()
    without_offices: Collection[str] = frozenset()

    def offices(self, wanted: Q) -> list[OfficeCandidate]:
        """The wanted offices that reach the commune, with all their experts. Four queries."""
        areas = {
            pk: Coverage(AreaRef(kind, code), name, count)
            for pk, kind, code, name, count in Area.objects.containing(self.commune).values_list(
                "pk", "kind", "code", "name", "commune_count"
            )
        }
        rows = self._office_rows(wanted, areas)
        experts = self._experts([row[0] for row in rows], areas)
        return [
            OfficeCandidate(
                code=code,
                institution=institution,
                areas=tuple(areas[area] for area in own),
                experts=tuple(experts[pk]),
                criteria=Criteria(*map(_fixed, criteria)),
                exclusive_subjects=frozenset(exclusive),
                is_fallback=is_fallback,
                closes_on=min((day for day in (closed_on, ends_on) if day), default=None),
            )
            for pk, code, institution, is_fallback, closed_on, ends_on, own, exclusive, *criteria in rows
        ]

    def _office_rows(self, wanted: Q, areas: Collection[int]) -> list[tuple[Any, ...]]:
        """One row per office; its areas are those among ``areas``, its exclusive subjects those asked."""
        own = Office.areas.through.objects.filter(office=OuterRef("pk"), area__in=areas).values("area")
        exclusive = Office.exclusive_subjects.through.objects.filter(
            office=OuterRef("pk"), subject__slug__in=self.subjects
        ).values("subject__slug")
        return list(
            Office.objects.listed()
            .filter(wanted)
            .filter(_reaching(areas))
            .exclude(institution__code__in=self.without_institutions)
            .exclude(code__in=self.without_offices)
            .values_list(
                "pk",
                "code",
                "institution__code",
                "is_fallback",
                "closed_on",
                "agreement_ends_on",
                ArraySubquery(own),
                ArraySubquery(exclusive),
                *_CRITERIA,
            )
        )

    def _experts(
        self, offices: Collection[int], areas: Mapping[int, Coverage]
    ) -> dict[int, list[ExpertCandidate]]:
        """All the experts of these offices, by office: colleagues stand in. Two queries."""
        subjects = Expert.subjects.through.objects.filter(
            expert=OuterRef("pk"), subject__slug__in=self.subjects
        ).values("subject__slug")
        own = Expert.areas.through.objects.filter(expert=OuterRef("pk")).values("area")
        absences = self._absences(offices)
        experts: dict[int, list[ExpertCandidate]] = defaultdict(list)
        rows = Expert.objects.filter(office__in=offices, dropped_at=None).values_list(
            "office",
            "pk",
            "email",
            "has_all_subjects",
            "is_paused",
            "is_bouncing",
            "left_at",
            ArraySubquery(subjects),
            ArraySubquery(own),
        )
        for office, pk, email, has_all, is_paused, is_bouncing, left_at, skills, places in rows:
            expert = ExpertCandidate(
                pk=pk,
                email=email,
                subjects=None if has_all else frozenset(skills),
                areas=tuple(areas[area] for area in places if area in areas) if places else None,
                is_paused=is_paused,
                is_bouncing=is_bouncing,
                left_on=None if left_at is None else timezone.localdate(left_at),
                absences=tuple(absences[pk]),
            )
            experts[office].append(expert)
        return experts

    def _absences(self, offices: Collection[int]) -> dict[int, list[engine.Absence]]:
        """Absences of that day, by expert."""
        absences: dict[int, list[engine.Absence]] = defaultdict(list)
        rows = Absence.objects.filter(expert__office__in=offices, from_on__lte=self.on, to_on__gte=self.on)
        for expert, from_on, to_on, deputy in rows.values_list("expert", "from_on", "to_on", "deputy"):
            absences[expert].append(engine.Absence(from_on, to_on, deputy))
        return absences
