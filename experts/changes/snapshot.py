"""Reading of the directory's tables, fact by fact, in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

from django.db import models

from experts.changes.directory_facts import (
    EXPERT_COLUMNS,
    OFFICE_COLUMNS,
    OWN_EXPERT_COLUMNS,
    OWN_OFFICE_COLUMNS,
    OWN_ZONE_COLUMNS,
    AbsenceEntry,
    Facts,
)
from experts.changes.stored import StoredDirectory, StoredRow
from experts.models import Absence, Expert, Office
from experts.models.offices import DirectorySource
from territories.areas import AreaRef
from territories.models import Area, AreaMember

Pks = Collection[int] | None


def load(*, zones: Pks = None, offices: Pks = None, experts: Pks = None) -> StoredDirectory:
    """Load the rows with these primary keys, the whole directory by default. Up to nine queries.

    As soon as one kind is given, those that are not given are left out.
    """
    if zones is None and offices is None and experts is None:
        every = _offices(None)
        loaded = {stored.instance.pk: stored.instance for stored in every.values() if stored.instance}
        return StoredDirectory(_zones(None), every, _experts(None, loaded))
    return StoredDirectory(
        _zones(zones) if zones else {},
        _offices(offices) if offices else {},
        _experts(experts) if experts else {},
    )


def _offices(pks: Pks) -> dict[str, StoredRow[Office]]:
    rows = _chosen(Office.objects.select_related("institution").order_by("code"), "pk", pks)
    exclusive = _codes_by_row(
        _chosen(
            Office.exclusive_subjects.through.objects.values_list("office_id", "subject__slug"), "office", pks
        )
    )
    areas = _areas_by_row(
        _chosen(Office.areas.through.objects.values_list("office_id", *_AREA), "office", pks)
    )
    return {office.code: StoredRow(office, _office_facts(office, areas, exclusive)) for office in rows}


def _office_facts(
    office: Office, areas: Mapping[int, frozenset[AreaRef]], exclusive: Mapping[int, frozenset[str]]
) -> Facts:
    return {
        "institution": office.institution.code,
        **{column: getattr(office, column) for column in (*OFFICE_COLUMNS, *OWN_OFFICE_COLUMNS)},
        "areas": areas[office.pk],
        "exclusive_subjects": exclusive[office.pk],
    }


def _experts(
    pks: Pks, offices: Mapping[int, Office] | None = None
) -> dict[tuple[str, str], StoredRow[Expert]]:
    """Experts with their offices, taken from ``offices`` when it is given: it then holds every office."""
    every = Expert.objects.order_by("office__code", "email")
    rows = list(_chosen(every.select_related("office") if offices is None else every, "pk", pks))
    if offices is not None:
        for expert in rows:
            expert.office = offices[expert.office_id]
    subjects = _codes_by_row(
        _chosen(Expert.subjects.through.objects.values_list("expert_id", "subject__slug"), "expert", pks)
    )
    areas = _areas_by_row(
        _chosen(Expert.areas.through.objects.values_list("expert_id", *_AREA), "expert", pks)
    )
    from_file, declared = _absences(pks)
    return {
        (expert.office.code, expert.email.lower()): StoredRow(
            expert,
            {
                "office": expert.office.code,
                **{column: getattr(expert, column) for column in (*EXPERT_COLUMNS, *OWN_EXPERT_COLUMNS)},
                "subjects": subjects[expert.pk],
                "areas": areas[expert.pk],
                "absence": from_file.get(expert.pk),
                "declared_absences": frozenset(declared.get(expert.pk, ())),
            },
        )
        for expert in rows
    }


_AREA = ("area__kind", "area__current_code")


def _zones(pks: Pks) -> dict[str, StoredRow[Area]]:
    """Zones and their members."""
    rows = AreaMember.objects.values_list("zone_id", "member__kind", "member__current_code")
    members = _areas_by_row(_chosen(rows, "zone", pks))
    return {
        zone.code: StoredRow(
            zone,
            {
                "name": zone.name,
                **{column: getattr(zone, column) for column in OWN_ZONE_COLUMNS},
                "members": members[zone.pk],
            },
        )
        for zone in _chosen(Area.objects.of_kind("zone").order_by("code"), "pk", pks)
    }


def _chosen(rows: Any, name: str, pks: Pks) -> Any:
    return rows if pks is None else rows.filter(**{f"{name}__in": pks})


def _codes_by_row(rows: "models.QuerySet[models.Model, tuple[int, str]]") -> dict[int, frozenset[str]]:
    """Codes by primary key; rows without code give an empty set."""
    found: dict[int, set[str]] = defaultdict(set)
    for pk, code in rows:
        found[pk].add(code)
    return defaultdict(frozenset, {pk: frozenset(codes) for pk, codes in found.items()})


def _areas_by_row(
    rows: "models.QuerySet[models.Model, tuple[int, str, str]]",
) -> dict[int, frozenset[AreaRef]]:
    """Areas by primary key, under their current codes; rows without area give an empty set."""
    refs: dict[tuple[str, str], AreaRef] = {}
    found: dict[int, set[AreaRef]] = defaultdict(set)
    for pk, kind, code in rows:
        found[pk].add(refs.setdefault((kind, code), AreaRef(kind, code)))
    return defaultdict(frozenset, {pk: frozenset(areas) for pk, areas in found.items()})


def _absences(pks: Pks) -> tuple[dict[int, AbsenceEntry], dict[int, list[AbsenceEntry]]]:
    """Absences from the file, one per expert, and those entered by hand."""
    from_file: dict[int, AbsenceEntry] = {}
    declared: dict[int, list[AbsenceEntry]] = defaultdict(list)
    columns = ("expert_id", "source", "from_on", "to_on", "deputy__email")
    rows = _chosen(Absence.objects.order_by("pk"), "expert", pks).values_list(*columns)
    for expert, source, from_on, to_on, deputy in rows:
        absence = AbsenceEntry(from_on, to_on, deputy.lower() if deputy else None)
        if source == DirectorySource.FILE:
            from_file[expert] = absence
        else:
            declared[expert].append(absence)
    return from_file, declared
