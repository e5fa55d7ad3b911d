"""Page of the next seven days: mails that the clock will send if nobody answers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from experts.accounts.staff_access import staff_page, staff_user
from solicitations.clock import forecast
from solicitations.clock.forecast import UpcomingStep
from solicitations.models import Solicitation
from territories.spoken_time import spoken_date

DAYS = timedelta(days=7)
MAX_ROWS = 500


@dataclass(frozen=True)
class RequestName:
    """A request in a line; the page does not show the company of a confidential one."""

    reference: str
    applicant: str
    is_confidential: bool


@dataclass(frozen=True)
class UpcomingLine:
    at: datetime
    time_zone: ZoneInfo
    occasion: str
    to: tuple[str, ...]
    requests: tuple[RequestName, ...]
    why: str


@dataclass(frozen=True)
class UpcomingDay:
    on: date
    title: str
    lines: tuple[UpcomingLine, ...]


@require_safe
@staff_page
def upcoming_steps(request: HttpRequest) -> HttpResponse:
    """Show the steps of the clock within seven days for the requests that the user may see."""
    user, now = staff_user(request), timezone.now()
    visible = Solicitation.objects.visible_to(user)
    steps = forecast.coming(visible, now=now, until=now + DAYS, most=MAX_ROWS)
    context = {"region": user.region, "days": days(steps, now=now), "most": MAX_ROWS}
    return render(request, "oversight/upcoming.html", context)


def days(steps: Iterable[UpcomingStep], *, now: datetime) -> list[UpcomingDay]:
    """Group the lines by day of their territory, in order."""
    by_day: dict[date, list[UpcomingLine]] = {}
    for upcoming in steps:
        line = _line(upcoming)
        by_day.setdefault(line.at.astimezone(line.time_zone).date(), []).append(line)
    today = timezone.localdate(now)
    return [UpcomingDay(on, _title(on, today=today), tuple(by_day[on])) for on in sorted(by_day)]


def _line(upcoming: UpcomingStep) -> UpcomingLine:
    return UpcomingLine(
        at=upcoming.at,
        time_zone=upcoming.requests[0].time_zone,
        occasion=upcoming.step.label,
        to=upcoming.to,
        requests=tuple(
            RequestName(row.reference, row.applicant, row.is_confidential) for row in upcoming.requests
        ),
        why=upcoming.why,
    )


def _title(on: date, *, today: date) -> str:
    title = spoken_date(on, today=today).capitalize()
    return f"Aujourd'hui, {title.lower()}" if on == today else title
