"""The journal of the directory as a member of staff may read it, and in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from directory.change_texts import FactTexts, RowChange
from experts.changes.directory_facts import from_json
from experts.models import Expert, Office, RevisedRow, Revision, User
from territories.models import Area

MAX_ROWS = 5  # of one revision, in the list
MAX_ROWS_OF_PAGE = 500


@dataclass(frozen=True)
class JournalEntry:
    """A revision and the changes that the reader may see; ``others``: those that the page leaves out."""

    revision: Revision
    changes: list[RowChange]
    others: int


def readable_rows(user: User) -> QuerySet[RevisedRow]:
    """The changed rows that a user may see: all for the national team, else those of the region."""
    rows = RevisedRow.objects.all()
    if user.is_national:
        return rows
    kinds = RevisedRow.Kind
    zones = Area.objects.of_kind("zone").reaching(user.region_id or "")
    return rows.filter(
        Q(kind=kinds.OFFICE, row_pk__in=Office.objects.visible_to(user).values("pk"))
        | Q(kind=kinds.EXPERT, row_pk__in=Expert.objects.visible_to(user).values("pk"))
        | Q(kind=kinds.ZONE, row_pk__in=zones.values("pk"))
    )


def revisions_of(rows: QuerySet[RevisedRow]) -> QuerySet[Revision]:
    """The revisions that changed one of these rows, newest first."""
    found = Revision.objects.filter(pk__in=rows.values("revision"))
    return found.select_related("author", "undoes", "undone_by").newest_first()


def entries(revisions: Iterable[Revision], rows: QuerySet[RevisedRow], *, most: int) -> list[JournalEntry]:
    """Entries of these revisions, with the first ``most`` rows of each among ``rows``."""
    revisions = list(revisions)
    by_revision: dict[int, list[RevisedRow]] = {revision.pk: [] for revision in revisions}
    for row in rows.filter(revision__in=revisions).order_by("revision", "pk"):
        by_revision[row.revision_id].append(row)
    shown = [row for found in by_revision.values() for row in found[:most]]
    changes = dict(zip([row.pk for row in shown], _changes(shown), strict=True))
    return [
        JournalEntry(
            revision,
            [changes[row.pk] for row in by_revision[revision.pk][:most]],
            others=max(0, len(by_revision[revision.pk]) - most),
        )
        for revision in revisions
    ]


def _changes(rows: list[RevisedRow]) -> list[RowChange]:
    read: list[tuple[RevisedRow, dict[str, Any] | None, dict[str, Any] | None]] = [
        (
            row,
            None if row.before is None else from_json(row.before),
            None if row.after is None else from_json(row.after),
        )
        for row in rows
    ]
    texts = FactTexts([facts for _, before, after in read for facts in (before, after) if facts])
    return [
        RowChange(
            row.kind,
            row.row_pk,
            row.label,
            is_new=before is None,
            is_gone=after is None,
            facts=texts.changes(before, after),
        )
        for row, before, after in read
    ]
