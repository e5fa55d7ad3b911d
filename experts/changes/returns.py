"""People whom a revision brings back: no longer gone, or in an office that is no longer closed."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils import timezone

from experts.models import Expert, RevisedRow, Revision

MOMENTS = ("left_at", "dropped_at")  # when an expert, or an office, went
DAYS = ("closed_on", "agreement_ends_on")  # from which an office is closed
MARKS = ("is_paused", "is_bouncing")  # true while an expert receives nothing


def brought_back(revision: Revision) -> dict[int, datetime]:
    """The experts who were gone and that a revision may have brought back, each with the moment they went.

    Primary keys. Somebody may still be gone for another reason.
    """
    found: dict[int, datetime] = {}
    rows = revision.rows.filter(before__has_any_keys=[*MOMENTS, *DAYS, *MARKS], after__isnull=False)
    for row in rows.order_by("pk"):
        for since in _moments_gone(row):
            for pk in _experts_of(row):
                found[pk] = min(since, found.get(pk, since))
    return found


def _experts_of(row: RevisedRow) -> list[int]:
    if row.kind == RevisedRow.Kind.EXPERT:
        return [row.row_pk]
    experts = Expert.objects.filter(office=row.row_pk) if row.kind == RevisedRow.Kind.OFFICE else None
    return list(experts.values_list("pk", flat=True)) if experts is not None else []


def _moments_gone(row: RevisedRow) -> Iterator[datetime]:
    """The moments that the row gave before as those of its end, and gives no more."""
    before, after = row.before or {}, row.after or {}
    for fact in MOMENTS:
        if _is_put_off(fact, before, after):
            yield datetime.fromisoformat(before[fact])
    for fact in DAYS:
        if _is_put_off(fact, before, after):
            # The day begins earlier beyond the seas.
            day = date.fromisoformat(before[fact]) - timedelta(days=1)
            yield timezone.make_aware(datetime.combine(day, time()))
    for fact in MARKS:
        if before.get(fact) and not after.get(fact, True) and (since := _marked_at(row, fact)):
            yield since


def _is_put_off(fact: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Return whether an end is given no more, or comes later."""
    if not before.get(fact) or fact not in after:
        return False
    return after[fact] is None or after[fact] > before[fact]


def _marked_at(row: RevisedRow, fact: str) -> datetime | None:
    """Moment of the last revision that marked this row so; ``None`` when the journal does not say."""
    earlier = RevisedRow.objects.filter(
        kind=row.kind, row_pk=row.row_pk, pk__lt=row.pk, **{f"after__{fact}": True}
    )
    moment: datetime | None = earlier.order_by("-pk").values_list("revision__made_at", flat=True).first()
    return moment
