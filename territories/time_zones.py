"""Time zones of the French territories (IANA names). Pure."""

from collections import defaultdict
from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo

_METROPOLE = "Europe/Paris"
_DEPARTMENTS = {
    "971": "America/Guadeloupe",
    "972": "America/Martinique",
    "973": "America/Cayenne",
    "974": "Indian/Reunion",
    "975": "America/Miquelon",
    "976": "Indian/Mayotte",
    "977": "America/St_Barthelemy",
    "978": "America/Marigot",
    "984": "Indian/Kerguelen",
    "986": "Pacific/Wallis",
    "987": "Pacific/Tahiti",
    "988": "Pacific/Noumea",
    "989": "Etc/GMT+8",  # Clipperton has no name of its own: UTC-8
}
# Regions of one département overseas.
_REGIONS = {"01": "971", "02": "972", "03": "973", "04": "974", "06": "976", "975": "975"}
# Polynesia spans three zones.
_COMMUNES = {
    "98719": "Pacific/Gambier",
    **dict.fromkeys(("98718", "98723", "98731", "98746", "98756", "98757"), "Pacific/Marquesas"),
}


@cache
def time_zone(department: str, commune: str = "") -> ZoneInfo:
    """The time zone of a département (its code), or of a commune in it that has another one."""
    return ZoneInfo(_COMMUNES.get(commune) or _DEPARTMENTS.get(department, _METROPOLE))


def region_time_zone(region: str) -> ZoneInfo:
    """The time zone of a region, by its code."""
    return time_zone(_REGIONS.get(region, ""))


def other_days(now: datetime) -> dict[date, list[str]]:
    """The départements overseas where another day has begun than in Paris, by that day."""
    here, found = now.astimezone(time_zone("")).date(), defaultdict(list)
    for department in _DEPARTMENTS:
        found[now.astimezone(time_zone(department)).date()].append(department)
    return {day: departments for day, departments in found.items() if day != here}
