"""Rows of the lists of offices and experts, in a fixed number of queries."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Q, QuerySet

from directory.row_states import RowState, expert_states, office_states
from directory.silence import silent
from experts.models import Expert, Office, User
from experts.models.experts import ExpertQuerySet
from experts.models.offices import OfficeQuerySet
from experts.routing.explanations import KINDS
from territories.models import Area

MAX_AREAS = 3


@dataclass(frozen=True)
class OfficeRow:
    """One office of the list; ``is_ours``: the user may change it."""

    office: Office
    areas: str
    expert_count: int
    states: list[RowState]
    is_ours: bool


@dataclass(frozen=True)
class ExpertRow:
    """One expert of the list; ``areas`` is empty when those of the office count."""

    expert: Expert
    subjects: str
    areas: str
    states: list[RowState]


def in_order(rows: OfficeQuerySet | ExpertQuerySet) -> QuerySet[Any, int]:
    """The primary keys in alphabetical order: sorting thousands of whole rows takes many times longer."""
    return rows.order_by("name", "pk").values_list("pk", flat=True)


def office_rows(pks: Collection[int], *, user: User, today: date, now: datetime) -> list[OfficeRow]:
    """Rows of these offices, in alphabetical order. Three queries."""
    offices = Office.objects.filter(pk__in=pks).select_related("institution", "region")
    there = Expert.objects.listed().filter(Q(left_at__isnull=True) | Q(left_at__gt=now), office__in=pks)
    counts = dict(there.order_by().values_list("office").annotate(Count("pk")))
    return [
        OfficeRow(
            office,
            areas=area_names(office.areas.all()),
            expert_count=counts.get(office.pk, 0),
            states=office_states(office, today=today),
            is_ours=is_ours(office, user),
        )
        for office in offices.prefetch_related("areas").order_by("name", "pk")
    ]


def expert_rows(pks: Collection[int], *, today: date, now: datetime) -> list[ExpertRow]:
    """Rows of these experts, in alphabetical order. Five queries."""
    among = Expert.objects.filter(pk__in=pks)
    experts = (
        among.select_related("office__institution", "office__region")
        .prefetch_related("areas", "subjects", "absences")
        .order_by("name", "pk")
    )
    silent_pks = set(silent(among, now=now).values_list("pk", flat=True))
    return [
        ExpertRow(
            expert,
            subjects=_subjects(expert),
            areas=area_names(expert.areas.all()),
            states=expert_states(expert, today=today, now=now, silent_pks=silent_pks),
        )
        for expert in experts
    ]


def is_ours(office: Office, user: User) -> bool:
    """Return whether the user may change an office, as ``visible_to`` says."""
    return user.is_national or (office.region_id is not None and office.region_id == user.region_id)


def area_names(areas: Iterable[Area], *, most: int = MAX_AREAS) -> str:
    """The first names, the most local first, and how many others there are."""
    found = sorted(areas, key=lambda area: (area.level, area.name))
    shown = [area_name(area) for area in found[:most]]
    others = len(found) - len(shown)
    if others:
        shown.append(f"{others} autre{'s' if others > 1 else ''}")
    return ", ".join(shown)


def area_name(area: Area) -> str:
    """The name with its kind, since a zone and an EPCI may share one."""
    if area.kind == Area.Kind.NATIONAL:
        return "France entière"
    dropped = ", retirée" if area.dropped_at else ""
    return f"{area.name} ({KINDS[area.kind]}{dropped})"


def _subjects(expert: Expert) -> str:
    if expert.has_all_subjects:
        return "tous"
    names = sorted(subject.label for subject in expert.subjects.all())
    return ", ".join(names[:2]) + (f" et {len(names) - 2} de plus" if len(names) > 2 else "")
