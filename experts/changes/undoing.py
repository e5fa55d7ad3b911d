"""Plan that undoes a revision: each fact that nobody has changed since takes its former value."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db import router
from django.db.models.deletion import Collector, ProtectedError, RestrictedError

from experts.changes import editing, snapshot
from experts.changes.conflicts import Conflict
from experts.changes.directory_facts import Facts, from_json
from experts.changes.row_plans import Difference, Plan, RowOutcome, RowPlan
from experts.changes.stored import StoredDirectory, StoredRow
from experts.models import RevisedRow, Revision
from territories.models import Area


@dataclass(frozen=True, slots=True)
class Undo:
    """The plan that undoes a revision, and the facts that were changed since: they are left as they are."""

    plan: Plan
    left: tuple[Conflict, ...]


def plan_undo(revision: Revision, *, today: date, now: datetime) -> Undo:
    """Plan the undoing of a revision; a row that it created is deleted, or closed when something names it."""
    rows = list(revision.rows.order_by("pk"))
    stored = _load(rows)
    left: list[Conflict] = []
    plans: dict[str, list[RowPlan[Any]]] = {kind: [] for kind in RevisedRow.Kind.values}
    created = {(row.kind, row.row_pk) for row in rows if row.before is None}
    for row in rows:
        key, current = stored.get((row.kind, row.row_pk), (None, None))
        if row.after is None:
            plans[row.kind].append(_restored(row))
        elif key is None or current is None:
            left.append(Conflict(row.label, ""))
        elif row.before is None:
            plans[row.kind].append(_withdrawn(row, key, current, created, today=today, now=now))
        else:
            plans[row.kind].append(_reverted(row, key, current, left))
    kinds = RevisedRow.Kind
    return Undo(
        Plan(tuple(plans[kinds.ZONE]), tuple(plans[kinds.OFFICE]), tuple(plans[kinds.EXPERT])),
        tuple(left),
    )


def _load(rows: Iterable[RevisedRow]) -> dict[tuple[str, int], tuple[Any, StoredRow[Any]]]:
    """The rows of a revision as they are now, with their keys."""
    kinds = RevisedRow.Kind
    pks = {kind: [row.row_pk for row in rows if row.kind == kind] for kind in kinds.values}
    found: StoredDirectory = snapshot.load(
        zones=pks[kinds.ZONE], offices=pks[kinds.OFFICE], experts=pks[kinds.EXPERT]
    )
    directories: tuple[tuple[str, dict[Any, Any]], ...] = (
        (kinds.ZONE, found.zones),
        (kinds.OFFICE, found.offices),
        (kinds.EXPERT, found.experts),
    )
    return {
        (kind, stored.row.pk): (key, stored)
        for kind, directory in directories
        for key, stored in directory.items()
    }


def _reverted(row: RevisedRow, key: Any, current: StoredRow[Any], left: list[Conflict]) -> RowPlan[Any]:
    before, after = from_json(row.before or {}), from_json(row.after or {})
    edited = (set(before.pop("edited_fields", ())), set(after.pop("edited_fields", ())))
    changes, kept = [], set()
    for fact, value in before.items():
        if current.facts[fact] == after[fact]:
            changes.append(Difference(fact, after[fact], value))
        elif current.facts[fact] != value:
            kept.add(editing.ABSENCES if fact == "absence" else fact)
            left.append(Conflict(row.label, fact, after[fact], current.facts[fact], value))
    here = current.facts.get("edited_fields", [])
    restored = sorted(set(here) - (edited[1] - edited[0] - kept) | (edited[0] - edited[1] - kept))
    if restored != here:
        changes.append(Difference("edited_fields", here, restored))
    outcome = RowOutcome.CHANGED if changes else RowOutcome.UNCHANGED
    return RowPlan(key, outcome, current.row, before, current.facts, tuple(changes))


def _withdrawn(
    row: RevisedRow,
    key: Any,
    current: StoredRow[Any],
    created: set[tuple[str, int]],
    *,
    today: date,
    now: datetime,
) -> RowPlan[Any]:
    """Remove a row that the revision created; one that something else names is closed instead."""
    if _may_delete(current.row, created):
        return RowPlan(key, RowOutcome.REMOVED, current.row, before=current.facts)
    if row.kind == RevisedRow.Kind.OFFICE:
        return editing.close_office(key, current, on=today)
    if row.kind == RevisedRow.Kind.EXPERT:
        return editing.close_expert(key, current, at=now)
    dropped = editing.change(key, current, {"dropped_at": now})
    return replace(dropped, outcome=RowOutcome.CLOSED)


def _may_delete(row: Any, created: set[tuple[str, int]]) -> bool:
    """Return whether nothing names this row but rows that the same revision created."""
    collector = Collector(using=router.db_for_write(type(row)), origin=row)
    try:
        collector.collect([row])
    except (ProtectedError, RestrictedError):
        return False
    if isinstance(row, Area):
        return not row.offices.exists() and not row.experts.exists()
    experts = {("expert", expert.pk) for expert in getattr(row, "experts", type(row).objects.none()).all()}
    return experts <= created


def _restored(row: RevisedRow) -> RowPlan[Any]:
    """Create again a row that the revision deleted."""
    facts: Facts = from_json(row.before or {})
    key = (facts["office"], facts["email"].lower()) if row.kind == RevisedRow.Kind.EXPERT else row.key
    return RowPlan(key, RowOutcome.CREATED, facts=facts)
