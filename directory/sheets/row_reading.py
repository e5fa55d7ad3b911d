"""Rows of a spreadsheet: headings are recognised, cells read, and every error kept with its place."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

from directory.sheets import column_groups
from directory.sheets.cell_texts import Unread
from directory.sheets.cell_values import CellReader, SheetNote
from directory.sheets.columns import BY_KEY, HELP_SHEET, LISTS_SHEET, Column, Owner
from directory.sheets.habits import plain_text
from directory.sheets.tables import MAX_COLUMNS, CellValue, Sheet, SheetRow, UnreadableSheet
from experts.entries import CONTROLS, Entry, Problem, Problems
from experts.yaml_files import Scalar
from territories.names import normalise

HEADINGS_WITHIN = 30  # rows
OTHER_SHEETS = {normalise(HELP_SHEET), normalise(LISTS_SHEET)}
IDENTIFYING = {"office.code", "office.name", "expert.email"}
TOTAL = re.compile(r"(sous )?(total|totaux)\b( general| des? .*| d .*| [\d ]+|)$")
NO_HEADINGS = (
    "Aucune ligne de titres n'est reconnue : la première ligne doit nommer les colonnes, par exemple "
    "« Nom de l'antenne », « Courriel du référent », « Sujets »."
)


@dataclass(slots=True)
class ReadRow:
    """A row that was read: the values by column key; « - » gave empty values, empty cells are absent.

    ``headings``: by column key, shared by the rows of a sheet. ``unread``: keys of refused cells.
    """

    sheet: str
    line: int
    problems: Problems
    headings: Mapping[str, str]
    values: dict[str, Any] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)

    def heading(self, key: str) -> str:
        """The heading of a column as the file writes it, else as the template does."""
        return self.headings.get(key, BY_KEY[key].heading)

    def refuse(self, key: str, sentence: str) -> None:
        """Record an error in a column of this row."""
        self.problems.add(Problem(self.line, self.heading(key), sentence))

    def facts(self, owner: Owner) -> dict[str, Any]:
        """The values of the office's, or of the expert's, columns by fact."""
        return {
            column.fact: value for key, value in self.values.items() if (column := BY_KEY[key]).owner is owner
        }


@dataclass
class RowReader:
    """Reader of all the sheets of a file; ``remarks`` tells what was not read, or read otherwise."""

    cells: CellReader
    remarks: list[str] = field(default_factory=list)
    problems: list[tuple[str, Problems]] = field(default_factory=list)

    def read(self, sheets: list[Sheet]) -> Iterator[ReadRow]:
        """The rows of every sheet with headings. Raises ``UnreadableSheet`` when there is none."""
        is_any_read = False
        for sheet in sheets:
            if normalise(sheet.name) in OTHER_SHEETS and len(sheets) > 1:
                continue
            before = list(islice(sheet.rows, HEADINGS_WITHIN))
            position = _position_of_headings(before)
            if position is None:
                if any(not row.is_blank for row in before):
                    self.remarks.append(
                        f"Feuille « {sheet.name} » : aucune ligne de titres, elle n'est pas lue."
                    )
                continue
            is_any_read = True
            yield from self._read_sheet(sheet, before, position)
            self.remarks += [f"Feuille « {sheet.name} » : {remark}" for remark in sheet.remarks]
        if not is_any_read:
            raise UnreadableSheet(NO_HEADINGS)
        if self.cells.stray_spaces:
            self.remarks.append(f"Espaces en trop retirées : {self.cells.stray_spaces} cases.")

    def all_problems(self) -> list[SheetNote]:
        """Every error, sheet by sheet, in the order of lines."""
        return [
            SheetNote(sheet, problem.line, _column(problem.path), problem.sentence)
            for sheet, problems in self.problems
            for problem in problems.in_order()
        ]

    def _read_sheet(self, sheet: Sheet, before: list[SheetRow], position: int) -> Iterator[ReadRow]:
        problems = Problems()
        self.problems.append((sheet.name, problems))
        self.cells.sheet = sheet.name
        above = before[position - 1] if position else None
        columns = self._columns(sheet.name, before[position], above, problems)
        headings = {column.key: heading for _, column, heading in columns}
        for row in chain(before[position + 1 :], sheet.rows):
            if _is_total(row):
                self.remarks.append(
                    f"Feuille « {sheet.name} », ligne {row.line} : un total, il n'est pas lu."
                )
            elif not row.is_blank:
                yield self._read_row(ReadRow(sheet.name, row.line, problems, headings), row, columns)

    def _columns(
        self, sheet: str, headings: SheetRow, above: SheetRow | None, problems: Problems
    ) -> list[tuple[int, Column, str]]:
        """Position, column and heading of the columns that are read; one given twice is an error."""
        found: list[tuple[int, Column, str]] = []
        if len(headings.cells) > MAX_COLUMNS:
            self.remarks.append(
                f"Feuille « {sheet} » : après la {MAX_COLUMNS}e, les colonnes ne sont pas lues."
            )
        groups = column_groups.groups_under(above, len(headings.cells))
        for position, cell in enumerate(headings.cells[:MAX_COLUMNS]):
            heading = CONTROLS.sub("", plain_text(cell)).strip()
            if not heading:
                continue
            column = column_groups.column_under(groups[position], heading)
            if column is None:
                self.remarks.append(f"Feuille « {sheet} » : la colonne « {heading[:60]} » n'est pas lue.")
            elif any(column is other for _, other, _ in found):
                problems.add(
                    Problem(
                        headings.line, heading, f"deux colonnes donnent « {column.heading} » : gardez-en une."
                    )
                )
            else:
                found.append((position, column, heading))
        return found

    def _read_row(self, read: ReadRow, row: SheetRow, columns: list[tuple[int, Column, str]]) -> ReadRow:
        for position, column, heading in columns:
            value = row.cells[position] if position < len(row.cells) else None
            if _is_empty(value):
                continue
            entry = Entry(Scalar(row.line, "", "str"), heading, read.problems)
            try:
                read.values[column.key] = self.cells.read(column, value, entry)
            except Unread:
                read.unread.add(column.key)
        return read


def _is_empty(value: CellValue) -> bool:
    return value is None or (isinstance(value, str) and not value.replace("\u200b", "").strip())


def _is_total(row: SheetRow) -> bool:
    """True for a line of sums, as people add them below a table: it names nobody."""
    texts = [plain_text(cell).strip() for cell in row.cells if not _is_empty(cell)]
    return bool(texts) and bool(TOTAL.match(normalise(texts[0]))) and not any("@" in text for text in texts)


def _position_of_headings(rows: list[SheetRow]) -> int | None:
    """Position of the row with most known headings; ``None`` when no row says what its lines are about."""
    best, most = None, 0
    for position, row in enumerate(rows):
        groups = column_groups.groups_under(rows[position - 1] if position else None, len(row.cells))
        texts = [(place, cell) for place, cell in enumerate(row.cells) if isinstance(cell, str)]
        known = {
            column.key for place, text in texts if (column := column_groups.column_under(groups[place], text))
        }
        if known & IDENTIFYING and len(known) > max(most, 1):
            best, most = position, len(known)
    return best


def _column(path: str) -> str:
    """The heading, without the position of an item of a list."""
    heading, bracket, rest = path.rpartition("[")
    return heading if bracket and rest.rstrip("]").isdigit() else path
