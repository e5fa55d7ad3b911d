"""Plan of a spreadsheet: rows compared with the tables, lines that the editor may not change taken out."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from directory.sheets.absences import change_absences
from directory.sheets.cell_values import SheetNote
from directory.sheets.columns import BY_KEY
from directory.sheets.gathering import ExpertKey, GatheredExpert, Gathering
from directory.sheets.row_reading import ReadRow
from directory.sheets.whole import Whole
from experts.changes import editing
from experts.changes.directory_facts import Facts
from experts.changes.rights import refusals_of_region, unreached
from experts.changes.row_plans import Difference, Plan, RowOutcome, RowPlan
from experts.changes.stored import StoredDirectory
from experts.models import Expert, Office
from experts.models.offices import DirectorySource
from territories.areas import AreaRef

CONFIRMED_ABOVE = 0.10  # of the offices and experts of a whole


@dataclass(frozen=True, slots=True)
class SheetOptions:
    """Choices of the person who sends a file; ``region`` is ``None`` for the whole country.

    ``replaces_declared``: the file wins over what experts said themselves.
    """

    region: str | None
    whole: Whole | None = None
    replaces_declared: bool = False


@dataclass(frozen=True, slots=True)
class Closing:
    """Rows that a whole closes, among those that it has."""

    closed: int = 0
    total: int = 0

    @property
    def must_be_confirmed(self) -> bool:
        """Return whether the whole closes more than a tenth of its part of the directory."""
        return self.closed > CONFIRMED_ABOVE * self.total


@dataclass(frozen=True, slots=True)
class SheetPlan:
    """A plan, and the lines that were taken out of it."""

    plan: Plan
    refused: tuple[SheetNote, ...] = ()
    closing: Closing = Closing()


@dataclass
class Planner:
    """Comparison of gathered rows with the tables; ``declared_phones``: those that experts gave, by pk."""

    gathering: Gathering
    options: SheetOptions
    current: Mapping[AreaRef, AreaRef]
    now: datetime
    today: date
    declared_phones: Mapping[int, str] = field(default_factory=dict)

    @property
    def stored(self) -> StoredDirectory:
        return self.gathering.stored

    def make(self) -> SheetPlan:
        """Make the plan, without the lines that the region may not change."""
        offices = {code: self._office(code) for code in self.gathering.offices}
        experts = {key: self._expert(key, expert) for key, expert in self.gathering.experts.items()}
        plan = Plan(offices=tuple(offices.values()), experts=tuple(experts.values()))
        plan, refused = self._allowed(plan)
        closed_offices, closed_experts, total = self._closings()
        whole = Plan(
            offices=plan.offices + tuple(closed_offices), experts=plan.experts + tuple(closed_experts)
        )
        return SheetPlan(whole, refused, Closing(len(closed_offices) + len(closed_experts), total))

    def _office(self, code: str) -> RowPlan[Office]:
        facts = self._with_current_areas(self.gathering.offices[code].facts)
        stored = self.stored.offices.get(code)
        if stored is None:
            return editing.new_office(code, facts)
        return editing.change(code, stored, _not_respaced(facts, stored.facts) | _relisted(stored.facts))

    def _expert(self, key: ExpertKey, gathered: GatheredExpert) -> RowPlan[Expert]:
        facts = self._with_current_areas(gathered.facts)
        absences = facts.pop("absences")
        stored = self.stored.experts.get(key)
        if stored is None:
            office_phone = self._office_fact(key[0], "phone")
            added = {"phone": office_phone, "declared_absences": absences or frozenset()}
            return editing.new_expert(key, added | facts)
        kept = self._keep_declared(stored.facts, facts, stored.instance)
        if absences is not None:
            change = change_absences(
                stored.facts,
                absences,
                today=self.today,
                replaces_declared=self.options.replaces_declared,
            )
            facts |= change.facts
            kept += change.kept
        plan = editing.change(key, stored, facts | _relisted(stored.facts))
        return replace(plan, kept=kept)

    def _keep_declared(self, here: Facts, facts: Facts, row: Expert | None) -> tuple[Difference, ...]:
        """Take out of the facts what the expert declared, unless the file wins; return what is kept."""
        if self.options.replaces_declared:
            if here["left_at"]:
                facts |= {"left_at": None, "successor": ""}
            return ()
        kept = [Difference("left_at", here["left_at"], None)] if here["left_at"] else []
        declared = self.declared_phones.get(row.pk) if row else None
        if declared == here["phone"] and facts.get("phone", declared) != declared:
            kept.append(Difference("phone", declared, facts.pop("phone")))
        return tuple(kept)

    def _with_current_areas(self, facts: Mapping[str, Any]) -> Facts:
        """The facts, with today's areas in place of former ones."""
        if "areas" not in facts:
            return dict(facts)
        return {**facts, "areas": frozenset(self.current.get(ref, ref) for ref in facts["areas"])}

    def _office_fact(self, code: str, fact: str) -> Any:
        given = self.gathering.offices[code].facts.get(fact)
        stored = self.stored.offices.get(code)
        return given if given is not None or stored is None else stored.facts[fact]

    # Rights

    def _allowed(self, plan: Plan) -> tuple[Plan, tuple[SheetNote, ...]]:
        """Split a plan into what the region may change and the lines that are refused."""
        notes: list[SheetNote] = []
        offices: set[Any] = set()
        experts: set[Any] = set()
        region = self.options.region
        for refusal in unreached(plan) if region is None else refusals_of_region(plan, region):
            (offices if refusal.kind == "office" else experts).add(refusal.key)
            notes.append(self._note(refusal.kind, refusal.key, refusal.fact, refusal.sentence))
        new = {row.key for row in plan.offices if row.outcome is RowOutcome.CREATED} & offices
        experts |= {row.key for row in plan.experts if row.key[0] in new}
        allowed = Plan(
            offices=tuple(row for row in plan.offices if row.key not in offices),
            experts=tuple(row for row in plan.experts if row.key not in experts),
        )
        return allowed, tuple(dict.fromkeys(notes))

    def _note(self, kind: str, key: Any, fact: str, sentence: str) -> SheetNote:
        """A refused line, with the column that says why."""
        row: ReadRow
        if kind == "office":
            row, column = self.gathering.offices[key].row, BY_KEY.get(f"office.{fact or 'name'}")
        else:
            row, column = self.gathering.experts[key].row, BY_KEY.get(f"expert.{fact or 'email'}")
        heading = "" if column is None else row.headings.get(column.key, column.heading)
        return SheetNote(row.sheet, row.line, heading, sentence)

    # Wholes

    def _closings(self) -> tuple[list[RowPlan[Office]], list[RowPlan[Expert]], int]:
        """The offices and experts that the whole lacks, and the number of those that it has."""
        if self.options.whole is None:
            return [], [], 0
        codes = self.options.whole.offices(self.stored, region=self.options.region, today=self.today)
        experts = {
            key: stored
            for key, stored in self.stored.experts.items()
            if key[0] in codes and not stored.facts["dropped_at"] and not stored.facts["left_at"]
        }
        missing = [code for code in sorted(codes) if code not in self.gathering.offices]
        offices = [editing.close_office(code, self.stored.offices[code], on=self.today) for code in missing]
        leaving = [
            editing.close_expert(key, stored, at=self.now)
            for key, stored in experts.items()
            if self.gathering.has_expert_columns
            and key not in self.gathering.experts
            and key[0] in self.gathering.offices
        ]
        return offices, leaving, len(codes) + len(experts)


def _not_respaced(facts: Facts, stored: Facts) -> Facts:
    """The facts, without the texts that differ from those stored only by spaces, which reading removes."""
    return {
        name: value
        for name, value in facts.items()
        if not (isinstance(value, str) and " ".join(str(stored[name]).split()) == value)
    }


def _relisted(here: Facts) -> Facts:
    """A row that a directory file had dropped is in use again, and no file that lacks it drops it."""
    return {"dropped_at": None, "source": DirectorySource.HAND} if here["dropped_at"] else {}
