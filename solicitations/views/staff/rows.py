"""Requests as lines of the staff's list: no text of the company, a fixed number of queries."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Prefetch

from solicitations import lifecycle
from solicitations.lifecycle import AlertCause, ClosedReason, Labelled, MatchState, NeedState
from solicitations.models import Alert, Match, Need, Solicitation
from solicitations.models.requests import SolicitationQuerySet


@dataclass(frozen=True)
class Badge:
    """A state as a word and a shape; ``code`` names the shape."""

    code: str
    label: str


@dataclass(frozen=True)
class Standing:
    """The institutions that are equally far with a request."""

    state: Badge
    names: tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """One request in a list."""

    reference: str
    applicant: str
    place: str
    zone: ZoneInfo
    sent_at: datetime
    subjects: tuple[str, ...]
    state: Badge
    institutions: tuple[Standing, ...]
    alerts: tuple[str, ...]
    is_confidential: bool


def badge(shown: Labelled) -> Badge:
    """How a state is shown; what staff set aside looks like what was cancelled."""
    is_aside = isinstance(shown, ClosedReason)
    return Badge(code=NeedState.CANCELLED if is_aside else shown.value, label=shown.label)


def rows(solicitations: SolicitationQuerySet) -> SolicitationQuerySet:
    """The same requests with what their lines need, and without their text."""
    needs = Need.objects.select_related("subject").order_by("position", "pk")
    matches = Match.objects.live().select_related("expert__office__institution").order_by("pk")
    alerts = Alert.objects.standing().urgent_first()
    return (
        solicitations.defer("description")
        .select_related("commune__department")
        .prefetch_related(
            Prefetch("needs", needs),
            Prefetch("needs__matches", matches),
            Prefetch("alerts", alerts, to_attr="standing_alerts"),
        )
    )


def row(solicitation: Solicitation) -> Row:
    """The line of a request that ``rows`` has loaded."""
    needs = list(solicitation.needs.all())
    alerts: list[Alert] = getattr(solicitation, "standing_alerts", [])
    return Row(
        reference=solicitation.reference,
        applicant=solicitation.applicant,
        place=solicitation.commune.place,
        zone=solicitation.time_zone,
        sent_at=solicitation.submitted_at,
        subjects=tuple(need.subject.label for need in needs),
        state=badge(solicitation.shown),
        institutions=tuple(_institutions(match for need in needs for match in need.matches.all())),
        alerts=tuple(AlertCause(alert.cause).label for alert in alerts),
        is_confidential=solicitation.is_confidential,
    )


def _institutions(matches: Iterable[Match]) -> Iterable[Standing]:
    """Each institution once, under what its matches together show, in the order in which needs show it."""
    states: dict[str, list[MatchState]] = {}
    for match in matches:
        states.setdefault(_short(match.expert.office.institution.name), []).append(MatchState(match.state))
    shown = {name: lifecycle.overall(own, is_cancelled=False, is_routed=True) for name, own in states.items()}
    for state in lifecycle.REQUEST_ORDER:
        if names := tuple(name for name, its in shown.items() if its == state):
            yield Standing(badge(state), names)


def _short(name: str) -> str:
    """« DDETS » for « DDETS (direction départementale de l'emploi…) »."""
    return name.partition(" (")[0]
