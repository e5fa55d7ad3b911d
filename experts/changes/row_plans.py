"""Plan of a change to the directory, row by row: what would be written, and what is kept. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Generic

from experts.changes.directory_facts import Facts
from experts.changes.stored import Row, RowKey, StoredDirectory, StoredRow
from experts.models import Expert, Office
from territories.models import Area


class RowOutcome(Enum):
    """Effect of a plan on one row."""

    CREATED = "created"
    CHANGED = "changed"
    CLOSED = "closed"
    REMOVED = "removed"
    UNCHANGED = "unchanged"
    BY_HAND = "by hand"


@dataclass(frozen=True, slots=True)
class Difference:
    """A fact, its value in the portal, and its value in the file, the form or the sheet."""

    fact: str
    before: object
    after: object


@dataclass(frozen=True, slots=True)
class RowPlan(Generic[Row]):
    """Plan for one row; ``instance``: its model, ``None`` for a row to create.

    ``key``: a zone's slug, an office's code, or an expert's office code and email in lower case, as they are
    before the plan. ``facts``: the facts proposed. ``before``: all the facts of the row, empty for a new one.
    ``changes`` will be written; ``kept`` are proposed values that do not replace what people declared.
    """

    key: RowKey
    outcome: RowOutcome
    instance: Row | None = None
    facts: Facts = field(default_factory=dict)
    before: Facts = field(default_factory=dict)
    changes: tuple[Difference, ...] = ()
    kept: tuple[Difference, ...] = ()

    @property
    def is_written(self) -> bool:
        """Return whether facts are written to this row."""
        return self.outcome in {RowOutcome.CREATED, RowOutcome.CHANGED, RowOutcome.CLOSED}

    @property
    def changes_something(self) -> bool:
        """Return whether the row is written or removed."""
        return self.is_written or self.outcome is RowOutcome.REMOVED

    @property
    def written_facts(self) -> Facts:
        """The facts to write, with their new values."""
        if self.outcome is RowOutcome.CREATED:
            return self.facts
        return {change.fact: change.after for change in self.changes}

    @property
    def label(self) -> str:
        """The name of the row as people read it."""
        return str(self.after.get("name") or self.key)

    @property
    def after(self) -> Facts:
        """All the facts of the row once the plan is applied."""
        return self.before | self.written_facts


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole change: zones, offices and experts."""

    zones: tuple[RowPlan[Area], ...] = ()
    offices: tuple[RowPlan[Office], ...] = ()
    experts: tuple[RowPlan[Expert], ...] = ()

    def rows(self) -> Iterator[RowPlan[Area] | RowPlan[Office] | RowPlan[Expert]]:
        """Iterate over all the rows."""
        yield from self.zones
        yield from self.offices
        yield from self.experts

    def count(self, outcome: RowOutcome) -> int:
        """Count the rows with this outcome."""
        return sum(row.outcome is outcome for row in self.rows())

    @property
    def changes_something(self) -> bool:
        """Return whether the plan would change the tables."""
        return any(row.changes_something for row in self.rows())

    @property
    def former_addresses(self) -> dict[str, str]:
        """The address that each person had, by the one that they take, in lower case."""
        return {
            row.after["email"].lower(): row.before["email"].lower()
            for row in self.experts
            if row.outcome is RowOutcome.CHANGED and "email" in row.written_facts
        }

    def only_changes(self) -> "Plan":
        """The same plan without the rows that it leaves as they are."""
        return Plan(
            zones=tuple(row for row in self.zones if row.changes_something),
            offices=tuple(row for row in self.offices if row.changes_something),
            experts=tuple(row for row in self.experts if row.changes_something),
        )

    def applied_to(self, stored: StoredDirectory) -> StoredDirectory:
        """The directory as it would be, in memory; nothing is written."""
        return replace(
            stored,
            zones=_applied(stored.zones, self.zones, lambda key, facts: key),
            offices=_applied(stored.offices, self.offices, lambda key, facts: key),
            experts=_applied(
                stored.experts, self.experts, lambda key, facts: (facts["office"], facts["email"].lower())
            ),
        )


def _applied(rows: dict[Any, StoredRow[Any]], plans: tuple[RowPlan[Any], ...], key_of: Any) -> Any:
    """A copy of the rows with the plans' facts; an expert's key follows their office and address."""
    changed = [plan for plan in plans if plan.changes_something]
    dropped = {plan.key for plan in changed}
    found = {key: row for key, row in rows.items() if key not in dropped}
    for plan in changed:
        if plan.is_written:
            found[key_of(plan.key, plan.after)] = StoredRow(plan.instance, plan.after)
    return found
