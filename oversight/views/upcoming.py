"""The next seven days: what will leave by itself, to whom and why, if nobody answers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from oversight.views.access import member, staff_page
from solicitations.clock import forecast
from solicitations.clock.forecast import Leaving
from solicitations.models import Solicitation
from territories.spoken_time import spoken_date

DAYS = timedelta(days=7)
MOST = 500


@dataclass(frozen=True)
class Named:
    """A request in a line; a confidential one is not named after its company."""

    reference: str
    applicant: str
    is_confidential: bool


@dataclass(frozen=True)
class Line:
    at: datetime
    zone: ZoneInfo
    occasion: str
    to: tuple[str, ...]
    requests: tuple[Named, ...]
    why: str


@dataclass(frozen=True)
class Day:
    on: date
    title: str
    lines: tuple[Line, ...]


@require_safe
@staff_page
def upcoming_steps(request: HttpRequest) -> HttpResponse:
    """What the clock will do within seven days about the requests in sight."""
    user, now = member(request), timezone.now()
    visible = Solicitation.objects.visible_to(user)
    leavings = forecast.coming(visible, now=now, until=now + DAYS, most=MOST)
    context = {"region": user.region, "days": days(leavings, now=now), "most": MOST}
    return render(request, "oversight/upcoming.html", context)


def days(leavings: Iterable[Leaving], *, now: datetime) -> list[Day]:
    """The lines by day of the territory, in order."""
    by_day: dict[date, list[Line]] = {}
    for leaving in leavings:
        line = _line(leaving)
        by_day.setdefault(line.at.astimezone(line.zone).date(), []).append(line)
    today = timezone.localdate(now)
    return [Day(on, _title(on, today=today), tuple(by_day[on])) for on in sorted(by_day)]


def _line(leaving: Leaving) -> Line:
    return Line(
        at=leaving.at,
        zone=leaving.requests[0].time_zone,
        occasion=leaving.step.label,
        to=leaving.to,
        requests=tuple(Named(row.reference, row.applicant, row.is_confidential) for row in leaving.requests),
        why=leaving.why,
    )


def _title(on: date, *, today: date) -> str:
    title = spoken_date(on, today=today).capitalize()
    return f"Aujourd'hui, {title.lower()}" if on == today else title
