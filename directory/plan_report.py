"""Report of a plan in French: rows created, changed, closed, kept and unchanged."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

from directory.file import AbsenceEntry
from directory.planning import Difference, Plan, RowOutcome, RowPlan

KINDS = (("zones", "zone", "zones"), ("offices", "antenne", "antennes"), ("experts", "référent", "référents"))
FACTS = {
    "name": "nom",
    "members": "membres",
    "institution": "institution",
    "phone": "téléphone",
    "email": "adresse",
    "headcount_min": "effectif minimal",
    "headcount_max": "effectif maximal",
    "age_min_years": "ancienneté minimale",
    "age_max_years": "ancienneté maximale",
    "naf": "activités acceptées",
    "naf_excluded": "activités refusées",
    "legal_forms": "formes juridiques acceptées",
    "legal_forms_excluded": "formes juridiques refusées",
    "craft": "artisanat",
    "project_holders": "porteurs de projet",
    "is_fallback": "reçoit ce que personne ne couvre",
    "closed_on": "fermeture",
    "areas": "territoires",
    "exclusive_subjects": "sujets exclusifs",
    "job": "fonction",
    "has_all_subjects": "tous les sujets",
    "subjects": "sujets",
    "absence": "absence",
    "dropped_at": "absent du fichier",
    "left_at": "départ",
    "is_paused": "en pause",
    "is_bouncing": "adresse refusée",
    "declared_absence": "absence déclarée",
}
# Facts that a file cannot give: there is no value to compare with.
DECLARED = {"left_at", "is_paused", "is_bouncing", "declared_absence"}


def lines(plan: Plan, *, is_dry_run: bool) -> Iterator[str]:
    """Lines of the report; that of a dry run lists the rows to create too."""
    if is_dry_run:
        yield "Essai à blanc : rien n'est écrit."
        yield from _section("À créer", plan, RowOutcome.CREATED)
    yield from _section("À fermer" if is_dry_run else "Fermés, absents du fichier", plan, RowOutcome.CLOSED)
    yield from _block("À changer" if is_dry_run else "Changés", _changes(plan))
    yield from _block("Gardés tels que déclarés dans le portail", _kept(plan))
    yield from _section("Saisis à la main, laissés tels quels", plan, RowOutcome.BY_HAND)
    yield from _totals(plan)


def _section(title: str, plan: Plan, outcome: RowOutcome) -> Iterator[str]:
    """Lines of the rows with this outcome."""
    yield from _block(title, (_name(kind, row) for kind, row in _rows(plan) if row.outcome is outcome))


def _block(title: str, entries: Iterable[str]) -> Iterator[str]:
    """A title and its lines; nothing when there are no lines."""
    found = list(entries)
    if found:
        yield f"{title} ({len(found)})"
        yield from (f"  {entry}" for entry in found)


def _rows(plan: Plan) -> Iterator[tuple[str, RowPlan[Any]]]:
    """All the rows, each with its kind."""
    for attribute, kind, _ in KINDS:
        for row in getattr(plan, attribute):
            yield kind, row


def _name(kind: str, row: RowPlan[Any]) -> str:
    return f"{kind} {row.key if isinstance(row.key, str) else ' '.join(row.key)}"


def _changes(plan: Plan) -> Iterator[str]:
    for kind, row in _rows(plan):
        for change in row.changes:
            values = f"{_value(change.portal_value)} → {_value(change.file_value)}"
            yield f"{_name(kind, row)} · {FACTS[change.fact]} : {values}"


def _kept(plan: Plan) -> Iterator[str]:
    for kind, row in _rows(plan):
        for kept in row.kept:
            yield f"{_name(kind, row)} · {FACTS[kept.fact]} : {_kept_value(kept)}"


def _kept_value(kept: Difference) -> str:
    if kept.fact in DECLARED:
        return _value(kept.portal_value)
    return f"{_value(kept.portal_value)} (fichier : {_value(kept.file_value)})"


def _totals(plan: Plan) -> Iterator[str]:
    """One line of totals per kind."""
    for attribute, _, kind in KINDS:
        rows: tuple[RowPlan[Any], ...] = getattr(plan, attribute)
        counts = {outcome: sum(row.outcome is outcome for row in rows) for outcome in RowOutcome}
        yield (
            f"{kind.capitalize()} : créés {counts[RowOutcome.CREATED]}, "
            f"changés {counts[RowOutcome.CHANGED]}, fermés {counts[RowOutcome.CLOSED]}, "
            f"gardés {sum(bool(row.kept) for row in rows)}, inchangés {counts[RowOutcome.UNCHANGED]}, "
            f"saisis à la main {counts[RowOutcome.BY_HAND]}."
        )


def _value(value: Any) -> str:
    """Format the value of a fact."""
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, AbsenceEntry):
        deputy = f"suppléant {value.deputy}" if value.deputy else "sans suppléant"
        return f"{_period(value.from_on, value.to_on)}, {deputy}"
    if isinstance(value, datetime | date):
        return f"{value:%d/%m/%Y}"
    if isinstance(value, tuple):
        return _period(*value)
    if isinstance(value, frozenset | list):
        return ", ".join(sorted(map(str, value))) or "rien"
    return "rien" if value in {None, ""} else str(value)


def _period(from_on: date, to_on: date) -> str:
    return f"du {_value(from_on)} au {_value(to_on)}"
