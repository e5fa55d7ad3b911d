"""Facts of offices, experts and zones: their names, types, French labels, and their form in the journal.

Facts are named like the columns and the keys of a directory file. Sets of areas and subjects, and absences,
are facts of the row that they belong to.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from territories.areas import AreaRef

Facts = dict[str, Any]  # columns of every type, sets of codes, absences


@dataclass(frozen=True, slots=True)
class AbsenceEntry:
    """Days away, both included; ``deputy`` is an email in lower case, ``None`` when there is none."""

    from_on: date
    to_on: date
    deputy: str | None


@dataclass(frozen=True, slots=True)
class FactType:
    """Conversion of a fact to JSON and back; ``None`` stays ``None``."""

    to_json: Callable[[Any], Any]
    from_json: Callable[[Any], Any]


def _same(value: Any) -> Any:
    return value


def _sorted_texts(values: Iterable[object]) -> list[str]:
    return sorted(map(str, values))


def _area_refs(values: Iterable[str]) -> frozenset[AreaRef]:
    return frozenset(map(AreaRef.parse, values))


def _absence_to_json(absence: AbsenceEntry) -> list[str | None]:
    return [absence.from_on.isoformat(), absence.to_on.isoformat(), absence.deputy]


def _absence_from_json(values: list[str]) -> AbsenceEntry:
    return AbsenceEntry(date.fromisoformat(values[0]), date.fromisoformat(values[1]), values[2])


PLAIN = FactType(_same, _same)
DAY = FactType(date.isoformat, date.fromisoformat)
MOMENT = FactType(datetime.isoformat, datetime.fromisoformat)
CODES = FactType(_sorted_texts, frozenset)
AREAS = FactType(_sorted_texts, _area_refs)
ABSENCE = FactType(_absence_to_json, _absence_from_json)
ABSENCES = FactType(
    lambda absences: [_absence_to_json(absence) for absence in sorted(absences, key=absence_order)],
    lambda values: frozenset(map(_absence_from_json, values)),
)


def absence_order(absence: AbsenceEntry) -> tuple[date, date, str]:
    """Sort key of absences."""
    return absence.from_on, absence.to_on, absence.deputy or ""


# Columns that a directory file gives.
OFFICE_COLUMNS = (
    "name",
    "phone",
    "email",
    "headcount_min",
    "headcount_max",
    "age_min_years",
    "age_max_years",
    "naf",
    "naf_excluded",
    "legal_forms",
    "legal_forms_excluded",
    "craft",
    "project_holders",
    "is_fallback",
    "closed_on",
)
EXPERT_COLUMNS = ("name", "job", "email", "phone", "has_all_subjects")
# Columns that only people, or the portal, write.
OWN_OFFICE_COLUMNS = (
    "site",
    "siret",
    "agreement_signed_on",
    "agreement_ends_on",
    "agreement_link",
    "is_public",
    "verified_on",
    "source",
    "dropped_at",
    "edited_fields",
)
OWN_EXPERT_COLUMNS = (
    "shows_phone",
    "booking_url",
    "is_paused",
    "is_bouncing",
    "left_at",
    "successor",
    "verified_on",
    "former_emails",
    "source",
    "dropped_at",
    "edited_fields",
)
OWN_ZONE_COLUMNS = ("source", "dropped_at")

LABELS = {
    "name": "nom",
    "members": "membres",
    "institution": "institution",
    "office": "antenne",
    "phone": "téléphone",
    "email": "courriel",
    "site": "site internet",
    "siret": "SIRET",
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
    "is_public": "montrée au public",
    "closed_on": "fermeture",
    "agreement_signed_on": "signature de la convention",
    "agreement_ends_on": "fin de la convention",
    "agreement_link": "lien vers la convention",
    "verified_on": "vérification",
    "areas": "territoires",
    "exclusive_subjects": "sujets exclusifs",
    "job": "fonction",
    "has_all_subjects": "tous les sujets",
    "subjects": "sujets",
    "absence": "absence",
    "declared_absences": "absences déclarées",
    "shows_phone": "montre son numéro",
    "booking_url": "prise de rendez-vous",
    "dropped_at": "absent du fichier",
    "left_at": "départ",
    "successor": "successeur",
    "is_paused": "en pause",
    "is_bouncing": "adresse refusée",
    "former_emails": "anciennes adresses",
    "source": "origine",
    "edited_fields": "corrigé dans le portail",
}

TYPES: dict[str, FactType] = {
    "closed_on": DAY,
    "agreement_signed_on": DAY,
    "agreement_ends_on": DAY,
    "verified_on": DAY,
    "dropped_at": MOMENT,
    "left_at": MOMENT,
    "exclusive_subjects": CODES,
    "subjects": CODES,
    "areas": AREAS,
    "members": AREAS,
    "absence": ABSENCE,
    "declared_absences": ABSENCES,
}


def to_json(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts as the journal stores them."""
    return {
        name: None if value is None else TYPES.get(name, PLAIN).to_json(value)
        for name, value in facts.items()
    }


def from_json(stored: Mapping[str, Any]) -> Facts:
    """Read what ``to_json`` wrote."""
    return {
        name: None if value is None else TYPES.get(name, PLAIN).from_json(value)
        for name, value in stored.items()
    }
