"""Writing of an import's plan to the tables, in bulk; equal rows are not written."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import models

from directory.file import AbsenceEntry
from directory.planning import Plan, RowOutcome, RowPlan
from directory.snapshot import EXPERT_COLUMNS, OFFICE_COLUMNS
from experts.models import Absence, Expert, Institution, Office, Subject
from experts.models.directory import DirectorySource
from experts.regions import update_regions
from territories.areas import AreaRef
from territories.models import Area

BATCH = 500


def apply(plan: Plan, *, now: datetime) -> None:
    """Write the plan to the tables. The caller opens the transaction."""
    _write_zones(plan.zones, now)
    areas = _areas([*plan.offices, *plan.experts])
    subjects = {subject.slug: subject.pk for subject in Subject.objects.all()}
    _write_offices(plan.offices, areas, subjects, now)
    _write_experts(plan.experts, areas, subjects, now)
    if plan.changes_something:
        update_regions()


def _write_zones(plans: Iterable[RowPlan[Area]], now: datetime) -> None:
    for plan in plans:
        if plan.is_written:
            Area.objects.make_zone(str(plan.key), plan.facts["name"], plan.facts["members"])
    Area.objects.filter(pk__in=_closed(plans)).drop(now=now)


def _areas(plans: Iterable[RowPlan[Any]]) -> dict[AreaRef, int]:
    """Primary keys of the areas that the written rows name; missing areas are created."""
    refs: set[AreaRef] = set()
    for plan in plans:
        if "areas" in plan.written():
            refs |= plan.facts["areas"]
    return {ref: area.pk for ref, area in Area.objects.find_or_create(sorted(refs)).items()}


def _write_offices(
    plans: Iterable[RowPlan[Office]], areas: Mapping[AreaRef, int], subjects: Mapping[str, int], now: datetime
) -> None:
    institutions = {institution.code: institution for institution in Institution.objects.all()}
    written = [plan for plan in plans if plan.is_written]
    pairs = []
    for plan in written:
        office = plan.row or Office(code=str(plan.key), source=DirectorySource.FILE)
        _set_columns(office, plan, OFFICE_COLUMNS)
        if "institution" in plan.written():
            office.institution = institutions[str(plan.facts["institution"])]
        pairs.append((plan, office))
    _save(Office, pairs, [*OFFICE_COLUMNS, "institution", "dropped_at"])
    _link(Office.areas, "areas", pairs, areas)
    _link(Office.exclusive_subjects, "exclusive_subjects", pairs, subjects)
    Office.objects.filter(pk__in=_closed(plans)).update(dropped_at=now)


def _write_experts(
    plans: Iterable[RowPlan[Expert]], areas: Mapping[AreaRef, int], subjects: Mapping[str, int], now: datetime
) -> None:
    offices = {office.code: office for office in Office.objects.all()}
    pairs = []
    for plan in plans:
        if not plan.is_written:
            continue
        expert = plan.row or Expert(office=offices[plan.key[0]], source=DirectorySource.FILE)
        _set_columns(expert, plan, EXPERT_COLUMNS)
        pairs.append((plan, expert))
    _save(Expert, pairs, [*EXPERT_COLUMNS, "dropped_at"])
    _link(Expert.subjects, "subjects", pairs, subjects)
    _link(Expert.areas, "areas", pairs, areas)
    _write_absences([(plan, expert) for plan, expert in pairs if "absence" in plan.written()])
    Expert.objects.filter(pk__in=_closed(plans)).update(dropped_at=now)


def _write_absences(pairs: list[tuple[RowPlan[Expert], Expert]]) -> None:
    """Replace the file's absences of these experts, one each at most; declared ones stay."""
    Absence.objects.filter(expert__in=[expert for _, expert in pairs], source=DirectorySource.FILE).delete()
    wanted = [(expert, plan.facts["absence"]) for plan, expert in pairs if plan.facts["absence"]]
    offices = [expert.office_id for expert, _ in wanted]
    colleagues = {
        (expert.office_id, expert.email.lower()): expert
        for expert in Expert.objects.filter(office__in=offices)
    }
    Absence.objects.bulk_create(
        Absence(
            expert=expert,
            from_on=absence.from_on,
            to_on=absence.to_on,
            deputy=colleagues[expert.office_id, absence.deputy] if absence.deputy else None,
            source=DirectorySource.FILE,
        )
        for expert, absence in wanted
        if isinstance(absence, AbsenceEntry)
    )


def _set_columns(row: Office | Expert, plan: RowPlan[Any], columns: Iterable[str]) -> None:
    """Set the columns that the plan writes; a row that had been dropped is listed again."""
    for column in plan.written() & set(columns):
        setattr(row, column, plan.facts[column])
    row.dropped_at = None


def _save(model: type[models.Model], pairs: list[tuple[RowPlan[Any], Any]], columns: list[str]) -> None:
    """Create the new rows and update the others."""
    manager = model.objects  # type: ignore[attr-defined]
    manager.bulk_create([row for plan, row in pairs if plan.row is None], batch_size=BATCH)
    changed = [(plan, row) for plan, row in pairs if plan.row is not None]
    if changed:
        touched = {"dropped_at"}.union(*(plan.written() for plan, _ in changed)) & set(columns)
        manager.bulk_update([row for _, row in changed], sorted(touched), batch_size=BATCH)


def _link(
    relation: Any, fact: str, pairs: list[tuple[RowPlan[Any], Any]], targets: Mapping[Any, int]
) -> None:
    """Write the rows of a many-to-many table."""
    through = relation.through
    source, target = relation.field.m2m_field_name(), relation.field.m2m_reverse_field_name()
    changed = [(plan, row) for plan, row in pairs if fact in plan.written()]
    through.objects.filter(
        **{f"{source}__in": [row for plan, row in changed if plan.row is not None]}
    ).delete()
    through.objects.bulk_create(
        (
            through(**{f"{source}_id": row.pk, f"{target}_id": targets[code]})
            for plan, row in changed
            for code in sorted(plan.facts[fact])
        ),
        batch_size=5000,
    )


def _closed(plans: Iterable[RowPlan[Any]]) -> list[int]:
    """Primary keys of the rows that the plan closes."""
    return [plan.row.pk for plan in plans if plan.outcome is RowOutcome.CLOSED and plan.row is not None]
