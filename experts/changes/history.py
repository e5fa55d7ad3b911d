"""Reading of the journal: the directory as it was at a past moment, the former offices of its experts."""

from collections import defaultdict
from datetime import datetime
from typing import Any

from experts.changes import snapshot
from experts.changes.directory_facts import Facts, from_json
from experts.changes.stored import StoredDirectory, StoredRow
from experts.models import RevisedRow


def as_of(moment: datetime) -> StoredDirectory:
    """The facts of the directory at that moment, as far as the journal goes back; no row of the tables."""
    current = snapshot.load()
    facts: dict[tuple[str, int], Facts] = {}
    codes: dict[tuple[str, int], str] = {}
    for kind, rows in (
        (RevisedRow.Kind.ZONE, current.zones),
        (RevisedRow.Kind.OFFICE, current.offices),
        (RevisedRow.Kind.EXPERT, current.experts),
    ):
        for key, stored in rows.items():
            row: Any = stored.instance
            facts[kind, row.pk] = dict(stored.facts)
            if isinstance(key, str):
                codes[kind, row.pk] = key
    later = RevisedRow.objects.filter(revision__made_at__gt=moment)
    for revised in later.order_by("-revision__made_at", "-revision_id", "-pk").iterator(chunk_size=1000):
        _go_back(facts, codes, revised)
    return _directory(facts, codes)


def former_offices() -> dict[int, frozenset[str]]:
    """The codes of the offices that experts were moved from, by the experts' primary keys."""
    moved = RevisedRow.objects.filter(
        kind=RevisedRow.Kind.EXPERT, before__has_key="office", after__has_key="office"
    )
    found: dict[int, set[str]] = defaultdict(set)
    for pk, code in moved.values_list("row_pk", "before__office"):
        found[pk].add(code)
    return {pk: frozenset(codes) for pk, codes in found.items()}


def _go_back(
    facts: dict[tuple[str, int], Facts], codes: dict[tuple[str, int], str], revised: RevisedRow
) -> None:
    """Give the row the facts it had before this revision."""
    key = (revised.kind, revised.row_pk)
    if revised.before is None:
        facts.pop(key, None)
    elif revised.after is None:
        facts[key] = from_json(revised.before)
        codes[key] = revised.key
    elif key in facts:
        facts[key] |= from_json(revised.before)


def _directory(facts: dict[tuple[str, int], Facts], codes: dict[tuple[str, int], str]) -> StoredDirectory:
    zones: dict[str, StoredRow[Any]] = {}
    offices: dict[str, StoredRow[Any]] = {}
    experts: dict[tuple[str, str], StoredRow[Any]] = {}
    for (kind, pk), row in facts.items():
        stored: StoredRow[Any] = StoredRow(None, row)
        if kind == RevisedRow.Kind.ZONE:
            zones[codes[kind, pk]] = stored
        elif kind == RevisedRow.Kind.OFFICE:
            offices[codes[kind, pk]] = stored
        else:
            experts[row["office"], row["email"].lower()] = stored
    return StoredDirectory(zones, offices, experts)
