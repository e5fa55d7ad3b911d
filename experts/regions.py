"""Region of an office: the one that most of its communes belong to."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from django.db.models import Count

from experts.models import Office
from territories.areas import AreaRef
from territories.models import Area, AreaMember, Commune

ZoneMembers = Mapping[str, frozenset[AreaRef]]  # the members of each zone, by its code
# The column of a commune that says which area of each kind it is in.
COLUMNS = {"commune": "code", "epci": "epci", "department": "department", "region": "department__region"}


def update_regions(offices: Iterable[Office] | None = None) -> list[tuple[Office, str | None]]:
    """Set the region of these offices (all when ``None``) from their areas; return the changed, as before.

    National offices and those without areas have no region. Among equal regions, the lowest code.
    """
    rows = Office.objects.all() if offices is None else offices
    changed = []
    for office, region in regions_of(rows):
        if region != office.region_id:
            changed.append((office, office.region_id))
            office.region_id = region
    Office.objects.bulk_update([office for office, _ in changed], ["region"], batch_size=500)
    return changed


def regions_of(
    offices: Iterable[Office], region_of: Mapping[str, str | None] | None = None
) -> Iterator[tuple[Office, str | None]]:
    """The region of each office, by its areas; ``region_of`` as in ``RegionCounter``."""
    rows = list(offices)
    areas: dict[int, set[AreaRef]] = defaultdict(set)
    pairs = Office.areas.through.objects.filter(office__in=[office.pk for office in rows])
    for pk, kind, code in pairs.values_list("office_id", "area__kind", "area__current_code"):
        areas[pk].add(AreaRef(kind, code))
    named = set().union(*areas.values())
    counter = RegionCounter(named, members_of_zones(named), region_of)
    for office in rows:
        yield office, counter.main_region(frozenset(areas[office.pk]))


def areas_beyond(areas: Iterable[Area], region: str | None) -> list[Area]:
    """The areas, among these, that have a commune outside this region, by its code."""
    refs = {area: AreaRef(area.kind, area.current_code) for area in areas}
    counter = RegionCounter(refs.values(), members_of_zones(refs.values()))
    return [area for area, ref in refs.items() if set(counter.communes_by_region([ref])) - {region}]


def members_of_zones(refs: Iterable[AreaRef]) -> ZoneMembers:
    """The members of the zones among these areas."""
    codes = [ref.code for ref in refs if ref.kind == "zone"]
    members: dict[str, set[AreaRef]] = {code: set() for code in codes}
    rows = AreaMember.objects.filter(zone__kind="zone", zone__code__in=codes)
    for zone, kind, code in rows.values_list("zone__code", "member__kind", "member__current_code"):
        members[zone].add(AreaRef(kind, code))
    return {code: frozenset(found) for code, found in members.items()}


class RegionCounter:
    """Counter of communes by region, for areas that are all given beforehand: their communes are read once.

    ``region_of``: the region of each commune, of the tables by default.
    """

    def __init__(
        self,
        refs: Iterable[AreaRef],
        zones: ZoneMembers,
        region_of: Mapping[str, str | None] | None = None,
    ) -> None:
        self.zones = zones
        self._communes: dict[AreaRef, list[str]] = {
            ref: [] for ref in self._parts(refs) if ref.kind != "national"
        }
        self._region_of: dict[str, str | None] = {}
        self._main_regions: dict[frozenset[AreaRef], str | None] = {}
        by_kind: dict[str, dict[str, list[str]]] = {kind: {} for kind in COLUMNS}
        for ref, communes in self._communes.items():
            by_kind[ref.kind][ref.code] = communes
        for places in Commune.objects.inside(self._communes).values_list(*COLUMNS.values()):
            code, region = places[0], places[-1]
            self._region_of[code] = region_of.get(code) if region_of else region
            for place, areas in zip(places, by_kind.values(), strict=True):
                if place in areas:
                    areas[place].append(code)

    def communes_by_region(self, refs: Iterable[AreaRef]) -> Counter[str | None]:
        """Number of communes of these areas together, by region.

        The region is ``None`` for those that the national office answers. Raises ``KeyError`` for an area
        that was not given.
        """
        parts = self._parts(refs)
        if AreaRef("national") in parts:
            return self._everywhere
        communes = set().union(*(self._communes[part] for part in parts))
        return Counter(self._region_of[code] for code in communes)

    def main_region(self, refs: frozenset[AreaRef]) -> str | None:
        """The region of most of the communes of these areas together; ``None`` as in ``update_regions``."""
        if AreaRef("national") in refs:
            return None
        if refs not in self._main_regions:
            counts = self.communes_by_region(refs)
            main = min(counts, key=lambda region: (-counts[region], region or ""), default=None)
            self._main_regions[refs] = main
        return self._main_regions[refs]

    def _parts(self, refs: Iterable[AreaRef]) -> set[AreaRef]:
        """Return these areas, the members of a zone in its place."""
        parts: set[AreaRef] = set()
        for ref in refs:
            parts.update(self.zones.get(ref.code, ()) if ref.kind == "zone" else (ref,))
        return parts

    @cached_property
    def _everywhere(self) -> Counter[str | None]:
        regions = Commune.objects.current().order_by().values_list("department__region")
        return Counter(dict(regions.annotate(Count("pk"))))
