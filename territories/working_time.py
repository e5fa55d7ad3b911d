"""Working days and hours of a commune: public holidays of its territory, in its own time zone.

Working hours are 8:00 to 19:00 on working days (Monday to Friday, no public holiday).
"""

from datetime import date, datetime, time, timedelta
from functools import cache

import holidays

from territories.models import Commune

OPENS = time(8)
CLOSES = time(19)
_DAY = timedelta(days=1)

# Territories with their own public holidays: codes of the ``holidays`` library by département.
_SUBDIVISIONS = {
    "57": "57",
    "67": "6AE",
    "68": "6AE",
    "971": "971",
    "972": "972",
    "973": "973",
    "974": "974",
    "975": "PM",
    "976": "976",
    "977": "BL",
    "978": "MF",
    "984": "TF",
    "986": "WF",
    "987": "PF",
    "988": "NC",
}


@cache
def _holidays(department: str) -> holidays.HolidayBase:
    return holidays.country_holidays("FR", subdiv=_SUBDIVISIONS.get(department))


def is_working_day(on: date, commune: Commune) -> bool:
    """True on a day that is neither in a week-end nor a public holiday of the commune."""
    return on.weekday() < 5 and on not in _holidays(commune.department_id)


def is_working_time(at: datetime, commune: Commune) -> bool:
    """True during the commune's working hours; 8:00 is included, 19:00 is not."""
    local = at.astimezone(commune.time_zone)
    return OPENS <= local.time() < CLOSES and is_working_day(local.date(), commune)


def next_working_morning(at: datetime, commune: Commune) -> datetime:
    """The first 8:00 of a working day at or after that moment, in the commune's time zone."""
    local = at.astimezone(commune.time_zone)
    on = local.date() if local.time() <= OPENS else local.date() + _DAY
    while not is_working_day(on, commune):
        on += _DAY
    return datetime.combine(on, OPENS, tzinfo=local.tzinfo)


def add_working_hours(at: datetime, hours: timedelta, commune: Commune) -> datetime:
    """``at`` plus that much working time, in the commune's time zone."""
    now = at.astimezone(commune.time_zone)
    left = hours
    while True:
        if not is_working_time(now, commune):
            now = next_working_morning(now, commune)
        # Clocks change on Sundays: within a working day, differences between local times are exact.
        closing = datetime.combine(now.date(), CLOSES, tzinfo=now.tzinfo)
        if left <= closing - now:
            return now + left
        left -= closing - now
        now = next_working_morning(closing, commune)


def add_working_days(on: date, days: int, commune: Commune) -> date:
    """The date ``days`` working days after ``on``."""
    for _ in range(days):
        on += _DAY
        while not is_working_day(on, commune):
            on += _DAY
    return on


def working_days_between(start: date, end: date, commune: Commune) -> int:
    """Number of working days after ``start``, ``end`` included; 0 when ``end`` comes first."""
    days = (start + _DAY * count for count in range(1, (end - start).days + 1))
    return sum(is_working_day(on, commune) for on in days)
