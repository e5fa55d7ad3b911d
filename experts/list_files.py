"""Files of lists for a spreadsheet: CSV as a French Excel opens it, and workbooks."""

import csv
from collections.abc import Iterable, Sequence
from datetime import datetime
from io import StringIO
from typing import IO

import xlsxwriter

BOM = "\ufeff"  # without it a French Excel does not read UTF-8
FORMULA_SIGNS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\t", "\r", "\n")
DATE_FORMAT = "dd/mm/yyyy hh:mm"


def inert(text: str) -> str:
    """The text, which no spreadsheet takes for a formula."""
    return f"'{text}" if text.lstrip(" \xa0").startswith(FORMULA_SIGNS) else text


def csv_line(cells: Iterable[str | int]) -> str:
    """A line of a CSV file."""
    written = StringIO()
    csv.writer(written, delimiter=";", lineterminator="\r\n").writerow(cells)
    return written.getvalue()


def write_workbook(
    file: IO[bytes],
    title: str,
    columns: Iterable[tuple[str, float]],
    rows: Iterable[Sequence[str | int | datetime]],
    *,
    wraps_headings: bool = False,
) -> None:
    """Write a sheet of these columns (heading and width) row by row: one row is held in memory."""
    book = xlsxwriter.Workbook(file, {"constant_memory": True})
    sheet = book.add_worksheet(title)
    bold = book.add_format({"bold": True, "text_wrap": wraps_headings})
    dated = book.add_format({"num_format": DATE_FORMAT})
    for column, (heading, width) in enumerate(columns):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, heading, bold)
    sheet.freeze_panes(1, 0)
    for number, row in enumerate(rows, start=1):
        for column, cell in enumerate(row):
            if isinstance(cell, datetime):
                sheet.write_datetime(number, column, cell, dated)
            elif isinstance(cell, int):
                sheet.write_number(number, column, cell)
            else:
                sheet.write_string(number, column, cell)
    book.close()
