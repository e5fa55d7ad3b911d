"""Plan of a move: an expert goes to another office, and no absence names a deputy of elsewhere."""

from dataclasses import replace
from typing import Any

from experts.changes import editing, snapshot
from experts.changes.directory_facts import AbsenceEntry, Facts
from experts.changes.row_plans import Plan
from experts.models import Expert


def plan_move(expert: Expert, *, to: str) -> Plan:
    """Move an expert to the office with this code; deputies stay in their office."""
    colleagues = Expert.objects.filter(office=expert.office_id)
    stored = snapshot.load(experts=list(colleagues.values_list("pk", flat=True))).experts
    rows = []
    for key, row in stored.items():
        if row.instance is not None and row.instance.pk == expert.pk:
            without_deputy = _without_deputies(row.facts, lambda deputy: True)
            rows.append(editing.change(key, row, {"office": to, **without_deputy}))
        elif changed := _without_deputies(row.facts, lambda deputy: deputy == expert.email.lower()):
            rows.append(editing.change(key, row, changed))
    return Plan(experts=tuple(rows))


def _without_deputies(facts: Facts, is_gone: Any) -> Facts:
    """The absences that change when these deputies are named no more."""

    def without_deputy(absence: AbsenceEntry) -> AbsenceEntry:
        return replace(absence, deputy=None) if absence.deputy and is_gone(absence.deputy) else absence

    found: Facts = {}
    if facts["absence"] and without_deputy(facts["absence"]) != facts["absence"]:
        found["absence"] = without_deputy(facts["absence"])
    declared = frozenset(map(without_deputy, facts["declared_absences"]))
    if declared != facts["declared_absences"]:
        found["declared_absences"] = declared
    return found
