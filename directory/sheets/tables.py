"""Rows and cells of a spreadsheet, whatever its format."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

# A ``datetime`` is a ``date``.
CellValue = str | int | float | bool | date | None

MAX_BYTES = 20 * 1024 * 1024
MAX_ROWS = 50_000  # with something in them
MAX_COLUMNS = 200
READ_COLUMNS = MAX_COLUMNS + 1  # to know that there are more
# A formula that no program has computed: its file holds no result.
NO_RESULT = "#FORMULE!"


class UnreadableSheet(Exception):
    """The file cannot be read as a whole; the message is one sentence that says what to do."""


TOO_BIG = "Le fichier dépasse 20 Mo : gardez-en les lignes utiles, ou découpez-le."
TOO_MANY_ROWS = "Le tableau a plus de 50 000 lignes : gardez les lignes utiles, ou découpez le fichier."
SCATTERED = (
    "Ce fichier demande trop de mémoire, peut-être pour une case remplie loin du tableau : effacez-la, ou "
    "enregistrez-le en « Classeur Excel (.xlsx) »."
)
BROKEN = (
    "Ce fichier est abîmé, ou n'est pas un tableur : ouvrez-le dans un tableur et enregistrez-le de nouveau."
)


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row and its number in the file, from 1."""

    line: int
    cells: tuple[CellValue, ...]

    @property
    def is_blank(self) -> bool:
        """Return whether nothing is written in the row."""
        return all(cell is None or (isinstance(cell, str) and not cell.strip()) for cell in self.cells)


@dataclass(slots=True)
class Sheet:
    """One sheet of a file; ``rows`` can be read once, and leave out most of the blank ones.

    ``remarks``: what a reader must be told, complete once the rows are read.
    """

    name: str
    rows: Iterator[SheetRow]
    remarks: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class MergedRange:
    """Merged cells, by row and column from 1, both ends included."""

    first_row: int
    first_column: int
    last_row: int
    last_column: int


@dataclass(slots=True)
class SheetLayout:
    """Hidden parts, merged cells, and formulas without result or with an error of a sheet."""

    merged: list[MergedRange] = field(default_factory=list)
    is_hidden: bool = False
    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: list[int] = field(default_factory=list)
    without_result: dict[int, list[int]] = field(default_factory=dict)  # columns, by row
    errors: dict[int, dict[int, str]] = field(default_factory=dict)  # shown texts by column, by row
    # In which something is written, of a workbook that is read row by row.
    last_row: int = 0
    last_column: int = 0


def with_layout(name: str, rows: Iterator[SheetRow], layout: SheetLayout) -> Sheet:
    """A sheet whose merged cells all have the value of the first one; hidden rows are said."""
    sheet = Sheet(name, iter(()))
    sheet.rows = _unmerged(rows, layout, sheet.remarks)
    if layout.is_hidden:
        sheet.remarks.append("elle est masquée, et lue aussi.")
    for what, numbers in (("ligne", layout.hidden_rows), ("colonne", layout.hidden_columns)):
        if numbers:
            sheet.remarks.append(f"{_count(len(numbers), what)} lue(s) aussi : {_listed(numbers)}.")
    return sheet


def _count(number: int, what: str) -> str:
    return f"1 {what} masquée" if number == 1 else f"{number} {what}s masquées"


def _listed(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:10]))
    return f"{shown}…" if len(numbers) > 10 else shown


def _unmerged(rows: Iterator[SheetRow], layout: SheetLayout, remarks: list[str]) -> Iterator[SheetRow]:
    """Repeat the value of cells merged downwards on each of their rows."""
    downwards = sorted(
        (one for one in layout.merged if one.last_row > one.first_row), key=lambda one: one.first_row
    )
    waiting = iter(downwards)
    upcoming = next(waiting, None)
    current: dict[int, tuple[int, CellValue]] = {}
    filled: list[int] = []
    for row in rows:
        cells = list(row.cells)
        while upcoming is not None and upcoming.first_row <= row.line:
            if upcoming.first_row == row.line and upcoming.first_column <= len(cells):
                current[upcoming.first_column] = (upcoming.last_row, cells[upcoming.first_column - 1])
            upcoming = next(waiting, None)
        if _fill(cells, current, row.line):
            filled.append(row.line)
        yield SheetRow(row.line, tuple(cells))
    if filled:
        remarks.append(f"Cellules fusionnées : leur valeur est reprise aux lignes {_listed(filled)}.")


def _fill(cells: list[CellValue], current: dict[int, tuple[int, CellValue]], line: int) -> bool:
    """Put the values of merged cells into a row; return whether one was missing."""
    is_filled = False
    for column, (last_row, value) in list(current.items()):
        if line > last_row:
            del current[column]
            continue
        cells += [None] * (column - len(cells))
        if cells[column - 1] is None and value is not None:
            cells[column - 1] = value
            is_filled = True
    return is_filled
