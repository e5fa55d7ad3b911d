"""Rows of the staff's list of requests: no text of the company, a fixed number of queries."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from solicitations import lifecycle
from solicitations.lifecycle import AlertCause, ClosedReason, Labelled, MatchState, NeedState
from solicitations.models import Alert, Match, Need, Solicitation


@dataclass(frozen=True)
class Badge:
    """A state as displayed: its label, and the code of its shape."""

    code: str
    label: str


@dataclass(frozen=True)
class InstitutionsInState:
    """Institutions in the same state for a request."""

    state: Badge
    names: tuple[str, ...]


@dataclass(frozen=True)
class RequestRow:
    """One row of the list."""

    reference: str
    applicant: str
    place: str
    time_zone: ZoneInfo
    sent_at: datetime
    subjects: tuple[str, ...]
    state: Badge
    institutions: tuple[InstitutionsInState, ...]
    alerts: tuple[str, ...]
    handler: str
    is_confidential: bool


def badge(shown: Labelled) -> Badge:
    """Badge of a state; requests that staff closed as spam, test or duplicate look like cancelled ones."""
    is_aside = isinstance(shown, ClosedReason)
    return Badge(code=NeedState.CANCELLED if is_aside else shown.value, label=shown.label)


def request_rows(solicitations: Sequence[Solicitation]) -> list[RequestRow]:
    """Build the rows of these requests, loaded with their commune and colleague. Three queries."""
    subjects: dict[int, list[str]] = defaultdict(list)
    states: dict[int, list[tuple[str, str]]] = defaultdict(list)
    causes: dict[int, list[str]] = defaultdict(list)
    needs = Need.objects.filter(solicitation__in=solicitations).order_by("position", "pk")
    for pk, subject in needs.values_list("solicitation", "subject__label"):
        subjects[pk].append(subject)
    matches = Match.objects.live().filter(need__solicitation__in=solicitations).in_order()
    institution = "expert__office__institution__name"
    for pk, name, state in matches.values_list("need__solicitation", institution, "state"):
        states[pk].append((name, state))
    alerts = Alert.objects.open().filter(solicitation__in=solicitations).urgent_first()
    for pk, cause in alerts.values_list("solicitation", "cause"):
        causes[pk].append(cause)
    return [
        RequestRow(
            reference=solicitation.reference,
            applicant=solicitation.applicant,
            place=solicitation.commune.place,
            time_zone=solicitation.time_zone,
            sent_at=solicitation.submitted_at,
            subjects=tuple(subjects[solicitation.pk]),
            state=badge(solicitation.shown),
            institutions=tuple(_institutions(states[solicitation.pk])),
            alerts=tuple(AlertCause(cause).label for cause in causes[solicitation.pk]),
            handler=str(solicitation.handled_by or ""),
            is_confidential=solicitation.is_confidential,
        )
        for solicitation in solicitations
    ]


def _institutions(matches: Iterable[tuple[str, str]]) -> Iterable[InstitutionsInState]:
    """Group institutions by the overall state of their matches, in the order of states of needs."""
    states: dict[str, list[MatchState]] = {}
    for name, state in matches:
        states.setdefault(_short(name), []).append(MatchState(state))
    shown = {name: lifecycle.overall(own, is_cancelled=False, is_routed=True) for name, own in states.items()}
    for state in lifecycle.REQUEST_ORDER:
        if names := tuple(name for name, its in shown.items() if its == state):
            yield InstitutionsInState(badge(state), names)


def _short(name: str) -> str:
    """« DDETS » for « DDETS (direction départementale de l'emploi…) »."""
    return name.partition(" (")[0]
