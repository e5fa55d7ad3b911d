"""Reading of XLSX workbooks, row by row; openpyxl gives the values, a first pass gives the layout."""

import io
import posixpath
import warnings
import zipfile
from collections.abc import Iterator
from itertools import chain
from typing import IO, Any
from xml.etree.ElementTree import ParseError

import openpyxl
from defusedxml import ElementTree
from openpyxl.utils.cell import column_index_from_string, coordinate_from_string, range_boundaries

from directory.sheets.tables import (
    BROKEN,
    MAX_ROWS,
    NO_RESULT,
    READ_COLUMNS,
    SCATTERED,
    TOO_MANY_ROWS,
    CellValue,
    MergedRange,
    Sheet,
    SheetLayout,
    SheetRow,
    UnreadableSheet,
    with_layout,
)
from mailing.office_documents import DAMAGED

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
STRICT = "{http://purl.oclc.org/ooxml/spreadsheetml/main}"
RELATION_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
MAX_LINES = 2_000_000  # empty ones included, of all the sheets
# Everything that openpyxl and the parsers raise on a file that is not what it says.
FAILURES = (
    *DAMAGED, ArithmeticError, AssertionError, AttributeError, LookupError, ParseError, TypeError,
)  # fmt: skip


def read_xlsx(content: bytes) -> list[Sheet]:
    """The sheets of a workbook, in order. Raises ``UnreadableSheet``, now or while reading."""
    try:
        layouts = _layouts(content)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # styles and extensions that openpyxl does not know
            workbook = openpyxl.load_workbook(
                io.BytesIO(content), read_only=True, data_only=True, keep_links=False
            )
            sheets = list(workbook.worksheets)
    except FAILURES as error:
        raise UnreadableSheet(BROKEN) from error
    found = []
    for sheet in sheets:
        layout = layouts.get(sheet.title, SheetLayout())
        layout.is_hidden = sheet.sheet_state != "visible"
        found.append(with_layout(sheet.title, _rows(sheet, layout), layout))
    return found


def _rows(sheet: Any, layout: SheetLayout) -> Iterator[SheetRow]:
    """The rows of a sheet: formulas without result become ``NO_RESULT``."""
    sheet.reset_dimensions()  # what the file says of its size may be wrong
    width, last = min(layout.last_column, READ_COLUMNS), layout.last_row
    rows = sheet.iter_rows(max_col=width, max_row=last, values_only=True) if last else iter(())
    line = 0
    while (found := _next_filled(rows, line, layout)) is not None:
        line, cells = found
        yield SheetRow(line, _values(line, cells, layout))


def _next_filled(
    rows: Iterator[tuple[Any, ...]], line: int, layout: SheetLayout
) -> tuple[int, tuple[Any, ...]] | None:
    """The first row after ``line`` with something in it; openpyxl gives the missing ones too."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # dates that cannot be
            for number, cells in enumerate(rows, start=line + 1):
                if number in layout.without_result or cells.count(None) < len(cells):
                    return number, cells
    except FAILURES as error:
        raise UnreadableSheet(BROKEN) from error
    return None


def _values(line: int, cells: tuple[Any, ...], layout: SheetLayout) -> tuple[CellValue, ...]:
    values = [cell if isinstance(cell, CellValue) else str(cell) for cell in cells]
    while values and values[-1] is None:
        values.pop()
    for column in layout.without_result.get(line, ()):
        if column <= READ_COLUMNS:
            values += [None] * (column - len(values))
            values[column - 1] = NO_RESULT
    return tuple(values)


def _layouts(content: bytes) -> dict[str, SheetLayout]:
    """The layout of each sheet, by its name. Raises ``UnreadableSheet`` for too many rows in all."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = set(archive.namelist())
        found: dict[str, SheetLayout] = {}
        filled = lines = 0
        for title, path in _sheet_paths(archive):
            if path not in names:
                continue
            with archive.open(path) as file:
                found[title], own = _layout(file, most=MAX_ROWS - filled)
            filled, lines = filled + own, lines + found[title].last_row
            if lines > MAX_LINES:
                raise UnreadableSheet(SCATTERED)
        return found


def _sheet_paths(archive: zipfile.ZipFile) -> list[tuple[str, str]]:
    """Names of the sheets and of their parts."""
    relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    targets = {one.get("Id"): one.get("Target", "") for one in relations}
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
    found = []
    for sheet in chain(book.iter(f"{MAIN}sheet"), book.iter(f"{STRICT}sheet")):
        target = targets.get(sheet.get(RELATION_ID), "")
        path = target.lstrip("/") if target.startswith("/") else posixpath.join("xl", target)
        found.append((sheet.get("name", ""), posixpath.normpath(path)))
    return found


def _layout(file: IO[bytes], *, most: int) -> tuple[SheetLayout, int]:
    """The hidden parts, merged cells and formulas without result, and the number of rows that are filled."""
    layout = SheetLayout()
    sheet_data: Any = None
    hidden: list[int] = []
    line = filled = 0
    for event, element in ElementTree.iterparse(file, events=("start", "end")):
        name = element.tag.rpartition("}")[2]
        if event == "start":
            sheet_data = element if name == "sheetData" else sheet_data
        elif name == "row":
            line = int(element.get("r") or line + 1)
            filled += _read_row(element, line, layout)
            if filled > most:
                raise UnreadableSheet(TOO_MANY_ROWS)
            sheet_data.clear()
        elif name == "col" and element.get("hidden") in {"1", "true"}:
            hidden += range(int(element.get("min")), min(int(element.get("max")), READ_COLUMNS) + 1)
        elif name == "mergeCell" and len(layout.merged) < MAX_ROWS:
            left, top, right, bottom = range_boundaries(element.get("ref", ""))
            layout.merged.append(MergedRange(top, left, bottom, right))
    layout.hidden_columns = [column for column in hidden if column <= layout.last_column]
    return layout, filled


def _read_row(element: Any, line: int, layout: SheetLayout) -> bool:
    """Record what a row hides or lacks; return whether something is written in it."""
    last: Any = None
    for cell in element:
        children = {child.tag.rpartition("}")[2]: child for child in cell}
        last = cell if children else last
        if "f" in children and "is" not in children and not _has_result(cell, children.get("v")):
            layout.without_result.setdefault(line, []).append(_column_of(cell))
    if last is None:
        return False
    layout.last_row, layout.last_column = line, max(layout.last_column, _column_of(last))
    if element.get("hidden") in {"1", "true"}:
        layout.hidden_rows.append(line)
    return True


def _has_result(cell: Any, value: Any) -> bool:
    """Return whether a formula has a result; Excel writes an empty one for a formula that gives « »."""
    return value is not None and (bool(value.text) or cell.get("t") == "str")


def _column_of(cell: Any) -> int:
    """The column of a cell, from 1; the last one when the file does not say it."""
    if not (reference := cell.get("r")):
        return READ_COLUMNS
    letters, _ = coordinate_from_string(reference)
    column: int = column_index_from_string(letters)
    return column
