"""Writing of a plan's rows to the tables, in bulk. The caller holds the transaction and the lock."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.db import models

from experts.changes.directory_facts import (
    EXPERT_COLUMNS,
    OFFICE_COLUMNS,
    OWN_EXPERT_COLUMNS,
    OWN_OFFICE_COLUMNS,
    AbsenceEntry,
    absence_order,
)
from experts.changes.row_plans import Plan, RowPlan
from experts.models import Absence, Expert, Institution, Office, Subject
from experts.models.offices import DirectorySource
from territories.areas import AreaRef
from territories.models import Area

BATCH = 500
Pairs = list[tuple[RowPlan[Any], Any]]


def write_rows(plan: Plan) -> tuple[Pairs, Pairs, Pairs]:
    """Write the rows to create and to change; return zones, offices and experts, each with its row."""
    zones = _write_zones(plan.zones)
    areas = _areas([*plan.offices, *plan.experts])
    subjects = {subject.slug: subject.pk for subject in Subject.objects.all()}
    offices = _write_offices([row for row in plan.offices if row.is_written], areas, subjects)
    experts = _write_experts([row for row in plan.experts if row.is_written], areas, subjects)
    return zones, offices, experts


def _write_zones(plans: Iterable[RowPlan[Area]]) -> Pairs:
    pairs: Pairs = []
    for plan in plans:
        if not plan.is_written:
            continue
        zone, facts = plan.instance, plan.after
        if zone is None or {"name", "members"} & set(plan.written_facts):
            zone = Area.objects.make_zone(str(plan.key), facts["name"], facts["members"], facts["source"])
        zone.dropped_at, zone.source = facts["dropped_at"], facts["source"]
        pairs.append((plan, zone))
    Area.objects.bulk_update([zone for _, zone in pairs], ["dropped_at", "source"], batch_size=BATCH)
    return pairs


def _areas(plans: Iterable[RowPlan[Any]]) -> dict[AreaRef, int]:
    """Primary keys of the areas that the written rows name; missing areas of communes are created."""
    refs: set[AreaRef] = set()
    for plan in plans:
        refs |= plan.written_facts.get("areas", frozenset())
    found = {ref: area.pk for ref, area in Area.objects.find_or_create(sorted(refs)).items()}
    # An office may keep a zone that is no longer in use: it covers nothing, and is not lost.
    dropped = Area.objects.filter(kind="zone", code__in=[ref.code for ref in refs - found.keys()])
    return found | {AreaRef(area.kind, area.current_code): area.pk for area in dropped}


def _write_offices(
    plans: Collection[RowPlan[Office]], areas: Mapping[AreaRef, int], subjects: Mapping[str, int]
) -> Pairs:
    institutions = {institution.code: institution for institution in Institution.objects.all()}
    columns = (*OFFICE_COLUMNS, *OWN_OFFICE_COLUMNS)
    pairs: Pairs = []
    for plan in plans:
        office = plan.instance or Office(code=str(plan.key))
        _set_columns(office, plan, columns)
        if "institution" in plan.written_facts:
            office.institution = institutions[plan.written_facts["institution"]]
        pairs.append((plan, office))
    _save(Office, pairs, {*columns, "institution"})
    _link(Office.areas, "areas", pairs, areas)
    _link(Office.exclusive_subjects, "exclusive_subjects", pairs, subjects)
    return pairs


def _write_experts(
    plans: Collection[RowPlan[Expert]], areas: Mapping[AreaRef, int], subjects: Mapping[str, int]
) -> Pairs:
    codes = {plan.written_facts["office"] for plan in plans if "office" in plan.written_facts}
    offices = {office.code: office for office in Office.objects.filter(code__in=codes)}
    columns = (*EXPERT_COLUMNS, *OWN_EXPERT_COLUMNS)
    pairs: Pairs = []
    for plan in plans:
        expert = plan.instance or Expert()
        _set_columns(expert, plan, columns)
        if "office" in plan.written_facts:
            expert.office = offices[plan.written_facts["office"]]
        pairs.append((plan, expert))
    _save(Expert, pairs, {*columns, "office"})
    _link(Expert.subjects, "subjects", pairs, subjects)
    _link(Expert.areas, "areas", pairs, areas)
    for fact, source in (("absence", DirectorySource.FILE), ("declared_absences", DirectorySource.HAND)):
        _write_absences(fact, source, [pair for pair in pairs if fact in pair[0].written_facts])
    return pairs


def _write_absences(fact: str, source: str, pairs: Pairs) -> None:
    """Replace the absences of this source of these experts; those of the other one stay."""
    Absence.objects.filter(expert__in=[expert for _, expert in pairs], source=source).delete()
    wanted = [(expert, absence) for plan, expert in pairs for absence in _absences(plan.written_facts[fact])]
    colleagues = {
        (expert.office_id, expert.email.lower()): expert
        for expert in Expert.objects.filter(office__in=[expert.office_id for expert, _ in wanted])
    }
    Absence.objects.bulk_create(
        Absence(
            expert=expert,
            from_on=absence.from_on,
            to_on=absence.to_on,
            deputy=colleagues.get((expert.office_id, absence.deputy)) if absence.deputy else None,
            source=source,
        )
        for expert, absence in wanted
    )


def _absences(value: Any) -> list[AbsenceEntry]:
    """The absences of a fact: one or none from a file, any number of declared ones."""
    if value is None:
        return []
    return [value] if isinstance(value, AbsenceEntry) else sorted(value, key=absence_order)


def _set_columns(row: Office | Expert, plan: RowPlan[Any], columns: Iterable[str]) -> None:
    for column in columns:
        if column in plan.written_facts:
            value = plan.written_facts[column]
            setattr(row, column, sorted(value) if isinstance(value, frozenset) else value)


def _save(model: type[models.Model], pairs: Pairs, columns: set[str]) -> None:
    """Create the new rows and update the others."""
    manager = model.objects  # type: ignore[attr-defined]
    manager.bulk_create([row for plan, row in pairs if plan.instance is None], batch_size=BATCH)
    changed = [(plan, row) for plan, row in pairs if plan.instance is not None]
    touched = {name for plan, _ in changed for name in plan.written_facts} & columns
    if touched:
        manager.bulk_update([row for _, row in changed], sorted(touched), batch_size=BATCH)


def _link(relation: Any, fact: str, pairs: Pairs, targets: Mapping[Any, int]) -> None:
    """Write the rows of a many-to-many table."""
    through = relation.through
    source, target = relation.field.m2m_field_name(), relation.field.m2m_reverse_field_name()
    changed = [(plan, row) for plan, row in pairs if fact in plan.written_facts]
    through.objects.filter(
        **{f"{source}__in": [row for plan, row in changed if plan.instance is not None]}
    ).delete()
    through.objects.bulk_create(
        (
            through(**{f"{source}_id": row.pk, f"{target}_id": pk})
            for plan, row in changed
            # Communes that merged since they were written down are one area.
            for pk in sorted({targets[code] for code in plan.written_facts[fact]})
        ),
        batch_size=5000,
    )
