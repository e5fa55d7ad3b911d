"""Workbook of figures: the tables of the page, with the same numbers hidden."""

from typing import IO, Any

import xlsxwriter

from experts.list_files import inert
from indicators import recruitment_figures, rounding
from indicators.definitions import DELAY, DELAY_LABEL, MEASURES
from indicators.figure_tables import FigureLine, FigureReport, FigureTable

WIDTHS = (44, *([14] * (len(MEASURES) + 1)))
OTHERS = "Non détaillés : moins de 5 besoins"


def write(file: IO[bytes], report: FigureReport) -> None:
    """Write the total and the definitions in a sheet, then each table in its own."""
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    bold = book.add_format({"bold": True})
    _write_total(book.add_worksheet("Chiffres"), report, bold)
    for table in (report.parts, *report.tables):
        _write_table(book.add_worksheet(table.title.partition(",")[0]), table, bold)
    if report.recruitment:
        _write_recruitment(book.add_worksheet(recruitment_figures.TITLE), report, bold)
    book.close()


def _write_total(sheet: Any, report: FigureReport, bold: Any) -> None:
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 14)
    sheet.set_column(2, 2, 110)
    sheet.write_string(0, 0, inert(report.place.name), bold)
    sheet.write_string(0, 1, report.period.label, bold)
    for row, (figure, measure) in enumerate(zip(report.total.figures, MEASURES, strict=True), start=2):
        sheet.write_string(row, 0, measure.label)
        _write_count(sheet, row, 1, figure.count)
        sheet.write_string(row, 2, measure.definition)
    last = len(MEASURES) + 2
    sheet.write_string(last, 0, DELAY_LABEL)
    sheet.write_string(last, 1, report.total.delay)
    sheet.write_string(last, 2, DELAY)


def _write_table(sheet: Any, table: FigureTable, bold: Any) -> None:
    for column, width in enumerate(WIDTHS):
        sheet.set_column(column, column, width)
    headings = (table.heading, *(measure.label for measure in MEASURES), DELAY_LABEL)
    for column, heading in enumerate(headings):
        sheet.write_string(0, column, heading, bold)
    sheet.freeze_panes(1, 1)
    for row, line in enumerate(table.lines, start=1):
        _write_line(sheet, row, line)
    if table.others:
        first = len(table.lines) + 2
        sheet.write_string(first, 0, OTHERS, bold)
        for place, label in enumerate(table.others, start=first + 1):
            sheet.write_string(place, 0, inert(label))


def _write_line(sheet: Any, row: int, line: FigureLine) -> None:
    sheet.write_string(row, 0, inert(line.label))
    for column, figure in enumerate(line.figures, start=1):
        _write_count(sheet, row, column, figure.count)
    sheet.write_string(row, len(line.figures) + 1, line.delay)


def _write_recruitment(sheet: Any, report: FigureReport, bold: Any) -> None:
    headings = ("Qualification", *recruitment_figures.COLUMNS.values())
    for column, heading in enumerate(headings):
        sheet.set_column(column, column, WIDTHS[column])
        sheet.write_string(0, column, heading, bold)
    for row, line in enumerate(report.recruitment, start=1):
        sheet.write_string(row, 0, line.label)
        for column, count in enumerate(line.counts, start=1):
            _write_count(sheet, row, column, count)
    sheet.write_string(len(report.recruitment) + 2, 0, recruitment_figures.DEFINITION)


def _write_count(sheet: Any, row: int, column: int, count: int | None) -> None:
    if count is None:
        sheet.write_string(row, column, rounding.SMALL)
    else:
        sheet.write_number(row, column, count)
