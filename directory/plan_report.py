"""Report of a plan in French: rows created, changed, closed, kept and unchanged."""

from collections.abc import Iterable, Iterator
from typing import Any

from experts.changes.directory_facts import LABELS
from experts.changes.formatting import format_value
from experts.changes.row_plans import Difference, Plan, RowOutcome, RowPlan

KINDS = (("zones", "zone", "zones"), ("offices", "antenne", "antennes"), ("experts", "référent", "référents"))
# Facts that a file cannot give: there is no value to compare with.
DECLARED = {"left_at", "is_paused", "is_bouncing", "declared_absences"}
# What the portal notes for itself.
HIDDEN = {"edited_fields", "source"}


def lines(plan: Plan, *, is_dry_run: bool, lists_created: bool = False) -> Iterator[str]:
    """Lines of the report; that of a dry run, or one with ``lists_created``, lists the rows to create too."""
    if is_dry_run:
        yield "Essai à blanc : rien n'est écrit."
    if is_dry_run or lists_created:
        yield from _section("À créer" if is_dry_run else "Créés", plan, RowOutcome.CREATED)
    yield from _section("À fermer" if is_dry_run else "Fermés, absents du fichier", plan, RowOutcome.CLOSED)
    yield from _block("À changer" if is_dry_run else "Changés", _changes(plan))
    yield from _block("Gardés tels que déclarés dans le portail", _kept(plan))
    yield from _section("Saisis à la main, laissés tels quels", plan, RowOutcome.BY_HAND)
    yield from _totals(plan)


def _section(title: str, plan: Plan, outcome: RowOutcome) -> Iterator[str]:
    """Lines of the rows with this outcome."""
    yield from _block(title, (_name(kind, row) for kind, row in _rows(plan) if row.outcome is outcome))


def _block(title: str, entries: Iterable[str]) -> Iterator[str]:
    """A title and its lines; nothing when there are no lines."""
    found = list(entries)
    if found:
        yield f"{title} ({len(found)})"
        yield from (f"  {entry}" for entry in found)


def _rows(plan: Plan) -> Iterator[tuple[str, RowPlan[Any]]]:
    """All the rows, each with its kind."""
    for attribute, kind, _ in KINDS:
        for row in getattr(plan, attribute):
            yield kind, row


def _name(kind: str, row: RowPlan[Any]) -> str:
    return f"{kind} {row.key if isinstance(row.key, str) else ' '.join(row.key)}"


def _changes(plan: Plan) -> Iterator[str]:
    for kind, row in _rows(plan):
        shown = row.changes if row.outcome is RowOutcome.CHANGED else ()
        for change in (one for one in shown if one.fact not in HIDDEN):
            values = f"{format_value(change.before)} → {format_value(change.after)}"
            yield f"{_name(kind, row)} · {LABELS[change.fact]} : {values}"


def _kept(plan: Plan) -> Iterator[str]:
    for kind, row in _rows(plan):
        for kept in row.kept:
            yield f"{_name(kind, row)} · {LABELS[kept.fact]} : {_kept_value(kept)}"


def _kept_value(kept: Difference) -> str:
    if kept.fact in DECLARED:
        return format_value(kept.before)
    return f"{format_value(kept.before)} (fichier : {format_value(kept.after)})"


def _totals(plan: Plan) -> Iterator[str]:
    """One line of totals per kind."""
    for attribute, _, kind in KINDS:
        rows: tuple[RowPlan[Any], ...] = getattr(plan, attribute)
        counts = {outcome: sum(row.outcome is outcome for row in rows) for outcome in RowOutcome}
        yield (
            f"{kind.capitalize()} : créés {counts[RowOutcome.CREATED]}, "
            f"changés {counts[RowOutcome.CHANGED]}, fermés {counts[RowOutcome.CLOSED]}, "
            f"gardés {sum(bool(row.kept) for row in rows)}, inchangés {counts[RowOutcome.UNCHANGED]}, "
            f"saisis à la main {counts[RowOutcome.BY_HAND]}."
        )
