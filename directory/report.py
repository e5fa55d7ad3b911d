"""A plan in words: what is created, changed, closed, kept and unchanged."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

from directory.file import AbsenceEntry
from directory.planning import Difference, Fate, Plan, RowPlan

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
# What the file cannot say: there is nothing to compare with.
DECLARED = {"left_at", "is_paused", "is_bouncing", "declared_absence"}


def lines(plan: Plan, *, is_rehearsal: bool) -> Iterator[str]:
    """The report, a line at a time; a rehearsal names the rows to create too."""
    if is_rehearsal:
        yield "Essai à blanc : rien n'est écrit."
        yield from _section("À créer", plan, Fate.CREATED)
    yield from _section("À fermer" if is_rehearsal else "Fermés, absents du fichier", plan, Fate.CLOSED)
    yield from _block("À changer" if is_rehearsal else "Changés", _changes(plan))
    yield from _block("Gardés tels que déclarés dans le portail", _kept(plan))
    yield from _section("Saisis à la main, laissés tels quels", plan, Fate.BY_HAND)
    yield from _totals(plan)


def _section(title: str, plan: Plan, fate: Fate) -> Iterator[str]:
    """The rows of one fate."""
    yield from _block(title, (_name(kind, row) for kind, row in _rows(plan) if row.fate is fate))


def _block(title: str, entries: Iterable[str]) -> Iterator[str]:
    """A title and its lines, nothing when there are none."""
    found = list(entries)
    if found:
        yield f"{title} ({len(found)})"
        yield from (f"  {entry}" for entry in found)


def _rows(plan: Plan) -> Iterator[tuple[str, RowPlan[Any]]]:
    """Every row with its kind."""
    for attribute, kind, _ in KINDS:
        for row in getattr(plan, attribute):
            yield kind, row


def _name(kind: str, row: RowPlan[Any]) -> str:
    return f"{kind} {row.key if isinstance(row.key, str) else ' '.join(row.key)}"


def _changes(plan: Plan) -> Iterator[str]:
    for kind, row in _rows(plan):
        for change in row.changes:
            values = f"{_value(change.here)} → {_value(change.file)}"
            yield f"{_name(kind, row)} · {FACTS[change.fact]} : {values}"


def _kept(plan: Plan) -> Iterator[str]:
    for kind, row in _rows(plan):
        for kept in row.kept:
            yield f"{_name(kind, row)} · {FACTS[kept.fact]} : {_kept_value(kept)}"


def _kept_value(kept: Difference) -> str:
    if kept.fact in DECLARED:
        return _value(kept.here)
    return f"{_value(kept.here)} (fichier : {_value(kept.file)})"


def _totals(plan: Plan) -> Iterator[str]:
    """One line per kind."""
    for attribute, _, kind in KINDS:
        rows: tuple[RowPlan[Any], ...] = getattr(plan, attribute)
        counts = {fate: sum(row.fate is fate for row in rows) for fate in Fate}
        yield (
            f"{kind.capitalize()} : créés {counts[Fate.CREATED]}, changés {counts[Fate.CHANGED]}, "
            f"fermés {counts[Fate.CLOSED]}, gardés {sum(bool(row.kept) for row in rows)}, "
            f"inchangés {counts[Fate.UNCHANGED]}, saisis à la main {counts[Fate.BY_HAND]}."
        )


def _value(value: Any) -> str:
    """A fact as people read it."""
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
