"""Editions of the classification of activities (NAF). Labels and criteria are those of NAF rév. 2.

INSEE replaces it by NAF 2025, whose codes have other letters; a company's code is stored as it was given.
"""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

from django.db import transaction

from companies import naf
from companies.models import NafCorrespondence

REV2_COLUMN = re.compile(r"rev[\s._-]*2|2008", re.IGNORECASE)
OTHER_COLUMN = re.compile(r"2025|rev[\s._-]*2[\s._-]*1", re.IGNORECASE)
MAX_FILE_BYTES = 5_000_000


class UnreadableCorrespondence(ValueError):
    """Not INSEE's file; the message is a sentence."""


def in_rev2(code: str) -> str | None:
    """The code in NAF rév. 2; ``None`` when it is of another edition and has no single equivalent."""
    if naf.label(code):
        return code
    normal = naf.normalize(code)
    if normal is None:
        return None
    found = list(NafCorrespondence.objects.filter(code=normal).values_list("rev2", flat=True)[:2])
    return found[0] if len(found) == 1 else None


def label(code: str) -> str:
    """The label of a code of any edition; « activité non connue » without a single equivalent."""
    return naf.label(in_rev2(code) or "") or "activité non connue"


@transaction.atomic
def replace_correspondence(path: Path) -> int:
    """Load INSEE's table, a CSV with a column for each edition; returns the number of its pairs.

    Raises ``UnreadableCorrespondence``, and then nothing changes.
    """
    pairs = sorted(set(_pairs(path)))
    if not pairs:
        raise UnreadableCorrespondence("Ce fichier n'a aucune ligne avec un code de chaque édition.")
    NafCorrespondence.objects.all().delete()
    NafCorrespondence.objects.bulk_create(NafCorrespondence(code=code, rev2=rev2) for code, rev2 in pairs)
    return len(pairs)


def _pairs(path: Path) -> Iterator[tuple[str, str]]:
    rows = list(csv.reader(_text(path).splitlines(), _dialect(path)))
    at, other, rev2 = _header(rows)
    for row in rows[at + 1 :]:
        cells = [naf.normalize(row[column]) if column < len(row) else None for column in (other, rev2)]
        if cells[0] and cells[1] and naf.label(cells[1]) and not naf.label(cells[0]):
            yield cells[0], cells[1]


def _header(rows: list[list[str]]) -> tuple[int, int, int]:
    """Index of the header, and of the columns of the codes of the other edition and of NAF rév. 2.

    The column of a code comes before that of its label, whose header names the edition too.
    """
    for at, row in enumerate(rows[:20]):
        plain = [cell.replace("é", "e") for cell in row]
        other = next((column for column, cell in enumerate(plain) if OTHER_COLUMN.search(cell)), None)
        rev2 = next(
            (
                column
                for column, cell in enumerate(plain)
                if REV2_COLUMN.search(cell) and not OTHER_COLUMN.search(cell)
            ),
            None,
        )
        if other is not None and rev2 is not None:
            return at, other, rev2
    raise UnreadableCorrespondence("Aucune ligne ne nomme une colonne « NAF rév. 2 » et une « NAF 2025 ».")


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise UnreadableCorrespondence("Ce fichier est trop gros pour être la table de l'Insee.")
        raw = path.read_bytes()
    except OSError as error:
        raise UnreadableCorrespondence(f"Ce fichier ne se lit pas : {error.strerror}.") from error
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def _dialect(path: Path) -> type[csv.Dialect]:
    class Separated(csv.excel):
        delimiter = max(";,\t", key=_text(path)[:20_000].count)

    return Separated
