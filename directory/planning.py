"""Plan of an import: each row of the file compared with the tables. No query."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Generic, TypeVar

from directory.file import AbsenceEntry, DirectoryFile, ExpertEntry, OfficeEntry, ZoneEntry
from directory.snapshot import EXPERT_COLUMNS, OFFICE_COLUMNS, Facts, Period, Row, StoredDirectory, StoredRow
from experts.models import Expert, Office
from experts.models.directory import DirectorySource
from territories.areas import AreaRef
from territories.models import Area

Key = str | tuple[str, str]
Code = TypeVar("Code", str, tuple[str, str])
SUBJECTS = {"subjects", "has_all_subjects"}
BOUNDS = (("headcount_min", "headcount_max"), ("age_min_years", "age_max_years"))


class RowOutcome(Enum):
    """Effect of an import on one row."""

    CREATED = "created"
    CHANGED = "changed"
    CLOSED = "closed"
    UNCHANGED = "unchanged"
    BY_HAND = "by hand"


@dataclass(frozen=True, slots=True)
class Difference:
    """A fact whose value in the portal differs from the file's."""

    fact: str
    portal_value: object
    file_value: object


@dataclass(frozen=True, slots=True)
class RowPlan(Generic[Row]):
    """Plan for one row; ``row`` is ``None`` for a row to create.

    ``key``: a zone's slug, an office's id, or an expert's office id and email in lower case.
    """

    key: Key
    outcome: RowOutcome
    row: Row | None = None
    facts: Facts = field(default_factory=dict)
    changes: tuple[Difference, ...] = ()
    kept: tuple[Difference, ...] = ()

    @property
    def is_written(self) -> bool:
        """Return whether facts of the file are written to this row."""
        return self.outcome in {RowOutcome.CREATED, RowOutcome.CHANGED}

    def written(self) -> set[str]:
        """Names of the facts to write."""
        if self.outcome is RowOutcome.CREATED:
            return set(self.facts)
        return {change.fact for change in self.changes} & set(self.facts)


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole import, row by row, in the order of the file, then of the tables."""

    zones: tuple[RowPlan[Area], ...]
    offices: tuple[RowPlan[Office], ...]
    experts: tuple[RowPlan[Expert], ...]

    def rows(self) -> Iterator["RowPlan[Area] | RowPlan[Office] | RowPlan[Expert]"]:
        """Iterate over all the rows."""
        yield from self.zones
        yield from self.offices
        yield from self.experts

    def count(self, outcome: RowOutcome) -> int:
        """Count the rows with this outcome."""
        return sum(row.outcome is outcome for row in self.rows())

    @property
    def changes_something(self) -> bool:
        """Return whether the import would change the tables."""
        return any(
            row.outcome in {RowOutcome.CREATED, RowOutcome.CHANGED, RowOutcome.CLOSED} for row in self.rows()
        )


def make_plan(
    file: DirectoryFile, stored: StoredDirectory, *, current: Mapping[AreaRef, AreaRef], today: date
) -> Plan:
    """Compare the file with the tables; ``current`` maps the areas that the file names to today's areas."""
    zones = {entry.slug: _zone_facts(entry, current) for entry in file.zones}
    offices = {entry.code: _office_facts(entry, current) for entry in file.offices}
    experts = {
        (office.code, entry.email.lower()): _expert_facts(entry, current)
        for office in file.offices
        for entry in office.experts
    }
    return Plan(
        zones=tuple(_plan_row(slug, facts, stored.zones.get(slug)) for slug, facts in zones.items())
        + tuple(_missing_from_file(stored.zones, zones)),
        offices=tuple(_plan_row(code, facts, stored.offices.get(code)) for code, facts in offices.items())
        + tuple(_missing_from_file(stored.offices, offices)),
        experts=tuple(
            _plan_expert(key, facts, stored.experts.get(key), stored.declared_absences, today)
            for key, facts in experts.items()
        )
        + tuple(_missing_from_file(stored.experts, experts)),
    )


def _zone_facts(entry: ZoneEntry, current: Mapping[AreaRef, AreaRef]) -> Facts:
    return {"name": entry.name, "members": _current(entry.members, current)}


def _office_facts(entry: OfficeEntry, current: Mapping[AreaRef, AreaRef]) -> Facts:
    own = {"name": entry.name, "phone": entry.phone, "email": entry.email, **entry.criteria}
    own |= {"is_fallback": entry.is_fallback, "closed_on": entry.closed_on}
    return {
        "institution": entry.institution,
        **{column: own[column] for column in OFFICE_COLUMNS},
        "areas": _current(entry.areas, current),
        "exclusive_subjects": entry.exclusive_subjects,
    }


def _expert_facts(entry: ExpertEntry, current: Mapping[AreaRef, AreaRef]) -> Facts:
    return {
        **{column: getattr(entry, column) for column in EXPERT_COLUMNS},
        "subjects": entry.subjects,
        "areas": _current(entry.areas, current),
        "absence": entry.absence,
    }


def _current(refs: Iterable[AreaRef], current: Mapping[AreaRef, AreaRef]) -> frozenset[AreaRef]:
    """Replace areas by today's; zones stay as they are."""
    return frozenset(current.get(ref, ref) for ref in refs)


def _plan_row(
    code: Key,
    facts: Facts,
    stored: StoredRow[Row] | None,
    protected: Iterable[str] = (),
    declared: tuple[Difference, ...] = (),
) -> RowPlan[Row]:
    """Plan a row of the file; ``protected`` facts and edited fields keep their value.

    ``declared``: facts that the file cannot give, listed as kept.
    """
    if stored is None:
        return RowPlan(code, RowOutcome.CREATED, facts=facts)
    row = stored.row
    if row.source == DirectorySource.HAND:  # type: ignore[attr-defined]
        return RowPlan(code, RowOutcome.BY_HAND, row)
    kept_facts = {*protected, *getattr(row, "edited_fields", ())}
    if kept_facts & SUBJECTS:
        kept_facts |= SUBJECTS
    kept_facts |= _reversed_bounds(kept_facts, facts, stored.facts)
    differing = [
        Difference(fact, stored.facts[fact], value)
        for fact, value in facts.items()
        if stored.facts[fact] != value
    ]
    changes = [difference for difference in differing if difference.fact not in kept_facts]
    if row.dropped_at:  # type: ignore[attr-defined]
        changes.insert(0, Difference("dropped_at", row.dropped_at, None))  # type: ignore[attr-defined]
    kept = [difference for difference in differing if difference.fact in kept_facts]
    outcome = RowOutcome.CHANGED if changes else RowOutcome.UNCHANGED
    return RowPlan(code, outcome, row, facts, tuple(changes), (*kept, *declared))


def _reversed_bounds(kept_facts: set[str], facts: Facts, here: Facts) -> set[str]:
    """Bounds of the file that would be reversed by a bound edited in the portal: both keep their value."""
    reversed_bounds: set[str] = set()
    for pair in BOUNDS:
        if not kept_facts & set(pair):
            continue
        low, high = (here[name] if name in kept_facts else facts[name] for name in pair)
        if isinstance(low, int) and isinstance(high, int) and low > high:
            reversed_bounds |= set(pair)
    return reversed_bounds


def _plan_expert(
    key: tuple[str, str],
    facts: Facts,
    stored: StoredRow[Expert] | None,
    absences: Mapping[int, list[Period]],
    today: date,
) -> RowPlan[Expert]:
    """Plan an expert, keeping what was declared: departure, pause, refused address, absences."""
    if stored is None:
        return _plan_row(key, facts, stored)
    expert = stored.row
    declared = [
        Difference(fact, value, None)
        for fact in ("left_at", "is_paused", "is_bouncing")
        if (value := getattr(expert, fact))
    ]
    periods = absences.get(expert.pk, [])
    declared += [Difference("declared_absence", period, None) for period in periods if period[1] >= today]
    protected = (
        ["absence"] if "absences" in expert.edited_fields or _overlaps(facts["absence"], periods) else []
    )
    return _plan_row(key, facts, stored, protected, tuple(declared))


def _overlaps(absence: object, periods: Iterable[Period]) -> bool:
    """Return whether the file's absence shares a day with a declared one."""
    if not isinstance(absence, AbsenceEntry):
        return False
    return any(absence.from_on <= to_on and from_on <= absence.to_on for from_on, to_on in periods)


def _missing_from_file(
    stored: Mapping[Code, StoredRow[Row]], listed: Mapping[Code, Facts]
) -> Iterator[RowPlan[Row]]:
    """Plan the rows that the file lacks: closed, or left as they are when entered by hand."""
    for code, known in stored.items():
        if code in listed:
            continue
        row = known.row
        if row.source == DirectorySource.HAND:  # type: ignore[attr-defined]
            yield RowPlan(code, RowOutcome.BY_HAND, row)
        elif not row.dropped_at:  # type: ignore[attr-defined]
            yield RowPlan(code, RowOutcome.CLOSED, row)
