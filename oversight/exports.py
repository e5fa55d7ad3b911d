"""Files of the list of requests: what it shows, never a text of a company.

A spreadsheet runs a cell that begins with a sign of its formulas: an apostrophe makes it a text. A company of
a confidential request is not named: the file leaves the portal, which records who opens the request.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from tempfile import TemporaryFile

from experts import list_files
from oversight.request_rows import RequestRow, request_rows
from solicitations import wording
from solicitations.models import Solicitation
from solicitations.models.request_querysets import SolicitationQuerySet

CHUNK = 500
PART = 64 * 1024  # bytes
# Rows; beyond them, people have to filter. A workbook takes half a second of a processor per thousand rows.
MAX_IN_CSV, MAX_IN_WORKBOOK = 100_000, 20_000
HEADINGS = (
    "Référence", "Envoyée le", "Entreprise", "SIRET", "Commune", "Département", "Sujets", "État",
    "Institutions", "Qui s'en occupe", "À traiter", "Confidentielle",
)  # fmt: skip
WIDTHS = (11, 16, 32, 20, 24, 20, 40, 22, 60, 20, 40, 14)
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
    return [row.reference, sent_at, *(list_files.inert(cell) for cell in cells)]


def csv_chunks(found: Iterable[RequestLine]) -> Iterator[str]:
    """Parts of a CSV file for a French Excel."""
    yield list_files.BOM + list_files.csv_line(HEADINGS)
    for line in found:
        cells = [f"{cell:%d/%m/%Y %H:%M}" if isinstance(cell, datetime) else cell for cell in line]
        yield list_files.csv_line(cells)


def xlsx_chunks(found: Iterable[RequestLine]) -> Iterator[bytes]:
    """Parts of a workbook, which is written in a temporary file before it leaves."""
    with TemporaryFile() as file:
        columns = zip(HEADINGS, WIDTHS, strict=True)
        list_files.write_workbook(file, "Demandes", columns, found)
        file.seek(0)
        yield from iter(lambda: file.read(PART), b"")
