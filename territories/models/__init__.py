"""Tables of the room: ``communes`` (the geographic code) and ``areas`` (what an office covers)."""

from territories.models.areas import Area, AreaMember, UnknownArea, ZoneInsideZone
from territories.models.communes import (
    Commune,
    Department,
    Epci,
    FormerCommune,
    Region,
    UnknownCommune,
)

__all__ = [
    "Area",
    "AreaMember",
    "Commune",
    "Department",
    "Epci",
    "FormerCommune",
    "Region",
    "UnknownArea",
    "UnknownCommune",
    "ZoneInsideZone",
]
