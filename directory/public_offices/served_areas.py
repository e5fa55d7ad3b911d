"""Areas of a list of communes: the régions, départements and EPCI that are exactly in it, then communes."""

from collections import Counter, defaultdict
from collections.abc import Collection
from functools import cached_property
from operator import itemgetter

from territories.areas import AreaRef
from territories.models import Commune

LEVELS = ("region", "department", "epci")


class ServedAreas:
    """The région, département and EPCI of every commune; the tables are read once."""

    def __init__(self) -> None:
        rows = Commune.objects.current().values_list("code", "department__region", "department", "epci")
        self.places: dict[str, tuple[str | None, str, str | None]] = {row[0]: row[1:] for row in rows}

    @cached_property
    def _sizes(self) -> list[Counter[str | None]]:
        """Number of communes of each area, by level."""
        return [Counter(map(itemgetter(level), self.places.values())) for level in range(len(LEVELS))]

    @cached_property
    def members(self) -> dict[str, dict[str, set[str]]]:
        """Communes of every area, by kind and code."""
        found: dict[str, dict[str, set[str]]] = {kind: defaultdict(set) for kind in LEVELS}
        for code, places in self.places.items():
            for members, area in zip(found.values(), places, strict=True):
                if area:
                    members[area].add(code)
        return found

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
        for level, (kind, sizes) in enumerate(zip(LEVELS, self._sizes, strict=True)):
            served = Counter(self.places[code][level] for code in left)
            whole = {area for area, size in served.items() if area and size == sizes[area]}
            found |= {AreaRef(kind, area) for area in whole}
            left = {code for code in left if self.places[code][level] not in whole}
        return frozenset(found | {AreaRef("commune", code) for code in left})

    def around(self, commune: str, level: str) -> frozenset[AreaRef]:
        """The area of this level that contains a commune: what a service without list may serve."""
        places = dict(zip(LEVELS, self.places[commune], strict=True))
        area = places.get(level)
        return frozenset({AreaRef(level, area) if area else AreaRef("commune", commune)})
