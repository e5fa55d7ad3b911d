"""Plan that undoes a revision: each fact that nobody has changed since takes its former value."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db.models import PROTECT, RESTRICT

from experts.changes import editing, snapshot
from experts.changes.conflicts import Conflict
from experts.changes.directory_facts import Facts, from_json
from experts.changes.row_plans import Difference, Plan, RowOutcome, RowPlan
from experts.changes.stored import StoredDirectory, StoredRow
from experts.models import Expert, Office, RevisedRow, Revision
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
    named = _named_elsewhere(rows)
    for row in rows:
        key, current = stored.get((row.kind, row.row_pk), (None, None))
        if row.after is None:
            plans[row.kind].append(_restored(row))
        elif key is None or current is None:
            left.append(Conflict(row.label, ""))
        elif row.before is None:
            is_named = row.row_pk in named[row.kind]
            plans[row.kind].append(_withdrawn(row, key, current, is_named=is_named, today=today, now=now))
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
        (kind, stored.instance.pk): (key, stored)
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
    return RowPlan(key, outcome, current.instance, before, current.facts, tuple(changes))


def _withdrawn(
    row: RevisedRow, key: Any, current: StoredRow[Any], *, is_named: bool, today: date, now: datetime
) -> RowPlan[Any]:
    """Remove a row that the revision created; one that something else names is closed instead."""
    if not is_named:
        return RowPlan(key, RowOutcome.REMOVED, current.instance, before=current.facts)
    if row.kind == RevisedRow.Kind.OFFICE:
        return editing.close_office(key, current, on=today)
    if row.kind == RevisedRow.Kind.EXPERT:
        return editing.close_expert(key, current, at=now)
    dropped = editing.change(key, current, {"dropped_at": now})
    return replace(dropped, outcome=RowOutcome.CLOSED)


def _named_elsewhere(rows: Iterable[RevisedRow]) -> dict[str, set[int]]:
    """Primary keys, by kind, of the rows created here that something else names: they cannot be deleted.

    An import creates thousands: a fixed number of queries.
    """
    kinds = RevisedRow.Kind
    created: dict[str, list[int]] = {kind: [] for kind in kinds.values}
    for row in rows:
        if row.before is None:
            created[row.kind].append(row.row_pk)
    found: dict[str, set[int]] = {
        kind: _protected(model, created[kind])
        for kind, model in ((kinds.ZONE, Area), (kinds.OFFICE, Office), (kinds.EXPERT, Expert))
    }
    people = Expert.objects.filter(office__in=created[kinds.OFFICE])
    kept = people.exclude(pk__in=set(created[kinds.EXPERT]) - found[kinds.EXPERT])
    found[kinds.OFFICE].update(kept.values_list("office", flat=True))
    for users in (Office, Expert):
        used = users.areas.through.objects.filter(area__in=created[kinds.ZONE])
        found[kinds.ZONE].update(used.values_list("area", flat=True))
    return found


def _protected(model: "type[Area | Office | Expert]", pks: list[int]) -> set[int]:
    """The rows among these that a relation keeps from being deleted."""
    found: set[int] = set()
    for relation in model._meta.related_objects:
        if getattr(relation, "on_delete", None) in {PROTECT, RESTRICT}:
            name = relation.field.name
            naming = relation.related_model._base_manager.filter(**{f"{name}__in": pks})  # noqa: SLF001
            found |= set(naming.values_list(name, flat=True))
    return found


def _restored(row: RevisedRow) -> RowPlan[Any]:
    """Create again a row that the revision deleted."""
    facts: Facts = from_json(row.before or {})
    key = (facts["office"], facts["email"].lower()) if row.kind == RevisedRow.Kind.EXPERT else row.key
    return RowPlan(key, RowOutcome.CREATED, facts=facts)
