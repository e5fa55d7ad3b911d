"""The moment until which a company may expect a call, after which it may say that nobody called."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.conf import settings

from solicitations.actions.feedback import REPORTED_AGAIN_AFTER
from solicitations.lifecycle import EventKind, MatchState
from solicitations.models import Match, Solicitation
from territories.working_time import CLOSES, OPENS, add_working_hours, is_working_day

WORKING_DAY = timedelta(hours=CLOSES.hour - OPENS.hour)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat")  # as ``callback_days`` names them
SLOT_ENDS = {"morning": time(12), "noon": time(14), "afternoon": time(17), "evening": CLOSES}
MAX_WAIT_DAYS = 31  # days in which a wished day is looked for


@dataclass(frozen=True)
class ExpectedCall:
    """``by``: a call is expected until then, ``None`` while nobody has to call.

    ``reported_at``: the company said less than a day ago that nobody called.
    """

    by: datetime | None
    is_late: bool
    reported_at: datetime | None

    @property
    def may_be_reported(self) -> bool:
        return self.is_late and self.reported_at is None

    @property
    def reported_again_at(self) -> datetime | None:
        """The moment from which the company may say it again."""
        return self.reported_at + REPORTED_AGAIN_AFTER if self.reported_at else None


def expected_call(solicitation: Solicitation, *, now: datetime) -> ExpectedCall:
    """Two working days after a need was taken, else sent; later when the company wished other days."""
    reports = solicitation.events.filter(kind__in=[EventKind.CALLED, EventKind.STILL_WAITING])
    last = reports.in_order().last()
    called_at = last.at if last and last.kind == EventKind.CALLED else None
    starts = _starts(solicitation)
    by = min((_due(solicitation, max(at, called_at or at)) for at in starts), default=None)
    is_reported = last and last.kind == EventKind.STILL_WAITING and now - last.at < REPORTED_AGAIN_AFTER
    return ExpectedCall(
        by=by,
        is_late=by is not None and by <= now,
        reported_at=last.at if last and is_reported else None,
    )


def is_slow_to_leave(solicitation: Solicitation, *, now: datetime) -> bool:
    """True one working day after sending: a page that still says « bientôt transmise » says what to do."""
    return add_working_hours(solicitation.submitted_at, WORKING_DAY, solicitation.commune) <= now


def _starts(solicitation: Solicitation) -> list[datetime]:
    """For each need that somebody has: when it was first taken by those who have it, else first sent."""
    active = Match.objects.active().filter(need__solicitation=solicitation)
    by_need: dict[int, list[tuple[bool, datetime]]] = {}
    for need, state, sent_at, taken_at in active.values_list("need", "state", "sent_at", "taken_at"):
        is_waiting = state == MatchState.SENT
        by_need.setdefault(need, []).append((is_waiting, sent_at if is_waiting else taken_at or sent_at))
    return [min(starts)[1] for starts in by_need.values()]


def _due(solicitation: Solicitation, start: datetime) -> datetime:
    due = add_working_hours(start, settings.CALL_WITHIN_DAYS * WORKING_DAY, solicitation.commune)
    wished = _first_wished_slot(solicitation, start)
    return max(due, wished) if wished else due


def _first_wished_slot(solicitation: Solicitation, start: datetime) -> datetime | None:
    """The end of the first day and hours that the company wished; ``None`` when it wished none."""
    days, hours = solicitation.callback_days, solicitation.callback_hours
    if not days and not hours:
        return None
    local = start.astimezone(solicitation.time_zone)
    ends_at = max((SLOT_ENDS[hour] for hour in hours if hour in SLOT_ENDS), default=CLOSES)
    for count in range(MAX_WAIT_DAYS):
        on = local.date() + timedelta(days=count)
        is_wished = on.weekday() < len(WEEKDAYS) and WEEKDAYS[on.weekday()] in days if days else True
        is_served = is_working_day(on, solicitation.commune) or (
            is_wished and bool(days) and on.weekday() == 5
        )
        end = datetime.combine(on, ends_at, tzinfo=local.tzinfo)
        if is_wished and is_served and end > local:
            return end
    return None
