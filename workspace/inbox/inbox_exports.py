"""Files of a list of the inbox: what its lines show and what recruitments gave, never a text of a company.

A company of a confidential request is not named: the file leaves the portal, which records who opens it.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from tempfile import TemporaryFile

from experts import list_files
from solicitations.models.matches import MatchQuerySet
from workspace import recruitment
from workspace.inbox.inbox_rows import HIDDEN, InboxRow, inbox_rows
from workspace.inbox.readers import Reader
from workspace.models import Qualification, RecruitmentOutcome

CHUNK = 500
PART = 64 * 1024  # bytes
MAX_LINES = 20_000  # lines
HEADINGS = (
    "Reçu le", "Besoin", "Entreprise", "Lieu", "État", "Référent", "Antenne", "Délai légal", "En retard",
    "Pas rappelée", "Confidentielle", "Référence",
    "Offres", *(f"Postes : {label.lower()}" for label in Qualification.labels), "Postes pourvus",
)  # fmt: skip
WIDTHS = (16, 40, 32, 32, 18, 32, 32, 14, 10, 12, 14, 11, 10, *([22] * len(Qualification.labels)), 14)
InboxLine = list[str | int]


def lines(found: MatchQuerySet, reader: Reader, *, now: datetime) -> Iterator[InboxLine]:
    """One line per need found, read a few at a time; a last one says when there are more."""
    pks = list(found.values_list("pk", flat=True)[: MAX_LINES + 1])
    for start in range(0, min(len(pks), MAX_LINES), CHUNK):
        part = pks[start : min(start + CHUNK, MAX_LINES)]
        outcomes = recruitment.outcomes_of_matches(part)
        for row in inbox_rows(reader, part, now=now):
            yield [*_line(row), *_recruitment_cells(outcomes.get(row.pk, []))]
    if len(pks) > MAX_LINES:
        yield [f"Fichier coupé à {MAX_LINES} besoins : resserrez les filtres."]


def _line(row: InboxRow) -> list[str]:
    cells = [
        f"{row.sent_at.astimezone(row.time_zone):%d/%m/%Y %H:%M}",
        row.subject,
        HIDDEN if row.is_confidential else row.applicant,
        row.place,
        row.state.label,
        row.person,
        row.office,
        f"{row.due_on:%d/%m/%Y}" if row.due_on else "",
        _yes(is_so=row.is_late),
        _yes(is_so=row.is_not_called),
        _yes(is_so=row.is_confidential),
        row.reference,
    ]
    return [list_files.inert(cell) for cell in cells]


def _recruitment_cells(outcomes: Sequence[RecruitmentOutcome]) -> InboxLine:
    """Offers, posts of each qualification, posts filled; empty where nothing was counted."""
    if not outcomes:
        return [""] * (len(Qualification.labels) + 2)
    posts = {outcome.qualification: outcome.posts for outcome in outcomes}
    return [
        sum(outcome.offers for outcome in outcomes),
        *(posts.get(code, 0) for code in Qualification.values),
        sum(outcome.filled for outcome in outcomes),
    ]


def _yes(*, is_so: bool) -> str:
    return "oui" if is_so else "non"


def csv_chunks(found: Iterable[InboxLine]) -> Iterator[str]:
    """Parts of a CSV file for a French Excel."""
    yield list_files.BOM + list_files.csv_line(HEADINGS)
    for line in found:
        yield list_files.csv_line(line)


def xlsx_chunks(found: Iterable[InboxLine]) -> Iterator[bytes]:
    """Parts of a workbook, which is written in a temporary file before it leaves."""
    with TemporaryFile() as file:
        columns = zip(HEADINGS, WIDTHS, strict=True)
        list_files.write_workbook(file, "Besoins", columns, found)
        file.seek(0)
        yield from iter(lambda: file.read(PART), b"")
