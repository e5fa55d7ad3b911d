"""Areas of a list of communes: the régions, départements and EPCI that are exactly in it, then communes."""

from collections import defaultdict
from collections.abc import Collection

from territories.areas import AreaRef
from territories.models import Commune

LEVELS = ("region", "department", "epci")


class ServedAreas:
    """Communes of every area, by kind and code; the tables are read once."""

    def __init__(self) -> None:
        self.places: dict[str, tuple[str | None, str, str | None]] = {}
        self.members: dict[str, dict[str, set[str]]] = {kind: defaultdict(set) for kind in LEVELS}
        rows = Commune.objects.current().values_list("code", "department__region", "department", "epci")
        for code, region, department, epci in rows:
            self.places[code] = (region, department, epci)
            for members, area in zip(self.members.values(), self.places[code], strict=True):
                if area:
                    members[area].add(code)

    def current(self, codes: Collection[str]) -> tuple[set[str], set[str]]:
        """Today's communes of these codes, former ones included, and the codes that are none."""
        known = {code for code in codes if code in self.places}
        former = Commune.objects.resolve_all(sorted(set(codes) - known)) if len(known) < len(codes) else {}
        current = known | {commune.code for commune in former.values()}
        return current & self.places.keys(), set(codes) - known - former.keys()

    def region_of(self, communes: Collection[str]) -> str | None:
        """The region of most of these communes; ``None`` without any."""
        counts: dict[str | None, int] = defaultdict(int)
        for code in communes:
            counts[self.places[code][0]] += 1
        return min(counts, key=lambda region: (-counts[region], region or "")) if counts else None

    def refs(self, communes: Collection[str]) -> frozenset[AreaRef]:
        """The fewest areas that are exactly these communes, the largest first."""
        left, found = set(communes), set()
        for level, kind in enumerate(LEVELS):
            for area in sorted({place for code in left if (place := self.places[code][level])}):
                members = self.members[kind][area]
                if members <= left:
                    found.add(AreaRef(kind, area))
                    left -= members
        return frozenset(found | {AreaRef("commune", code) for code in left})

    def around(self, commune: str, level: str) -> frozenset[AreaRef]:
        """The area of this level that contains a commune: what a service without list may serve."""
        places = dict(zip(LEVELS, self.places[commune], strict=True))
        area = places.get(level)
        return frozenset({AreaRef(level, area) if area else AreaRef("commune", commune)})
