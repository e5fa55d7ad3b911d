"""Process that reads an ODS or XLS workbook by calamine: its failures and its memory end with it.

A few kilobytes may describe millions of cells, which calamine all allocates: at the limit it aborts. Standard
input is the file; standard output has a line of JSON per sheet, then one per row with something in it.
"""

import io
import json
import resource
import sys
from datetime import date, datetime
from typing import Any

import python_calamine

from directory.sheets.xls_errors import error_cells

MAX_MEMORY_BYTES = 768 * 1024 * 1024  # addresses, of which some 100 MB before the file is read
MAX_WRITTEN_CHARACTERS = 100 * 1024 * 1024
LOCKED_CODE, TOO_BIG_CODE, MEMORY_CODE = 3, 4, 5


def main() -> None:
    """Read the workbook of standard input; the exit code says why it could not be."""
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    most_columns = int(sys.argv[1])
    try:
        content = sys.stdin.buffer.read()
        workbook = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    except python_calamine.CalamineError as error:
        sys.exit(LOCKED_CODE if "assword" in str(error) else 1)
    errors = error_cells(content)
    written = 0
    for properties in workbook.sheets_metadata:
        sheet = workbook.get_sheet_by_name(properties.name)
        is_hidden = properties.visible != python_calamine.SheetVisibleEnum.Visible
        merged = sheet.merged_cell_ranges or []
        _write({"name": properties.name, "is_hidden": is_hidden, "merged": merged})
        top, left = sheet.start or (0, 0)
        for line, row in enumerate(sheet.iter_rows(), start=1 + top):
            cells = [""] * left + row
            for column, text in errors.get(properties.name, {}).get(line, {}).items():
                cells += [""] * (column - len(cells))
                cells[column - 1] = text
            if any(cell != "" for cell in cells):
                written += _write([line, cells[:most_columns]])
            if written > MAX_WRITTEN_CHARACTERS:
                sys.exit(TOO_BIG_CODE)


def _write(content: Any) -> int:
    """Write a line; return its length."""
    return sys.stdout.write(json.dumps(content, default=_encoded) + "\n")


def _encoded(value: Any) -> Any:
    return {"on": value.isoformat()} if isinstance(value, date | datetime) else str(value)


if __name__ == "__main__":
    try:
        main()
    except MemoryError:
        sys.exit(MEMORY_CODE)
