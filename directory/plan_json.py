"""Plans as JSON, for commands."""

from collections.abc import Iterable, Iterator
from typing import Any

from directory.plan_report import HIDDEN
from experts.changes.directory_facts import to_json
from experts.changes.row_plans import Difference, Plan, RowOutcome, RowPlan

KINDS = (("zone", "zones"), ("office", "offices"), ("expert", "experts"))
OUTCOMES = {
    "created": RowOutcome.CREATED,
    "changed": RowOutcome.CHANGED,
    "closed": RowOutcome.CLOSED,
    "unchanged": RowOutcome.UNCHANGED,
}


def plan_json(plan: Plan) -> dict[str, list[dict[str, Any]]]:
    """Rows created, changed, closed, unchanged, and kept: the facts that the plan leaves as people said."""
    rows = list(_rows(plan))
    found = {
        name: [_row(kind, row) for kind, row in rows if row.outcome is outcome]
        for name, outcome in OUTCOMES.items()
    }
    kept = [_name(kind, row) | {"facts": list(_differences(row.kept))} for kind, row in rows if row.kept]
    return found | {"kept": kept}


def _rows(plan: Plan) -> Iterator[tuple[str, RowPlan[Any]]]:
    for kind, attribute in KINDS:
        for row in getattr(plan, attribute):
            yield kind, row


def _name(kind: str, row: RowPlan[Any]) -> dict[str, Any]:
    """The row: its kind, its name, and the office's code; an expert's email too."""
    if kind == "expert":
        return {"kind": kind, "office": row.key[0], "email": row.key[1], "name": row.label}
    return {"kind": kind, "code": row.key, "name": row.label}


def _row(kind: str, row: RowPlan[Any]) -> dict[str, Any]:
    named = _name(kind, row)
    if row.outcome is RowOutcome.CREATED:
        return named | {"facts": to_json(row.facts)}
    return named | {"changes": list(_differences(row.changes))}


def _differences(differences: Iterable[Difference]) -> Iterator[dict[str, Any]]:
    for one in differences:
        if one.fact not in HIDDEN:
            before, after = (_fact_json(one.fact, value) for value in (one.before, one.after))
            yield {"fact": one.fact, "before": before, "after": after}


def _fact_json(fact: str, value: object) -> object:
    return to_json({fact: value})[fact]
