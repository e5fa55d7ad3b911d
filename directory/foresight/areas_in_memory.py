"""Areas that contain a commune, from the zones of a directory in memory."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from experts.routing.engine import CoveringArea
from territories.areas import AreaRef
from territories.models import Area, AreaMember, Commune

NATIONAL = AreaRef("national")


@dataclass(frozen=True)
class Location:
    """A current commune, and the codes of the places that contain it; ``None`` where there is none."""

    commune: str
    epci: str | None
    department: str
    region: str | None

    @classmethod
    def of(cls, commune: Commune) -> "Location":
        """Location of a commune, of its successor if it merged. No query after ``with_place``."""
        current = commune.merged_into or commune
        return cls(current.code, current.epci_id, current.department_id, current.department.region_id)

    @cached_property
    def refs(self) -> tuple[AreaRef, ...]:
        """The areas that contain the commune, zones excepted."""
        codes = {
            "commune": self.commune,
            "epci": self.epci,
            "department": self.department,
            "region": self.region,
        }
        return (*(AreaRef(kind, code) for kind, code in codes.items() if code), NATIONAL)


@dataclass(frozen=True)
class KnownAreas:
    """Areas in use in the tables, under their current codes, and the members of their zones."""

    areas: Mapping[AreaRef, CoveringArea]
    members: Mapping[str, frozenset[AreaRef]]

    @classmethod
    def load(cls) -> "KnownAreas":
        """Read the tables, in two queries."""
        areas = {}
        rows = Area.objects.filter(dropped_at=None).values_list(
            "kind", "current_code", "name", "commune_count"
        )
        for kind, code, name, count in rows:
            ref = AreaRef(kind, code)
            areas[ref] = CoveringArea(ref, name, count)
        members: dict[str, set[AreaRef]] = defaultdict(set)
        pairs = AreaMember.objects.values_list("zone__code", "member__kind", "member__current_code")
        for zone, kind, code in pairs:
            members[zone].add(AreaRef(kind, code))
        return cls(areas, {zone: frozenset(refs) for zone, refs in members.items()})

    def with_communes(self, refs: Iterable[AreaRef]) -> "KnownAreas":
        """Add the areas of single communes not in the tables yet; one query when some are missing."""
        missing = [ref.code for ref in refs if ref.kind == "commune" and ref not in self.areas]
        names = Commune.objects.filter(code__in=missing).values_list("code", "name") if missing else []
        new = {AreaRef("commune", code): (code, name) for code, name in names}
        added = {ref: CoveringArea(ref, name, 1) for ref, (_, name) in new.items()}
        return KnownAreas({**self.areas, **added}, self.members)


class AreasInMemory:
    """Areas of a directory: those of the tables, with the zones that the directory defines.

    ``zones``: the facts of each listed zone by slug, ``name`` and ``members``.
    """

    def __init__(self, known: KnownAreas, zones: Mapping[str, Mapping[str, Any]]) -> None:
        self._plain = known.areas
        self._zones_of: dict[AreaRef, list[CoveringArea]] = defaultdict(list)
        for slug, facts in zones.items():
            members: frozenset[AreaRef] = facts["members"]
            zone = CoveringArea(AreaRef("zone", slug), facts["name"], _commune_count(known, slug, members))
            for member in members:
                self._zones_of[member].append(zone)
        self._found: dict[Location, dict[AreaRef, CoveringArea]] = {}

    def containing(self, place: Location) -> dict[AreaRef, CoveringArea]:
        """The areas that contain a place, zones included, by reference."""
        found = self._found.get(place)
        if found is None:
            found = {ref: self._plain[ref] for ref in place.refs if ref in self._plain}
            found |= {zone.ref: zone for ref in place.refs for zone in self._zones_of.get(ref, ())}
            self._found[place] = found
        return found


def _commune_count(known: KnownAreas, slug: str, members: Collection[AreaRef]) -> int:
    """Number of communes of a zone; one query when its members are not those of the tables."""
    stored = known.areas.get(AreaRef("zone", slug))
    if stored is not None and known.members.get(slug, frozenset()) == members:
        return stored.commune_count
    return Commune.objects.inside(members).count()
