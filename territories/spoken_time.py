"""Dates and moments as people say them in French, for pages and mails.

Spaces inside them do not break: « 21 h 36 » and « 3 mai » stay on one line.
"""

import re
from datetime import date, datetime, timedelta, tzinfo

DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip
HOUR = re.compile(r"(\d) ?h(?: ?(\d\d)\b|\b)")


def spoken_date(on: date, *, today: date | None) -> str:
    """``mardi 1er décembre``; with the year when it is not the year of ``today``, or without ``today``."""
    number = "1er" if on.day == 1 else str(on.day)
    year = "" if today and on.year == today.year else f"\u00a0{on.year}"
    return f"{DAYS[on.weekday()]} {number}\u00a0{MONTHS[on.month - 1]}{year}"


def spoken_moment(at: datetime, *, time_zone: tzinfo, now: datetime | None) -> str:
    """``mardi 1er décembre à 14 h 30`` in this time zone; with the year without ``now``."""
    local, today = at.astimezone(time_zone), now.astimezone(time_zone).date() if now else None
    return f"{spoken_date(local, today=today)} à {spoken_hour(at, time_zone=time_zone)}"


def spoken_hour(at: datetime, *, time_zone: tzinfo) -> str:
    """``14 h 30``, ``8 h`` in this time zone."""
    local = at.astimezone(time_zone)
    minutes = f"\u00a0{local.minute:02}" if local.minute else ""
    return f"{local.hour}\u00a0h{minutes}"


def with_whole_hours(text: str) -> str:
    """A typed text whose hours stay on one line: « de 9h à 12 h 30 »."""
    return HOUR.sub(lambda hour: f"{hour[1]}\u00a0h" + (f"\u00a0{hour[2]}" if hour[2] else ""), text)


def spoken_age(at: datetime, *, time_zone: tzinfo, now: datetime) -> str:
    """``à l'instant``, ``il y a 5 minutes``, ``il y a 3 heures``, ``hier``, ``il y a 12 jours``…

    Days are calendar days of ``time_zone``: yesterday evening is "hier".
    """
    elapsed = max(now - at, timedelta(0))
    days = (now.astimezone(time_zone).date() - at.astimezone(time_zone).date()).days
    if elapsed < timedelta(minutes=1):
        return "à l'instant"
    if elapsed < timedelta(hours=1):
        return f"il y a {_counted(elapsed // timedelta(minutes=1), 'minute')}"
    if days <= 0 or elapsed < timedelta(hours=6):
        return f"il y a {_counted(elapsed // timedelta(hours=1), 'heure')}"
    return _spoken_days(days)


def _spoken_days(days: int) -> str:
    if days == 1:
        return "hier"
    if days < 60:
        return f"il y a {days}\u00a0jours"
    if days < 730:
        return f"il y a {days // 30}\u00a0mois"
    return f"il y a {_counted(days // 365, 'an')}"


def _counted(count: int, noun: str) -> str:
    return f"{count}\u00a0{noun}{'s' if count > 1 else ''}"
