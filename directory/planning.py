"""Plan of a file's import: each row of the file compared with the tables. No query."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import TypeVar

from directory.file import DirectoryFile, ExpertEntry, OfficeEntry, ZoneEntry
from experts.changes import editing
from experts.changes.directory_facts import EXPERT_COLUMNS, OFFICE_COLUMNS, AbsenceEntry, Facts
from experts.changes.row_plans import Difference, Plan, RowOutcome, RowPlan
from experts.changes.stored import Row, RowKey, StoredDirectory, StoredRow
from experts.models import Expert, Office
from experts.models.offices import DirectorySource
from territories.areas import AreaRef
from territories.models import Area

Code = TypeVar("Code", str, tuple[str, str])
SUBJECTS = {"subjects", "has_all_subjects"}
BOUNDS = (("headcount_min", "headcount_max"), ("age_min_years", "age_max_years"))
# A row that a file gives comes from it, and is in use.
GIVEN: Facts = {"dropped_at": None, "source": DirectorySource.FILE}


def make_plan(
    file: DirectoryFile,
    stored: StoredDirectory,
    *,
    current: Mapping[AreaRef, AreaRef],
    today: date,
    now: datetime,
    former_offices: Mapping[int, frozenset[str]],
) -> Plan:
    """Compare the file with the tables.

    ``current`` maps the areas that the file names to today's areas; ``former_offices``: by expert, the codes
    of the offices that they were moved from.
    """
    zones = {entry.slug: _zone_facts(entry, current, stored.zones) for entry in file.zones}
    offices = {entry.code: _office_facts(entry, current) for entry in file.offices}
    named = [(office.code, entry.email.lower()) for office in file.offices for entry in office.experts]
    people = _KnownPeople(stored, named, former_offices)
    experts = {
        people.key(office.code, entry.email): _expert_facts(entry, office.code, current, people)
        for office in file.offices
        for entry in office.experts
    }
    return Plan(
        zones=tuple(_plan_zone(slug, facts, stored.zones.get(slug)) for slug, facts in zones.items())
        + tuple(_missing_from_file(stored.zones, zones, now)),
        offices=tuple(_plan_office(code, facts, stored.offices.get(code)) for code, facts in offices.items())
        + tuple(_missing_from_file(stored.offices, offices, now)),
        experts=tuple(
            _plan_expert(key, facts, stored.experts.get(key), today) for key, facts in experts.items()
        )
        + tuple(_missing_from_file(stored.experts, experts, now)),
    )


def _plan_zone(slug: str, facts: Facts, stored: StoredRow[Area] | None) -> RowPlan[Area]:
    return _plan_row(slug, facts, stored) if stored else editing.new_zone(slug, facts)


def _plan_office(code: str, facts: Facts, stored: StoredRow[Office] | None) -> RowPlan[Office]:
    return _plan_row(code, facts, stored) if stored else editing.new_office(code, facts)


def _zone_facts(
    entry: ZoneEntry, current: Mapping[AreaRef, AreaRef], zones: Mapping[str, StoredRow[Area]]
) -> Facts:
    named = _current(entry.members, current)
    replaced = {ref for ref in named if ref.kind == "zone"}  # they vanished: no zone contains a zone
    members = named - replaced
    for ref in replaced:
        members |= zones[ref.code].facts["members"]
    return GIVEN | {"name": entry.name, "members": members}


def _office_facts(entry: OfficeEntry, current: Mapping[AreaRef, AreaRef]) -> Facts:
    own = {"name": entry.name, "phone": entry.phone, "email": entry.email, **entry.criteria}
    own |= {"is_fallback": entry.is_fallback, "closed_on": entry.closed_on}
    return GIVEN | {
        "institution": entry.institution,
        **{column: own[column] for column in OFFICE_COLUMNS},
        "areas": _current(entry.areas, current),
        "exclusive_subjects": entry.exclusive_subjects,
    }


class _KnownPeople:
    """Experts named by a file, recognised by a former address or office too."""

    def __init__(
        self,
        stored: StoredDirectory,
        named: Iterable[tuple[str, str]],
        former_offices: Mapping[int, frozenset[str]],
    ) -> None:
        self.stored = stored.experts
        former = {
            (office, email): key
            for key, row in stored.experts.items()
            for office in (key[0], *_offices_before(row, former_offices))
            for email in (key[1], *row.facts["former_emails"])
        }
        found = {key for key in named if key in stored.experts}
        self.keys: dict[tuple[str, str], tuple[str, str]] = {}
        for name in named:
            # Two posts of a file are two posts here: only one of them is the row that was moved.
            if name not in found and (key := former.get(name)) and key not in found:
                self.keys[name] = key
                found.add(key)

    def key(self, office: str, email: str) -> tuple[str, str]:
        """The key of the expert named in a file by this office and address."""
        named = (office, email.lower())
        return self.keys.get(named, named)

    def absence(self, office: str, email: str, absence: AbsenceEntry | None) -> AbsenceEntry | None:
        """The same absence with the deputy's address of today, or without a deputy who changed office."""
        if absence is None or absence.deputy is None:
            return absence
        deputy = self.key(office, absence.deputy)
        is_near = self._office_after(self.key(office, email), office) == self._office_after(deputy, office)
        return replace(absence, deputy=deputy[1] if is_near else None)

    def _office_after(self, key: tuple[str, str], office: str) -> str:
        """The office of an expert once the file, which says ``office``, is imported."""
        row = self.stored.get(key)
        return key[0] if row and "office" in row.facts["edited_fields"] else office


def _offices_before(row: StoredRow[Expert], former_offices: Mapping[int, frozenset[str]]) -> frozenset[str]:
    return former_offices.get(row.instance.pk, frozenset()) if row.instance else frozenset()


def _expert_facts(
    entry: ExpertEntry, office: str, current: Mapping[AreaRef, AreaRef], known: _KnownPeople
) -> Facts:
    return GIVEN | {
        "office": office,
        **{column: getattr(entry, column) for column in EXPERT_COLUMNS},
        "subjects": entry.subjects,
        "areas": _current(entry.areas, current),
        "absence": known.absence(office, entry.email, entry.absence),
    }


def _current(refs: Iterable[AreaRef], current: Mapping[AreaRef, AreaRef]) -> frozenset[AreaRef]:
    """Replace areas by today's; zones stay as they are."""
    return frozenset(current.get(ref, ref) for ref in refs)


def _plan_row(
    code: RowKey,
    facts: Facts,
    stored: StoredRow[Row],
    protected: Iterable[str] = (),
    declared: tuple[Difference, ...] = (),
) -> RowPlan[Row]:
    """Plan a row of the file; ``protected`` facts and edited fields keep their value.

    ``declared``: facts that the file cannot give, listed as kept.
    """
    if stored.facts["source"] == DirectorySource.HAND:
        return RowPlan(code, RowOutcome.BY_HAND, stored.instance, kept=_zone_kept(facts, stored.facts))
    kept_facts = {*protected, *stored.facts.get("edited_fields", ())}
    if kept_facts & SUBJECTS:
        kept_facts |= SUBJECTS
    kept_facts |= _reversed_bounds(kept_facts, facts, stored.facts)
    differing = [
        Difference(fact, stored.facts[fact], value)
        for fact, value in facts.items()
        if stored.facts[fact] != value
    ]
    changes = [difference for difference in differing if difference.fact not in kept_facts]
    kept = [difference for difference in differing if difference.fact in kept_facts]
    outcome = RowOutcome.CHANGED if changes else RowOutcome.UNCHANGED
    return RowPlan(code, outcome, stored.instance, facts, stored.facts, tuple(changes), (*kept, *declared))


def _zone_kept(facts: Facts, here: Facts) -> tuple[Difference, ...]:
    """The facts of a zone changed here; other rows have no members, and list their edited facts."""
    names = [fact for fact in ("name", "members") if "members" in here and facts[fact] != here[fact]]
    return tuple(Difference(fact, here[fact], facts[fact]) for fact in names)


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
    today: date,
) -> RowPlan[Expert]:
    """Plan an expert, keeping what was declared: departure, pause, refused address, absences."""
    if stored is None:
        return editing.new_expert(key, facts)
    here = stored.facts
    declared = [
        Difference(fact, value, None)
        for fact in ("left_at", "is_paused", "is_bouncing")
        if (value := here[fact])
    ]
    absences = sorted(here["declared_absences"], key=lambda absence: (absence.from_on, absence.to_on))
    declared += [
        Difference("declared_absences", absence, None) for absence in absences if absence.to_on >= today
    ]
    is_kept = "absences" in here["edited_fields"] or _overlaps(facts["absence"], absences)
    return _plan_row(key, facts, stored, ["absence"] if is_kept else [], tuple(declared))


def _overlaps(absence: object, declared: Iterable[AbsenceEntry]) -> bool:
    """Return whether the file's absence shares a day with a declared one."""
    if not isinstance(absence, AbsenceEntry):
        return False
    return any(absence.from_on <= other.to_on and other.from_on <= absence.to_on for other in declared)


def _missing_from_file(
    stored: Mapping[Code, StoredRow[Row]], listed: Mapping[Code, Facts], now: datetime
) -> Iterator[RowPlan[Row]]:
    """Plan the rows that the file lacks: closed, or left as they are when entered by hand."""
    for code, known in stored.items():
        if code in listed:
            continue
        if known.facts["source"] == DirectorySource.HAND:
            yield RowPlan(code, RowOutcome.BY_HAND, known.instance)
        elif not known.facts["dropped_at"]:
            dropped = (Difference("dropped_at", None, now),)
            yield RowPlan(code, RowOutcome.CLOSED, known.instance, before=known.facts, changes=dropped)
