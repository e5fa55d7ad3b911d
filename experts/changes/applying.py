"""Application of a plan: rows are checked under a lock, written, and kept in the journal."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, models, transaction
from django.utils.module_loading import import_string

from experts.changes import writing
from experts.changes.conflicts import Conflict, find_conflicts
from experts.changes.directory_facts import to_json
from experts.changes.row_plans import Plan, RowOutcome, RowPlan
from experts.models import Cause, Expert, Office, RevisedRow, Revision, User
from experts.regions import update_regions
from mailing.transactions import transaction_required
from territories.models import Area

# Advisory lock of PostgreSQL, so that a second change waits for the first; any constant number would do.
DIRECTORY_LOCK = 7_420_001


class StalePlan(Exception):
    """Rows of the plan have changed since it was made: ``conflicts`` says which facts."""

    def __init__(self, conflicts: list[Conflict]) -> None:
        self.conflicts = conflicts
        super().__init__(f"{len(conflicts)} conflicts")


@transaction_required
def lock_directory() -> None:
    """Wait until no other change of the directory is being made; held until the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [DIRECTORY_LOCK])


@transaction.atomic(durable=True)
def apply(
    plan: Plan, *, cause: Cause, now: datetime, author: User | None = None, note: str = ""
) -> Revision | None:
    """Apply a plan in its own transaction, as ``apply_inside``."""
    return apply_inside(plan, cause=cause, now=now, author=author, note=note)


@transaction_required
def apply_inside(
    plan: Plan, *, cause: Cause, now: datetime, author: User | None = None, note: str = ""
) -> Revision | None:
    """Check that nobody has changed the plan's rows, then write them; ``None`` when nothing changes.

    Raises ``StalePlan``, and nothing is written.
    """
    lock_directory()
    if conflicts := list(find_conflicts(plan)):
        raise StalePlan(conflicts)
    return write(plan, cause=cause, now=now, author=author, note=note)


@transaction_required
def write(
    plan: Plan,
    *,
    cause: Cause,
    now: datetime,
    author: User | None = None,
    note: str = "",
    undoes: Revision | None = None,
) -> Revision | None:
    """Write a plan made while the caller holds ``lock_directory``; ``None`` when nothing changes."""
    changes = plan.only_changes()
    if not changes.changes_something:
        return None
    zones, offices, experts = writing.write_rows(changes)
    revision = Revision.objects.create(
        made_at=now, cause=cause, author=author, note=note[:500], undoes=undoes
    )
    kinds = RevisedRow.Kind
    for kind, pairs in ((kinds.ZONE, zones), (kinds.OFFICE, offices), (kinds.EXPERT, experts)):
        _journal(revision, kind, pairs)
    _remove(revision, changes)
    moved = [office for row, office in offices if "areas" in row.written_facts]
    if changes.zones:
        update_regions()
    elif moved:
        update_regions(moved)
    transaction.on_commit(_call_followers)
    return revision


def _call_followers() -> None:
    """Queue the tasks of the rooms that follow the directory; their sweeps find lost ones."""
    for name in settings.DIRECTORY_CHANGED_TASKS:
        import_string(name).delay()


def _journal(revision: Revision, kind: str, pairs: Iterable[tuple[RowPlan[Any], models.Model]]) -> None:
    RevisedRow.objects.bulk_create(
        (
            RevisedRow(
                revision=revision,
                kind=kind,
                row_pk=row.pk,
                key=plan.key if isinstance(plan.key, str) else "",
                label=plan.label[:500],
                before=None
                if plan.instance is None
                else to_json({name: plan.before[name] for name in plan.written_facts}),
                after=to_json(plan.written_facts),
            )
            for plan, row in pairs
        ),
        batch_size=5000,
    )


def _remove(revision: Revision, plan: Plan) -> None:
    """Delete the rows that the plan removes, experts before their offices."""
    kinds = RevisedRow.Kind
    for kind, model, plans in (
        (kinds.EXPERT, Expert, plan.experts),
        (kinds.OFFICE, Office, plan.offices),
        (kinds.ZONE, Area, plan.zones),
    ):
        removed = {
            row.instance.pk: row for row in plans if row.outcome is RowOutcome.REMOVED and row.instance
        }
        RevisedRow.objects.bulk_create(
            (
                RevisedRow(
                    revision=revision,
                    kind=kind,
                    row_pk=pk,
                    key=row.key if isinstance(row.key, str) else "",
                    label=row.label[:500],
                    before=to_json(row.before),
                )
                for pk, row in removed.items()
            ),
            batch_size=5000,
        )
        model._default_manager.filter(pk__in=removed).delete()  # noqa: SLF001
