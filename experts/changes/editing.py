"""Plans for what people change one by one: some facts of a row, a new row, its end. Pure."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from experts.changes.directory_facts import (
    EXPERT_COLUMNS,
    OFFICE_COLUMNS,
    OWN_EXPERT_COLUMNS,
    OWN_OFFICE_COLUMNS,
    OWN_ZONE_COLUMNS,
    Facts,
)
from experts.changes.row_plans import Difference, RowOutcome, RowPlan
from experts.changes.stored import Row, RowKey, StoredRow
from experts.models import Expert, Office
from experts.models.offices import DirectorySource
from territories.models import Area

# Facts that a directory file gives: once edited here, the file no longer overwrites them.
FILE_FACTS = {
    *OFFICE_COLUMNS,
    *EXPERT_COLUMNS,
    "institution",
    "office",
    "areas",
    "exclusive_subjects",
    "subjects",
}
# The name under which the absence of the file is kept.
ABSENCES = "absences"


def change(
    key: RowKey, stored: StoredRow[Row], facts: Mapping[str, Any], *, is_edit: bool = True
) -> RowPlan[Row]:
    """Change these facts of a row; those that are not given stay, equal ones are not written.

    ``is_edit``: the next file keeps what people have decided here.
    """
    changes = [
        Difference(fact, stored.facts[fact], value)
        for fact, value in facts.items()
        if stored.facts[fact] != value
    ]
    if (
        is_edit
        and changes
        and stored.facts["source"] == DirectorySource.FILE
        and "edited_fields" in stored.facts
    ):
        changes += _edited(stored.facts, {change.fact for change in changes})
    outcome = RowOutcome.CHANGED if changes else RowOutcome.UNCHANGED
    return RowPlan(key, outcome, stored.instance, dict(facts), stored.facts, tuple(changes))


def _edited(here: Facts, changed: set[str]) -> list[Difference]:
    """The names of the changed facts that the next file must keep."""
    names = {ABSENCES if name == "absence" else name for name in changed & {*FILE_FACTS, "absence"}}
    edited = sorted({*here["edited_fields"], *names})
    return (
        []
        if edited == here["edited_fields"]
        else [Difference("edited_fields", here["edited_fields"], edited)]
    )


def change_address(key: tuple[str, str], stored: StoredRow[Expert], email: str) -> RowPlan[Expert]:
    """Give a person another address, not refused as far as is known; files may still name the former one."""
    former = {*stored.facts["former_emails"], stored.facts["email"].lower()} - {email.lower()}
    return change(key, stored, {"email": email, "former_emails": sorted(former), "is_bouncing": False})


def new_office(code: str, facts: Mapping[str, Any]) -> RowPlan[Office]:
    """Create an office, entered by hand unless ``source`` is given; facts that are not given are empty."""
    empty = _defaults(Office, (*OFFICE_COLUMNS, *OWN_OFFICE_COLUMNS))
    sets: Facts = {"areas": frozenset(), "exclusive_subjects": frozenset()}
    return RowPlan(code, RowOutcome.CREATED, facts=empty | sets | dict(facts))


def new_expert(key: tuple[str, str], facts: Mapping[str, Any]) -> RowPlan[Expert]:
    """Create an expert, by the code of their office and their address in lower case."""
    empty = _defaults(Expert, (*EXPERT_COLUMNS, *OWN_EXPERT_COLUMNS))
    sets: Facts = {"areas": frozenset(), "subjects": frozenset()}
    absences: Facts = {"absence": None, "declared_absences": frozenset()}
    proposed = empty | sets | absences | {"office": key[0], "email": key[1]} | dict(facts)
    return RowPlan(key, RowOutcome.CREATED, facts=proposed)


def new_zone(slug: str, facts: Mapping[str, Any]) -> RowPlan[Area]:
    """Create a zone with its name and members."""
    hand: Facts = {"source": DirectorySource.HAND}
    return RowPlan(slug, RowOutcome.CREATED, facts=_defaults(Area, OWN_ZONE_COLUMNS) | hand | dict(facts))


def _defaults(model: "type[Office | Expert | Area]", columns: tuple[str, ...]) -> Facts:
    fields = {field.name: field for field in model._meta.concrete_fields}
    return {column: fields[column].get_default() for column in columns}


def close_office(key: str, stored: StoredRow[Office], *, on: date) -> RowPlan[Office]:
    """Close an office from that day."""
    return _as_closed(change(key, stored, {"closed_on": on}))


def close_expert(
    key: tuple[str, str], stored: StoredRow[Expert], *, at: datetime, successor: str = ""
) -> RowPlan[Expert]:
    """Record that an expert leaves at that moment."""
    return _as_closed(change(key, stored, {"left_at": at, "successor": successor}))


def _as_closed(plan: RowPlan[Row]) -> RowPlan[Row]:
    outcome = RowOutcome.CLOSED if plan.changes else RowOutcome.UNCHANGED
    return RowPlan(plan.key, outcome, plan.instance, plan.facts, plan.before, plan.changes)
