"""Reading of the tables that coverage needs, for the nation or a region, in nine queries."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils import timezone

from directory.collector_pause import collector_paused
from directory.coverage.commune_groups import CommuneGroups, KnownArea, LocatedCommune, make_groups
from directory.coverage.directory_content import CoverageExpert, CoverageOffice, DirectoryContent
from experts.models import Subject
from experts.routing import queries
from experts.routing.candidates import AbsencePeriod
from experts.routing.criteria import Criteria
from experts.routing.engine import AskedSubject
from territories.areas import Level

COMMUNES = """
    SELECT commune.code, commune.department_id, commune.epci_id, department.region_id, commune.population
    FROM territories_commune AS commune
    JOIN territories_department AS department ON department.code = commune.department_id
    WHERE commune.merged_into_id IS NULL AND (%(everywhere)s OR department.region_id = ANY(%(regions)s))
    ORDER BY commune.code
"""

AREAS = """
    SELECT id, kind, current_code, commune_count, dropped_at IS NOT NULL
    FROM territories_area
    WHERE kind <> 'commune' OR %(everywhere)s OR current_code = ANY(%(codes)s)
"""

MEMBERS = """
    SELECT membership.zone_id, member.kind, member.current_code
    FROM territories_areamember AS membership
    JOIN territories_area AS member ON member.id = membership.member_id
"""

OFFICES = """
    SELECT office.id, office.code, institution.code, office.is_fallback,
        office.closed_on, office.agreement_ends_on,
        ARRAY(SELECT area_id FROM experts_office_areas WHERE office_id = office.id),
        ARRAY(
            SELECT subject.slug
            FROM experts_office_exclusive_subjects AS exclusive
            JOIN experts_subject AS subject ON subject.id = exclusive.subject_id
            WHERE exclusive.office_id = office.id
        ),
        office.headcount_min, office.headcount_max, office.age_min_years, office.age_max_years,
        office.naf, office.naf_excluded, office.legal_forms, office.legal_forms_excluded,
        office.craft, office.project_holders
    FROM experts_office AS office
    JOIN experts_institution AS institution ON institution.id = office.institution_id
    WHERE office.dropped_at IS NULL
      AND (office.is_fallback OR institution.code = ANY(%(institutions)s))
      AND (%(everywhere)s OR office.id = ANY(ARRAY(
        SELECT office_id FROM experts_office_areas WHERE area_id = ANY(%(areas)s)
        UNION
        SELECT expert.office_id
        FROM experts_expert_areas AS own
        JOIN experts_expert AS expert ON expert.id = own.expert_id
        WHERE own.area_id = ANY(%(areas)s) AND expert.dropped_at IS NULL
      )))
"""

EXPERTS = """
    SELECT expert.office_id, expert.id, expert.email, expert.has_all_subjects,
        expert.is_paused, expert.is_bouncing, expert.left_at,
        ARRAY(SELECT subject_id FROM experts_expert_subjects WHERE expert_id = expert.id),
        ARRAY(SELECT area_id FROM experts_expert_areas WHERE expert_id = expert.id)
    FROM experts_expert AS expert
    WHERE expert.office_id = ANY(%(offices)s) AND expert.dropped_at IS NULL
"""

ABSENCES = """
    SELECT expert_id, from_on, to_on, deputy_id FROM experts_absence
    WHERE %(on)s BETWEEN from_on AND to_on
"""


@dataclass(frozen=True, slots=True)
class CoveragePlace:
    """Communes to load: the nation's when ``region`` is ``None``, else those of a region by its code."""

    region: str | None = None

    @property
    def values(self) -> dict[str, Any]:
        """Parameters of the queries."""
        return {"everywhere": self.region is None, "regions": [self.region or ""]}


@collector_paused()
def load(
    place: CoveragePlace, *, on: date, subjects: Collection[str] | None = None, silent: Collection[int] = ()
) -> DirectoryContent:
    """Load what covers a place on a day. ``subjects``: slugs, all when ``None``; ``silent``: experts' pks."""
    asked, levels = _asked(subjects), {level.kind: level for level in Level}
    communes = list(map(LocatedCommune._make, queries.fetch(COMMUNES, place.values)))
    codes = [] if place.region is None else [commune.code for commune in communes]
    areas = list(map(KnownArea._make, queries.fetch(AREAS, {**place.values, "codes": codes})))
    groups = make_groups(communes, areas, queries.fetch(MEMBERS, {}))
    return DirectoryContent(
        on=on,
        subjects=asked,
        offices=tuple(_offices(place, on=on, asked=asked, groups=groups, silent=silent)),
        groups=groups,
        ranks={area.pk: (levels[area.kind], area.commune_count) for area in areas},
    )


def _asked(slugs: Collection[str] | None) -> tuple[AskedSubject, ...]:
    """Step 2: the subjects as asked, or all in catalogue order, each with its institutions."""
    listed = list(Subject.objects.listed().order_by("position", "pk").values_list("slug", flat=True))
    codes: dict[str, list[str]] = {
        slug: [] for slug in (listed if slugs is None else slugs) if slug in listed
    }
    values: Mapping[str, Any] = {"subjects": list(codes), "without_institutions": []}
    for slug, code in queries.fetch(queries.INSTITUTIONS, values):
        codes[slug].append(code)
    return tuple(AskedSubject(slug, tuple(dict.fromkeys(own))) for slug, own in codes.items())


def _offices(
    place: CoveragePlace,
    *,
    on: date,
    asked: Iterable[AskedSubject],
    groups: CommuneGroups,
    silent: Collection[int],
) -> Iterable[CoverageOffice]:
    institutions = sorted({code for subject in asked for code in subject.institutions})
    areas = [] if place.region is None else list(groups.area_groups)
    rows = queries.fetch(OFFICES, {**place.values, "institutions": institutions, "areas": areas})
    experts = _experts([row[0] for row in rows], on=on, silent=set(silent))
    for pk, code, institution, is_fallback, closed_on, ends_on, own, exclusive, *criteria in rows:
        yield CoverageOffice(
            code=code,
            institution=institution,
            areas=tuple(own),
            experts=tuple(experts[pk]),
            criteria=_criteria(criteria),
            exclusive_subjects=frozenset(exclusive),
            is_fallback=is_fallback,
            closes_on=min((day for day in (closed_on, ends_on) if day), default=None),
        )


def _experts(offices: Sequence[int], *, on: date, silent: Collection[int]) -> dict[int, list[CoverageExpert]]:
    """All the experts of these offices, by office."""
    slugs = dict(Subject.objects.values_list("pk", "slug"))
    absences: dict[int, list[AbsencePeriod]] = defaultdict(list)
    for pk, from_on, to_on, deputy in queries.fetch(ABSENCES, {"on": on}):
        absences[pk].append(AbsencePeriod(from_on, to_on, deputy))
    found: dict[int, list[CoverageExpert]] = defaultdict(list)
    for office, pk, email, has_all, is_paused, is_bouncing, left_at, skills, own in queries.fetch(
        EXPERTS, {"offices": offices}
    ):
        left_on = timezone.localdate(left_at) if left_at else None
        away = absences.get(pk, ())
        named = sorted(away, key=lambda absence: (absence.from_on, absence.to_on, absence.deputy or 0))
        expert = CoverageExpert(
            pk=pk,
            email=email,
            subjects=None if has_all else frozenset(map(slugs.__getitem__, skills)),
            areas=tuple(own) or None,
            is_away=is_paused or is_bouncing or bool(away) or (left_on is not None and left_on <= on),
            deputies=tuple(absence.deputy for absence in named if absence.deputy),
            is_silent=pk in silent,
        )
        found[office].append(expert)
    return found


def _criteria(values: Iterable[Any]) -> Criteria:
    """Build an office's criteria from its columns, in the order of the dataclass's fields."""
    fixed: list[Any] = [tuple(value) if isinstance(value, list) else value for value in values]
    return Criteria(*fixed)
