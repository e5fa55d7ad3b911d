"""Snapshot of the directory's tables, fact by fact, in a fixed number of queries."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar

from django.db import models

from directory.file import AbsenceEntry
from experts.models import Absence, Expert, Office
from experts.models.directory import DirectorySource
from territories.areas import AreaRef
from territories.models import Area, AreaMember

OFFICE_COLUMNS = (
    "name",
    "phone",
    "email",
    "headcount_min",
    "headcount_max",
    "age_min_years",
    "age_max_years",
    "naf",
    "naf_excluded",
    "legal_forms",
    "legal_forms_excluded",
    "craft",
    "project_holders",
    "is_fallback",
    "closed_on",
)
EXPERT_COLUMNS = ("name", "job", "email", "phone", "has_all_subjects")

Facts = dict[str, Any]  # columns of every type, sets of codes, an absence
Period = tuple[date, date]
Row = TypeVar("Row", bound=models.Model)


@dataclass(frozen=True, slots=True)
class StoredRow(Generic[Row]):
    """A row and its facts, named like those of the file."""

    row: Row
    facts: Facts


@dataclass(frozen=True, slots=True)
class StoredDirectory:
    """All the rows, dropped ones included; the keys are those of ``RowPlan``.

    ``declared_absences``: those entered by hand, by the expert's pk.
    """

    zones: dict[str, StoredRow[Area]]
    offices: dict[str, StoredRow[Office]]
    experts: dict[tuple[str, str], StoredRow[Expert]]
    declared_absences: dict[int, list[Period]]


def load() -> StoredDirectory:
    """Load the directory."""
    offices = {
        office.code: office for office in Office.objects.select_related("institution").order_by("code")
    }
    experts = Expert.objects.select_related("office").order_by("office__code", "email")
    from_file, declared = _absences()
    subjects = _linked(Expert.subjects.through.objects.values_list("expert_id", "subject__slug"))
    own_areas = _areas(Expert.areas.through.objects.values_list("expert_id", *_AREA))
    exclusive = _linked(Office.exclusive_subjects.through.objects.values_list("office_id", "subject__slug"))
    areas = _areas(Office.areas.through.objects.values_list("office_id", *_AREA))
    return StoredDirectory(
        zones=_zones(),
        offices={
            code: StoredRow(
                office,
                {
                    "institution": office.institution.code,
                    **{column: getattr(office, column) for column in OFFICE_COLUMNS},
                    "areas": areas[office.pk],
                    "exclusive_subjects": exclusive[office.pk],
                },
            )
            for code, office in offices.items()
        },
        experts={
            (expert.office.code, expert.email.lower()): StoredRow(
                expert,
                {
                    **{column: getattr(expert, column) for column in EXPERT_COLUMNS},
                    "subjects": subjects[expert.pk],
                    "areas": own_areas[expert.pk],
                    "absence": from_file.get(expert.pk),
                },
            )
            for expert in experts
        },
        declared_absences=declared,
    )


_AREA = ("area__kind", "area__current_code")


def _zones() -> dict[str, StoredRow[Area]]:
    """Zones and their members."""
    rows = AreaMember.objects.values_list("zone_id", "member__kind", "member__current_code")
    members = _areas(rows)
    return {
        zone.code: StoredRow(zone, {"name": zone.name, "members": members[zone.pk]})
        for zone in Area.objects.of_kind("zone").order_by("code")
    }


def _linked(rows: "models.QuerySet[models.Model, tuple[int, str]]") -> dict[int, frozenset[str]]:
    """Group codes by row; rows without code give an empty set."""
    found: dict[int, set[str]] = defaultdict(set)
    for pk, code in rows:
        found[pk].add(code)
    return defaultdict(frozenset, {pk: frozenset(codes) for pk, codes in found.items()})


def _areas(rows: "models.QuerySet[models.Model, tuple[int, str, str]]") -> dict[int, frozenset[AreaRef]]:
    """Group areas by row, under their current codes; rows without area give an empty set."""
    refs: dict[tuple[str, str], AreaRef] = {}
    found: dict[int, set[AreaRef]] = defaultdict(set)
    for pk, kind, code in rows:
        found[pk].add(refs.setdefault((kind, code), AreaRef(kind, code)))
    return defaultdict(frozenset, {pk: frozenset(areas) for pk, areas in found.items()})


def _absences() -> tuple[dict[int, AbsenceEntry], dict[int, list[Period]]]:
    """Absences from the file, one per expert, and those entered by hand."""
    from_file: dict[int, AbsenceEntry] = {}
    declared: dict[int, list[Period]] = defaultdict(list)
    columns = ("expert_id", "source", "from_on", "to_on", "deputy__email")
    for expert, source, from_on, to_on, deputy in Absence.objects.order_by("pk").values_list(*columns):
        if source == DirectorySource.FILE:
            from_file[expert] = AbsenceEntry(from_on, to_on, deputy.lower() if deputy else None)
        else:
            declared[expert].append((from_on, to_on))
    return from_file, declared
