"""Reading of ODS and old XLS workbooks by calamine, in a process of its own whose memory is limited."""

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException
from django.conf import settings

from directory.sheets.calamine_process import LOCKED_CODE, MEMORY_CODE, TOO_BIG_CODE
from directory.sheets.file_kinds import LOCKED
from directory.sheets.tables import (
    BROKEN,
    MAX_ROWS,
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

TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
VALUE_TYPE = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}value-type"
HIDDEN = {"collapse", "filter"}
MAX_CELLS = 4_000_000  # repeated ones included
MAX_SECONDS = 120
PROCESS = (sys.executable, "-m", "directory.sheets.calamine_process", str(READ_COLUMNS))


def read_ods(content: bytes) -> list[Sheet]:
    """The sheets of an OpenDocument workbook. Raises ``UnreadableSheet``."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive, archive.open("content.xml") as file:
            layouts = _OdsLayouts().read(file)
    except (
        zipfile.BadZipFile, KeyError, ParseError, DefusedXmlException, OSError, EOFError, ValueError
    ) as error:  # fmt: skip
        raise UnreadableSheet(BROKEN) from error
    return _read(content, layouts, refusal=SCATTERED)  # its XML is sound


def read_xls(content: bytes) -> list[Sheet]:
    """The sheets of an old Excel workbook. Raises ``UnreadableSheet``."""
    return _read(content, {}, refusal=BROKEN)


def _read(content: bytes, layouts: dict[str, SheetLayout], *, refusal: str) -> list[Sheet]:
    found: list[tuple[dict[str, Any], list[str]]] = []
    for line in _output(content, refusal).splitlines():
        if line.startswith("{"):
            found.append((json.loads(line), []))
        else:
            found[-1][1].append(line)
    return [_sheet(properties, lines, layouts.get(properties["name"])) for properties, lines in found]


def _sheet(properties: dict[str, Any], lines: list[str], layout: SheetLayout | None) -> Sheet:
    """A sheet and its rows; ``layout`` is unknown of an old workbook."""
    layout = layout or SheetLayout(_merged(properties["merged"]))
    layout.is_hidden = properties["is_hidden"]
    return with_layout(properties["name"], _rows(lines, layout), layout)


def _output(content: bytes, refusal: str) -> str:
    """The sheets and rows that the process writes, a line of JSON each. Raises ``UnreadableSheet``.

    ``refusal`` is said when calamine cannot read the file.
    """
    try:
        ended = subprocess.run(  # noqa: S603 (our own words)
            PROCESS,
            input=content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=settings.BASE_DIR,
            timeout=MAX_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise UnreadableSheet(SCATTERED) from error
    if ended.returncode:
        is_memory = ended.returncode < 0 or ended.returncode == MEMORY_CODE
        sentences = {LOCKED_CODE: LOCKED, TOO_BIG_CODE: TOO_MANY_ROWS}
        raise UnreadableSheet(SCATTERED if is_memory else sentences.get(ended.returncode, refusal))
    return ended.stdout.decode()


def _merged(ranges: list[Any]) -> list[MergedRange]:
    """Merged cells of an old workbook."""
    return [MergedRange(top + 1, left + 1, bottom + 1, right + 1) for (top, left), (bottom, right) in ranges]


def _rows(lines: list[str], layout: SheetLayout) -> Iterator[SheetRow]:
    """The rows; an empty cell is ``None``, a whole number an integer."""
    if len(lines) > MAX_ROWS:
        raise UnreadableSheet(TOO_MANY_ROWS)
    for line in lines:
        number, cells = json.loads(line)
        values = list(map(_value, cells))
        for column, text in layout.errors.get(number, {}).items():
            values += [None] * (column - len(values))
            values[column - 1] = text
        yield SheetRow(number, tuple(values))


def _value(cell: Any) -> CellValue:
    if isinstance(cell, dict):
        return datetime.fromisoformat(cell["on"])
    value: CellValue = None if cell == "" else cell
    return value


class _OdsLayouts:
    """Hidden parts, merged cells and errors of each table of ``content.xml``; repeated rows are counted."""

    def __init__(self) -> None:
        self.found: dict[str, SheetLayout] = {}
        self.layout = SheetLayout()
        self.table: Any = None
        self.line = self.column = self.filled = self.cells = 0

    def read(self, file: Any) -> dict[str, SheetLayout]:
        """Read the whole part. Raises ``UnreadableSheet`` for too many rows."""
        for event, element in ElementTree.iterparse(file, events=("start", "end")):
            if event == "start" and element.tag == f"{TABLE}table":
                self._begin(element)
            elif event == "end" and element.tag == f"{TABLE}table-column":
                self._column(element)
            elif event == "end" and element.tag == f"{TABLE}table-row":
                self._row(element)
                element.clear()
                self.table.clear()
        return self.found

    def _begin(self, table: Any) -> None:
        self.table, self.layout = table, SheetLayout()
        self.line = self.column = 0
        self.found[table.get(f"{TABLE}name", "")] = self.layout

    def _column(self, column: Any) -> None:
        """Record hidden columns; the last ones are repeated to the end of the sheet."""
        first = self.column + 1
        self.column += int(column.get(f"{TABLE}number-columns-repeated") or 1)
        if column.get(f"{TABLE}visibility") in HIDDEN:
            self.layout.hidden_columns += range(first, min(self.column, READ_COLUMNS) + 1)

    def _row(self, row: Any) -> None:
        times = int(row.get(f"{TABLE}number-rows-repeated") or 1)
        first, column, is_filled = self.line + 1, 1, False
        for cell in row:
            width = int(cell.get(f"{TABLE}number-columns-repeated") or 1)
            if len(cell):
                is_filled = True
                self.cells += width * times
                if cell.get(VALUE_TYPE) == "error" and column <= READ_COLUMNS:
                    self.layout.errors.setdefault(first, {})[column] = "".join(cell.itertext())[:20]
                down = int(cell.get(f"{TABLE}number-rows-spanned") or 1)
                across = int(cell.get(f"{TABLE}number-columns-spanned") or 1)
                if down * across > 1:
                    self.layout.merged.append(
                        MergedRange(first, column, first + down - 1, column + across - 1)
                    )
            column += width
        self.line += times
        self.filled += times * is_filled
        if self.filled > MAX_ROWS or self.cells > MAX_CELLS:
            raise UnreadableSheet(TOO_MANY_ROWS)
        if is_filled and row.get(f"{TABLE}visibility") in HIDDEN:
            self.layout.hidden_rows += range(first, self.line + 1)
