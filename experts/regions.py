"""Region of an office: the one that most of its communes belong to."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping

from experts.models import Office
from territories.areas import AreaRef
from territories.models import Area, AreaMember, Commune

KINDS = {"epci": 1, "department": 2, "region": 3}  # places in a row of ``RegionCounter``


def update_regions(offices: Iterable[Office] | None = None) -> list[tuple[Office, str | None]]:
    """Set the region of these offices (all when ``None``) from their areas; return the changed, as before.

    National offices and those without areas have no region. Among equal regions, the lowest code.
    """
    rows = Office.objects.all() if offices is None else offices
    changed = []
    for office, region in regions_of(rows, RegionCounter()):
        if region != office.region_id:
            changed.append((office, office.region_id))
            office.region_id = region
    Office.objects.bulk_update([office for office, _ in changed], ["region"], batch_size=500)
    return changed


def regions_of(offices: Iterable[Office], counter: "RegionCounter") -> Iterator[tuple[Office, str | None]]:
    """The region of each office, by its areas."""
    rows = list(offices)
    areas: dict[int, set[int]] = defaultdict(set)
    pairs = Office.areas.through.objects.filter(office__in=[office.pk for office in rows])
    for office_pk, area in pairs.values_list("office_id", "area_id"):
        areas[office_pk].add(area)
    for office in rows:
        yield office, counter.most_of(frozenset(areas[office.pk]))


def region_of(areas: Iterable[Area]) -> str | None:
    """The code of the region of most of the communes of these areas; ``None`` as in ``update_regions``."""
    return RegionCounter().most_of(frozenset(area.pk for area in areas))


def areas_beyond(areas: Iterable[Area], region: str | None) -> list[Area]:
    """The areas, among these, that have a commune outside this region, by its code."""
    regions = RegionCounter()
    return [area for area in areas if regions.reach(area.pk) - {region}]


class RegionCounter:
    """Counter of communes by region; all the tables are read once.

    ``region_of``: the region of each commune, of the tables by default.
    """

    def __init__(self, region_of: Mapping[str, str | None] | None = None) -> None:
        self._rows = list(
            Commune.objects.current().values_list("code", "epci", "department", "department__region")
        )
        self.region_of: dict[str, str | None] = {
            row[0]: region_of.get(row[0]) if region_of else row[3] for row in self._rows
        }
        self._communes: dict[str, dict[str, list[str]]] = {}  # by kind of area, grouped when first asked for
        self.areas = {
            pk: (kind, code) for pk, kind, code in Area.objects.values_list("pk", "kind", "current_code")
        }
        self.zones: dict[int, set[int]] = defaultdict(set)
        for zone, member in AreaMember.objects.values_list("zone", "member"):
            self.zones[zone].add(member)
        self.answers: dict[frozenset[int], str | None] = {}

    def most_of(self, areas: frozenset[int]) -> str | None:
        """The region of most of the communes of these areas together."""
        if areas not in self.answers:
            self.answers[areas] = self._count(areas)
        return self.answers[areas]

    def reach(self, area: int) -> set[str | None]:
        """The regions of the communes of an area; ``None`` for those that the national office answers."""
        plain = {area} | self.zones[area]
        if any(self.areas[part][0] == "national" for part in plain):
            return {None, *self.region_of.values()}
        return {self.region_of[code] for part in plain for code in self._members(*self.areas[part])}

    def of_refs(
        self, refs: Iterable[AreaRef], zones: Mapping[str, frozenset[AreaRef]]
    ) -> "Counter[str | None]":
        """Communes of these areas by region, each once; ``zones``: the members of each zone, by slug."""
        plain = {part for ref in refs for part in (zones.get(ref.code, ()) if ref.kind == "zone" else (ref,))}
        if any(ref.kind == "national" for ref in plain):
            return Counter(self.region_of.values())
        communes = set().union(*(self._members(ref.kind, ref.code) for ref in plain))
        return Counter(self.region_of[code] for code in communes)

    def _members(self, kind: str, code: str) -> Iterable[str]:
        """The codes of the communes of an area; none for a kind that is not made of communes."""
        if kind == "commune":
            return [code] if code in self.region_of else []
        if kind not in KINDS:
            return []
        if kind not in self._communes:
            grouped = self._communes[kind] = defaultdict(list)
            place = KINDS[kind]
            for row in self._rows:
                grouped[row[place]].append(row[0])
        return self._communes[kind].get(code, [])

    def _count(self, areas: frozenset[int]) -> str | None:
        plain = areas.union(*(self.zones[area] for area in areas))
        if not plain or any(self.areas[area][0] == "national" for area in plain):
            return None
        communes = set().union(*(self._members(*self.areas[area]) for area in plain))
        counts = Counter(self.region_of[code] for code in communes)
        if not counts:
            return None
        return min(counts, key=lambda region: (-counts[region], region or ""))
