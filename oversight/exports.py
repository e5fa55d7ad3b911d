"""Files of the list of requests: what it shows, never a text of a company.

A spreadsheet runs a cell that begins with a sign of its formulas: an apostrophe makes it a text. A company of
a confidential request is not named: the file leaves the portal, which records who opens the request.
"""

import csv
from collections.abc import Iterable, Iterator
from datetime import datetime
from io import StringIO
from tempfile import TemporaryFile
from typing import IO

import xlsxwriter

from oversight.request_rows import RequestRow, request_rows
from solicitations import wording
from solicitations.models import Solicitation
from solicitations.models.request_querysets import SolicitationQuerySet

CHUNK = 500
PART = 64 * 1024  # bytes
# Rows; beyond them, people have to filter. A workbook takes half a second of a processor per thousand rows.
MAX_IN_CSV, MAX_IN_WORKBOOK = 100_000, 20_000
FORMULA_SIGNS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\t", "\r", "\n")
BOM = "\ufeff"  # without it a French Excel does not read UTF-8
HEADINGS = (
    "Référence", "Envoyée le", "Entreprise", "SIRET", "Commune", "Département", "Sujets", "État",
    "Institutions", "Qui s'en occupe", "À traiter", "Confidentielle",
)  # fmt: skip
WIDTHS = (11, 16, 32, 20, 24, 20, 40, 22, 60, 20, 40, 14)
DATE_FORMAT = "dd/mm/yyyy hh:mm"
RequestLine = list[str | datetime]


def lines(found: SolicitationQuerySet, *, visible: SolicitationQuerySet, most: int) -> Iterator[RequestLine]:
    """One line per request found, read a few at a time: no long query, and nothing held in memory.

    ``visible``: what the user may see, asked again for each part of the file. A last line says that there are
    more than ``most``.
    """
    pks = list(found.values_list("pk", flat=True)[: most + 1])
    for start in range(0, min(len(pks), most), CHUNK):
        part = pks[start : min(start + CHUNK, most)]
        rows = visible.filter(pk__in=part).select_related("commune__department", "handled_by")
        by_pk = {row.pk: row for row in rows.defer("description")}
        requests = [by_pk[pk] for pk in part if pk in by_pk]
        for solicitation, row in zip(requests, request_rows(requests), strict=True):
            yield _line(solicitation, row)
    if len(pks) > most:
        yield [f"Fichier coupé à {most} demandes : resserrez les filtres."]


def _line(solicitation: Solicitation, row: RequestRow) -> RequestLine:
    is_named = not row.is_confidential
    cells = [
        row.applicant if is_named else "Demande confidentielle",
        wording.siret(solicitation) if is_named else "",
        solicitation.commune.name,
        str(solicitation.commune.department),
        ", ".join(row.subjects),
        row.state.label,
        " ; ".join(f"{standing.state.label} : {', '.join(standing.names)}" for standing in row.institutions),
        row.handler,
        " ; ".join(row.alerts),
        "oui" if row.is_confidential else "non",
    ]
    sent_at = row.sent_at.astimezone(row.time_zone).replace(tzinfo=None, microsecond=0)
    return [row.reference, sent_at, *(inert(cell) for cell in cells)]


def inert(text: str) -> str:
    """The text, which no spreadsheet takes for a formula."""
    return f"'{text}" if text.lstrip(" \xa0").startswith(FORMULA_SIGNS) else text


def csv_chunks(found: Iterable[RequestLine]) -> Iterator[str]:
    """Parts of a CSV file for a French Excel."""
    yield BOM + csv_line(HEADINGS)
    for line in found:
        yield csv_line([f"{cell:%d/%m/%Y %H:%M}" if isinstance(cell, datetime) else cell for cell in line])


def csv_line(cells: Iterable[str]) -> str:
    """A line of a CSV file for a French Excel."""
    written = StringIO()
    csv.writer(written, delimiter=";", lineterminator="\r\n").writerow(cells)
    return written.getvalue()


def xlsx_chunks(found: Iterable[RequestLine]) -> Iterator[bytes]:
    """Parts of a workbook, which is written in a temporary file before it leaves."""
    with TemporaryFile() as file:
        _write_workbook(file, found)
        file.seek(0)
        yield from iter(lambda: file.read(PART), b"")


def _write_workbook(file: IO[bytes], found: Iterable[RequestLine]) -> None:
    """Write the rows as they come: the library keeps one of them in memory."""
    book = xlsxwriter.Workbook(file, {"constant_memory": True})
    sheet = book.add_worksheet("Demandes")
    bold, dated = book.add_format({"bold": True}), book.add_format({"num_format": DATE_FORMAT})
    for column, (heading, width) in enumerate(zip(HEADINGS, WIDTHS, strict=True)):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, heading, bold)
    sheet.freeze_panes(1, 0)
    for number, line in enumerate(found, start=1):
        for column, cell in enumerate(line):
            if isinstance(cell, datetime):
                sheet.write_datetime(number, column, cell, dated)
            else:
                sheet.write_string(number, column, cell)
    book.close()
