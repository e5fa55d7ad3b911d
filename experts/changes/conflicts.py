"""Comparison of a plan with the tables as they are now: facts that somebody has changed meanwhile."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models

from experts.changes import snapshot
from experts.changes.row_plans import Plan, RowOutcome, RowPlan
from experts.changes.stored import StoredDirectory
from experts.models import Expert, Office
from territories.models import Area


@dataclass(frozen=True, slots=True)
class Conflict:
    """A fact that somebody changed since the plan was made; ``fact`` is empty for a row created or gone."""

    label: str
    fact: str
    expected: object = None
    found: object = None
    proposed: object = None


def find_conflicts(plan: Plan) -> Iterator[Conflict]:
    """The facts of the plan's rows that are not in the tables as the plan found them."""
    current = _current_rows(plan)
    rows: tuple[tuple[Iterable[RowPlan[Any]], Mapping[Any, Any]], ...] = (
        (plan.zones, current.zones),
        (plan.offices, current.offices),
        (plan.experts, current.experts),
    )
    for plans, found in rows:
        by_pk = {stored.instance.pk: stored.facts for stored in found.values()}
        for row in plans:
            if row.instance is None:
                if row.key in found:
                    yield Conflict(row.label, "")
            elif row.changes_something:
                yield from _row_conflicts(row, by_pk.get(row.instance.pk))


def _row_conflicts(row: RowPlan[Any], facts: Mapping[str, Any] | None) -> Iterator[Conflict]:
    if facts is None:
        yield Conflict(row.label, "")
        return
    compared = row.before if row.outcome is RowOutcome.REMOVED else row.written_facts
    for fact in compared:
        if facts[fact] != row.before[fact]:
            yield Conflict(row.label, fact, row.before[fact], facts[fact], row.after[fact])


def _current_rows(plan: Plan) -> StoredDirectory:
    """The rows that the plan names, as they are now."""
    offices = {row.key for row in plan.offices if row.instance is None}
    new = [row.key for row in plan.experts if row.instance is None]
    emails = Expert.objects.filter(office__code__in={key[0] for key in new}).values_list(
        "pk", "office__code", "email"
    )
    taken = [pk for pk, code, email in emails if (code, email.lower()) in set(new)]
    return snapshot.load(
        zones=[*_pks(plan.zones), *_pks_of(Area.objects.of_kind("zone"), "code", plan.zones)],
        offices=[
            *_pks(plan.offices),
            *Office.objects.filter(code__in=offices).values_list("pk", flat=True),
        ],
        experts=[*_pks(plan.experts), *taken],
    )


def _pks(plans: Iterable[RowPlan[Any]]) -> list[int]:
    return [plan.instance.pk for plan in plans if plan.instance is not None and plan.changes_something]


def _pks_of(rows: models.QuerySet[Any], name: str, plans: Iterable[RowPlan[Any]]) -> Iterable[int]:
    new = [plan.key for plan in plans if plan.instance is None]
    return rows.filter(**{f"{name}__in": new}).values_list("pk", flat=True)


def taken_addresses(plan: Plan) -> list[str]:
    """The addresses that a plan gives to a row in an office where another row, not of the plan, has them."""
    rows = [row for row in plan.experts if row.is_written and {"email", "office"} & row.written_facts.keys()]
    keys = {(str(row.after["office"]), str(row.after["email"]).lower()) for row in rows}
    others = Expert.objects.filter(office__code__in={office for office, _ in keys})
    known = others.exclude(pk__in=_pks(plan.experts)).values_list("office__code", "email")
    return sorted({email for office, email in known if (office, email.lower()) in keys})
