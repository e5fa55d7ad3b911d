"""States of offices and experts as the lists show them: a word and a shape."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from experts.models import Expert, Office

SOON = 60  # days before a convention ends


@dataclass(frozen=True)
class RowState:
    """A state as displayed: its label, and the code of its shape in ``brand/_badge_state.html``."""

    code: str
    label: str


def office_states(office: Office, *, today: date) -> list[RowState]:
    """The states of an office, an empty list when there is nothing to say."""
    found = []
    if office.dropped_at:
        found.append(RowState("withdrawn", "Absente du dernier fichier"))
    for on, past, future in (
        (office.closed_on, "Fermée depuis le", "Ferme le"),
        (office.agreement_ends_on, "Convention finie le", "Convention jusqu'au"),
    ):
        if on and on <= today:
            found.append(RowState("withdrawn", f"{past} {on:%d/%m/%Y}"))
        elif on and (on - today).days <= SOON:
            found.append(RowState("expired", f"{future} {on:%d/%m/%Y}"))
    if not (office.phone and office.email):
        found.append(RowState("uncovered", "Coordonnées à compléter"))
    if office.is_fallback:
        found.append(RowState("received", "Antenne de repli"))
    return found


def expert_states(
    expert: Expert, *, today: date, now: datetime, silent_pks: Collection[int] = ()
) -> list[RowState]:
    """The states of an expert read with their absences and subjects."""
    if expert.left_at and expert.left_at <= now:
        return [RowState("withdrawn", f"Parti le {expert.left_at:%d/%m/%Y}")]
    if expert.dropped_at:
        return [RowState("withdrawn", "Absent du dernier fichier")]
    found = []
    if expert.left_at:
        found.append(RowState("expired", f"Part le {expert.left_at:%d/%m/%Y}"))
    if expert.is_bouncing:
        found.append(RowState("uncovered", "Adresse refusée"))
    if expert.is_paused:
        found.append(RowState("declined", "En pause"))
    away = [absence for absence in expert.absences.all() if absence.from_on <= today <= absence.to_on]
    found += [RowState("waiting", f"Absent jusqu'au {absence.to_on:%d/%m/%Y}") for absence in away]
    if not expert.has_all_subjects and not expert.subjects.all():
        found.append(RowState("uncovered", "Sans sujet"))
    if expert.pk in silent_pks:
        found.append(RowState("unanswered", "Trois demandes sans réponse"))
    return found
