"""« Qui fait quoi »: institutions by subjects of a theme, over a région or a département."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q

from experts.models import Expert, Institution, Office, Subject, SubjectInstitution, Theme
from experts.models.offices import OfficeQuerySet
from territories.areas import AreaRef
from territories.models import Area, Department, Region


@dataclass(frozen=True)
class MatrixPlace:
    """A région, or one of its départements."""

    region: Region
    department: Department | None

    @property
    def name(self) -> str:
        return self.department.name if self.department else self.region.name

    @property
    def query(self) -> str:
        """The query string that names the place."""
        return f"departement={self.department.pk}" if self.department else f"region={self.region.pk}"

    @property
    def ref(self) -> AreaRef:
        """The place as an area."""
        if self.department:
            return AreaRef("department", self.department.pk)
        return AreaRef("region", self.region.pk)

    def areas(self) -> set[int]:
        """The areas that have a commune there."""
        areas = Area.objects.all()
        found = (
            areas.reaching_department(self.department.pk)
            if self.department
            else areas.reaching(self.region.pk)
        )
        return set(found.values_list("pk", flat=True))


@dataclass(frozen=True)
class Cell:
    """Experts of an institution who answer a subject there; ``is_shut``: the catalogue does not ask it."""

    subject: Subject
    count: int
    is_shut: bool


@dataclass(frozen=True)
class MatrixRow:
    """An institution and its cells, in the order of the subjects."""

    institution: Institution
    cells: list[Cell]


@dataclass(frozen=True)
class Matrix:
    """The table of a theme."""

    subjects: list[Subject]
    rows: list[MatrixRow]


def matrix(theme: Theme, place: MatrixPlace, offices: OfficeQuerySet, *, now: datetime, on: date) -> Matrix:
    """The institutions of a theme's subjects, and the experts of these offices for each. Eight queries."""
    subjects = list(Subject.objects.listed().filter(theme=theme).order_by("position", "pk"))
    asked = institutions_asked(subjects)
    people = experts_there(place, offices.open_on(on).filter(is_fallback=False), now=now)
    counts: dict[tuple[int, int], int] = defaultdict(int)
    slugs = {subject.slug: subject.pk for subject in subjects}
    for expert in people:
        own = (
            slugs.values()
            if expert.has_all_subjects
            else [slugs[subject.slug] for subject in expert.subjects.all() if subject.slug in slugs]
        )
        for subject_pk in own:
            counts[expert.office.institution_id, subject_pk] += 1
    named = {pk for codes in asked.values() for pk in codes}
    institutions = Institution.objects.listed().filter(pk__in=named).exclude(notified="never")
    rows = [
        MatrixRow(
            institution,
            [
                Cell(
                    subject,
                    counts[institution.pk, subject.pk],
                    is_shut=institution.pk not in asked[subject.pk],
                )
                for subject in subjects
            ],
        )
        for institution in institutions.order_by("position", "pk")
    ]
    return Matrix(subjects, rows)


def institutions_asked(subjects: Iterable[Subject]) -> dict[int, set[int]]:
    """The institutions that the catalogue asks about each subject, members of groups included."""
    found: dict[int, set[int]] = {subject.pk: set() for subject in subjects}
    asked = SubjectInstitution.objects.filter(subject__in=found, is_relay=False)
    for subject, institution in asked.exclude(institution=None).values_list("subject", "institution"):
        found[subject].add(institution)
    by_group = asked.exclude(group=None).values_list("subject", "group__institutions")
    for subject, member in by_group:
        found[subject].add(member)
    return found


def experts_there(place: MatrixPlace, offices: OfficeQuerySet, *, now: datetime) -> list[Expert]:
    """The experts of these offices who receive requests of the place, read with their subjects."""
    areas, there = place.areas(), offices_there(place)
    people = (
        Expert.objects.listed()
        .filter(Q(left_at__isnull=True) | Q(left_at__gt=now), office__in=offices.values("pk"))
        .select_related("office__institution")
        .prefetch_related("subjects")
        .order_by("office__name", "name", "pk")
    )
    own: dict[int, set[int]] = defaultdict(set)
    for expert, area in Expert.areas.through.objects.filter(expert__in=people.values("pk")).values_list(
        "expert_id", "area_id"
    ):
        own[expert].add(area)
    return [
        expert
        for expert in people
        if (own[expert.pk] & areas if own[expert.pk] else expert.office_id in there)
    ]


def offices_there(place: MatrixPlace) -> set[int]:
    """The primary keys of the offices whose areas reach the place."""
    linked = Office.areas.through.objects.filter(area__in=place.areas())
    return set(linked.values_list("office", flat=True))


def reason_without_experts(institution: Institution, subject: Subject) -> str:
    """The reason why nobody of an institution may answer a subject, empty when they may."""
    if institution.notified == Institution.Notified.NEVER:
        return f"{institution.name} n'est jamais prévenue : le catalogue la montre comme relais."
    if institution.pk not in institutions_asked([subject])[subject.pk]:
        return (
            f"Le catalogue ne confie pas ce sujet à {institution.name}. "
            "Il est tenu par l'équipe nationale : demandez-lui ce changement."
        )
    return ""
