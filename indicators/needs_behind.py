"""Needs behind a figure, for people who may open their requests."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.urls import reverse

from indicators import figure_counts
from indicators.definitions import Measure
from indicators.figure_counts import COLUMNS
from indicators.places import NO_REGION, REGION, CountedPlace, Period
from solicitations.lifecycle import NeedState, RequestState
from solicitations.models import Match, Need

HIDDEN, ERASED = "Demande confidentielle", "Demande effacée"
HIDDEN_SUBJECT = "Sujet confidentiel"


@dataclass(frozen=True)
class NeedLine:
    """One need of the list; ``address`` is empty where its request was erased."""

    address: str
    reference: str
    applicant: str
    place: str
    subject: str
    state: NeedState
    submitted_at: datetime
    time_zone: ZoneInfo


def found(place: CountedPlace, period: Period, measure: Measure, *, family: str, code: str) -> QuerySet[Any]:
    """Keys of the needs that a figure counts, the latest first."""
    facts = figure_counts.needs_of(place, start=period.first_day, end=period.end, family=family)
    if family == REGION:
        facts = facts.filter(department__region=None if code == NO_REGION else code)
    elif family in COLUMNS:
        facts = facts.filter(**{COLUMNS[family]: code})
    return facts.filter(measure.condition).order_by("-received_on", "-need").values_list("need", flat=True)


def rows(place: CountedPlace, pks: Iterable[int]) -> list[NeedLine]:
    """The lines of these needs, in that order. Two queries."""
    wanted = list(pks)
    needs = Need.objects.select_related("subject", "solicitation__commune__department").defer(
        "decision", "solicitation__description"
    )
    by_pk = needs.in_bulk(wanted)
    mailboxes = _mailboxes(place, wanted) if place.is_office else {}
    return [_line(by_pk[pk], mailboxes.get(pk)) for pk in wanted if pk in by_pk]


def _line(need: Need, mailbox: int | None) -> NeedLine:
    solicitation = need.solicitation
    is_erased = solicitation.state == RequestState.ANONYMISED
    if is_erased:
        address = ""
    elif mailbox:
        address = reverse("workspace:request", args=[mailbox])
    else:
        address = reverse("oversight:request", args=[solicitation.reference])
    named = HIDDEN if solicitation.is_confidential else solicitation.applicant
    return NeedLine(
        address=address,
        reference=solicitation.reference,
        applicant=ERASED if is_erased else named,
        place=solicitation.commune.place,
        subject=HIDDEN_SUBJECT if solicitation.is_confidential else need.subject.label,
        state=NeedState(need.state),
        submitted_at=solicitation.submitted_at,
        time_zone=solicitation.time_zone,
    )


def _mailboxes(place: CountedPlace, needs: Iterable[int]) -> dict[int, int]:
    """A mailbox of the office for each need: its manager opens the request through it."""
    matches = Match.objects.filter(need__in=needs, expert__office=int(place.code)).order_by("-pk")
    return dict(matches.values_list("need", "mailbox"))
