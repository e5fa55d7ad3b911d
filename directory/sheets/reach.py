"""Départements that areas reach."""

from collections import defaultdict
from collections.abc import Iterable

from experts.changes.stored import StoredDirectory
from territories.areas import AreaRef
from territories.models import Commune


class DepartmentReach:
    """Départements of the communes of areas; the tables are read once."""

    def __init__(self, stored: StoredDirectory) -> None:
        self.zones = {slug: zone.facts["members"] for slug, zone in stored.zones.items()}
        self.reached: dict[tuple[str, str], set[str]] = defaultdict(set)
        rows = Commune.objects.current().values_list("code", "epci", "department", "department__region")
        for code, epci, department, region in rows:
            for key in (("commune", code), ("epci", epci), ("department", department), ("region", region)):
                self.reached[key].add(department)
            self.reached["national", ""].add(department)

    def of(self, refs: Iterable[AreaRef]) -> set[str]:
        """The départements of the communes of these areas."""
        plain = {part for ref in refs for part in (self.zones[ref.code] if ref.kind == "zone" else (ref,))}
        return set().union(*(self.reached[ref.kind, ref.code] for ref in plain))
