"""Lines of a region's spreadsheet: one per expert, the office's columns repeated; one for an office alone."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from directory.sheets.absences import current_absences
from directory.sheets.columns import BY_KEY, COLUMNS, CellKind, Column, Owner
from directory.sheets.known_names import NamedArea
from experts.changes.directory_facts import Facts, absence_order
from experts.changes.stored import StoredDirectory, StoredRow
from experts.list_files import inert
from experts.models import Institution, Office, Subject
from territories.area_search import areas_in_use
from territories.areas import AreaRef, Level
from territories.models import Commune

SEPARATOR = " ; "
MAX_CELL_LENGTH = 32_000  # characters that a workbook accepts, about
CRAFT_LABELS = {"only": "artisans seulement", "exclude": "sauf artisans"}
CellToWrite = str | int | date
SheetLine = list[CellToWrite]


@dataclass(frozen=True, slots=True)
class Labels:
    """Names under which institutions, subjects and areas are written."""

    institutions: dict[str, str]
    subjects: dict[str, str]
    areas: dict[AreaRef, str]

    @classmethod
    def load(cls, refs: Iterable[AreaRef]) -> "Labels":
        """Load the names of these areas, and those of the whole catalogue."""
        return cls(
            institutions=dict(Institution.objects.values_list("code", "name")),
            subjects=dict(Subject.objects.values_list("slug", "label")),
            areas=_names_of(set(refs)),
        )

    def area(self, ref: AreaRef) -> str:
        """The area as a spreadsheet names it."""
        if ref.level is Level.NATIONAL:
            return "France entière"
        return str(NamedArea(ref, self.areas.get(ref, ""))) if ref in self.areas else str(ref)


def _names_of(refs: set[AreaRef]) -> dict[AreaRef, str]:
    codes = [ref.code for ref in refs if ref.kind == "commune"]
    communes = Commune.objects.filter(code__in=codes).values_list("code", "name")
    return dict(areas_in_use()) | {AreaRef("commune", code): name for code, name in communes}


def region_offices(stored: StoredDirectory, region: str | None) -> dict[str, StoredRow[Office]]:
    """The offices in use of a region, of the whole country for ``None``, by code."""
    return {
        code: office
        for code, office in stored.offices.items()
        if not office.facts["dropped_at"]
        and (region is None or (office.instance is not None and office.instance.region_id == region))
    }


def directory_lines(stored: StoredDirectory, region: str | None, *, today: date) -> Iterator[SheetLine]:
    """The lines of a region's part: experts who left, and what files dropped, are not written."""
    offices = region_offices(stored, region)
    experts: dict[str, list[Facts]] = {code: [] for code in offices}
    for (code, _), expert in stored.experts.items():
        if code in offices and not expert.facts["dropped_at"] and not expert.facts["left_at"]:
            experts[code].append(expert.facts)
    everything = [
        *(office.facts for office in offices.values()),
        *(one for some in experts.values() for one in some),
    ]
    labels = Labels.load({ref for facts in everything for ref in facts["areas"]})
    for code, office in offices.items():
        values = office_values(code, office.facts)
        for facts in experts[code]:
            yield make_line(values, expert_values(facts, today=today), labels)
        if not experts[code]:
            yield make_line(values, {}, labels)


def office_values(code: str, facts: Facts) -> dict[str, Any]:
    """Values of the office's columns by key."""
    return {
        column.key: code if column.fact == "code" else facts[column.fact]
        for column in COLUMNS
        if column.owner is Owner.OFFICE
    }


def expert_values(facts: Facts, *, today: date) -> dict[str, Any]:
    """Values of the expert's columns by key; absences that are over are left out."""
    absences = sorted(current_absences(facts, today=today), key=absence_order)
    own = {
        "absent_from": [absence.from_on for absence in absences],
        "absent_to": [absence.to_on for absence in absences],
        "deputies": [absence.deputy or "-" for absence in absences],
        "subjects": "tous" if facts["has_all_subjects"] else facts["subjects"],
    }
    if not any(absence.deputy for absence in absences):
        own["deputies"] = []
    columns = (column for column in COLUMNS if column.owner is Owner.EXPERT)
    return {column.key: own.get(column.fact, facts.get(column.fact)) for column in columns}


def make_line(office: dict[str, Any], expert: dict[str, Any], labels: Labels) -> SheetLine:
    """The cells of a line, in the order of ``COLUMNS``."""
    values = office | expert
    return [write_cell(BY_KEY[column.key], values.get(column.key), labels) for column in COLUMNS]


def write_cell(column: Column, value: Any, labels: Labels) -> CellToWrite:
    """A value as ``CellReader`` reads it back; an empty text for nothing, or for a list that is too long."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, int | date):
        return value
    return inert(_text(column, value, labels)) if isinstance(value, str) else _listed(column, value, labels)


def _text(column: Column, value: str, labels: Labels) -> str:
    if column.kind is CellKind.INSTITUTION:
        return labels.institutions.get(value, value)
    return CRAFT_LABELS[value] if column.kind is CellKind.CRAFT else value


def _listed(column: Column, values: Any, labels: Labels) -> CellToWrite:
    if column.kind is CellKind.AREAS:
        return _areas(values, labels)
    if column.kind is CellKind.DAYS and len(values) == 1:
        day: date = values[0]
        return day
    if column.kind in {CellKind.SUBJECTS, CellKind.SKILLS}:
        texts = sorted(labels.subjects.get(slug, slug) for slug in values)
    elif column.kind is CellKind.NAF:
        texts = [f"{code[:2]}.{code[2:]}" if len(code) > 2 else code for code in values]
    else:
        texts = [f"{value:%d/%m/%Y}" if isinstance(value, date) else str(value) for value in values]
    return SEPARATOR.join(texts)


def _areas(refs: Iterable[AreaRef], labels: Labels) -> str:
    ordered = sorted(refs, key=lambda ref: (-ref.level, ref.code))
    text = SEPARATOR.join(map(labels.area, ordered))
    if len(text) > MAX_CELL_LENGTH:
        text = SEPARATOR.join(map(str, ordered))
    return text if len(text) <= MAX_CELL_LENGTH else ""
