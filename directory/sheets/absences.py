"""Absences in a spreadsheet: first days, last days and deputies, each in a cell, in the same order."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from directory.sheets.row_reading import ReadRow
from experts.changes.directory_facts import AbsenceEntry, Facts
from experts.changes.row_plans import Difference


def read_absences(row: ReadRow, facts: dict[str, Any]) -> frozenset[AbsenceEntry] | None:
    """Take the absences out of a row's facts; ``None`` when the row says nothing of them."""
    first_days, last_days = facts.pop("absent_from", None), facts.pop("absent_to", None)
    deputies = facts.pop("deputies", None)
    if {"expert.absent_from", "expert.absent_to", "expert.deputies"} & row.unread:
        return None
    if first_days is None and last_days is None:
        if deputies:
            row.refuse("expert.absent_from", "indiquez les jours de l'absence où cette personne supplée.")
        return None
    first_days, last_days, deputies = first_days or [], last_days or [], deputies or []
    if len(first_days) != len(last_days):
        row.refuse(
            "expert.absent_to",
            f"{len(first_days)} premier(s) jour(s) et {len(last_days)} dernier(s) : il en faut autant.",
        )
        return None
    if len(deputies) > len(first_days):
        row.refuse("expert.deputies", "il y a plus de suppléants que d'absences.")
        return None
    deputies += [None] * (len(first_days) - len(deputies))
    for first, last in zip(first_days, last_days, strict=True):
        if last < first:
            row.refuse("expert.absent_to", f"l'absence finit le {last:%d/%m/%Y}, avant de commencer.")
            return None
    return frozenset(map(AbsenceEntry, first_days, last_days, deputies))


@dataclass(frozen=True, slots=True)
class AbsenceChange:
    """Facts to write, and what was declared and is kept although the sheet lacks it."""

    facts: Facts
    kept: tuple[Difference, ...] = ()


def current_absences(facts: Facts, *, today: date) -> frozenset[AbsenceEntry]:
    """The absences of an expert that are not over, from wherever they come."""
    everything = {*facts["declared_absences"], *([facts["absence"]] if facts["absence"] else ())}
    return frozenset(absence for absence in everything if absence.to_on >= today)


def change_absences(
    here: Facts, wanted: frozenset[AbsenceEntry], *, today: date, replaces_declared: bool
) -> AbsenceChange:
    """Compare the absences of a row with those of the tables; those that are over stay.

    Declared ones that the row lacks are kept, unless ``replaces_declared``.
    """
    current = current_absences(here, today=today)
    of_file, declared = here["absence"], here["declared_absences"]
    removed, added = current - wanted, wanted - current - declared - {of_file}
    facts: Facts = {}
    if of_file in removed:
        facts["absence"] = None
    declared_and_removed = removed & declared
    after = (declared | added) - (declared_and_removed if replaces_declared else frozenset())
    if after != declared:
        facts["declared_absences"] = after
    if declared_and_removed and not replaces_declared:
        kept = Difference("declared_absences", declared_and_removed, wanted)
        return AbsenceChange(facts, (kept,))
    return AbsenceChange(facts)
