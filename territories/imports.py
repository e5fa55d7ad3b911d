"""From the bundled geographic code to the tables: all or nothing, and as often as one likes."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeVar

from django.db import connection, models, transaction
from django.db.models import Count, QuerySet

from territories.areas import Level
from territories.bundle import Bundle
from territories.models import Area, Commune, Department, Epci, FormerCommune, Region

Row = TypeVar("Row", bound=models.Model)

_BATCH = 5000
_COMMUNE_FIELDS = (
    "name",
    "department",
    "epci",
    "population",
    "postcodes",
    "search_name",
    "search_postcodes",
    "merged_into",
)


class CommunesWithoutSuccessor(ValueError):
    """Known communes that the new code neither has nor leads anywhere; ``codes`` lists them."""

    def __init__(self, codes: Iterable[str]) -> None:
        self.codes = tuple(sorted(codes))
        super().__init__(", ".join(self.codes))


@transaction.atomic
def import_bundle(bundle: Bundle, *, now: datetime) -> None:
    """Replace the geographic code by this one.

    A commune that is no longer there stays in the table and leads to the one it merged into, so that what
    points to it holds. Raises ``CommunesWithoutSuccessor``, and then changes nothing.
    """
    _save(Region.objects.all(), bundle.regions, "code", "name")
    _save(Department.objects.all(), bundle.departments, "code", "name", "region")
    _save(Epci.objects.all(), bundle.epci, "siren", "name")
    _save(Commune.objects.all(), bundle.communes, "code", *_COMMUNE_FIELDS)
    _retire_communes(bundle)
    FormerCommune.objects.all().delete()
    FormerCommune.objects.bulk_create(bundle.former, batch_size=_BATCH)
    _save_areas(bundle, now=now)
    _follow_mergers()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE territories_commune, territories_formercommune, territories_area")


def _save(table: QuerySet[Row], rows: Sequence[Row], key: str, *fields: str) -> None:
    """Create rows, or give these fields to those whose key is known."""
    table.bulk_create(
        rows, batch_size=_BATCH, update_conflicts=True, unique_fields=[key], update_fields=fields
    )


def _retire_communes(bundle: Bundle) -> None:
    """Point the communes that vanished, and those that had led to them, to their successors."""
    current = {commune.code for commune in bundle.communes}
    successors = {row.code: row.current_id for row in bundle.former} | {code: code for code in current}
    retired = list(Commune.objects.exclude(code__in=current))
    for commune in retired:
        followed = successors.get(commune.merged_into_id or "")
        commune.merged_into_id = successors.get(commune.code) or followed
        commune.epci_id = None
    if lost := [commune.code for commune in retired if not commune.merged_into_id]:
        raise CommunesWithoutSuccessor(lost)
    Commune.objects.bulk_update(retired, ["merged_into", "epci"], batch_size=_BATCH)


def _save_areas(bundle: Bundle, *, now: datetime) -> None:
    """One area per EPCI, département and région, and the nation; those that vanished are dropped."""
    areas = [Area(kind="national", name="France entière", commune_count=len(bundle.communes))]
    by_kind: list[tuple[str, str, list[Region] | list[Department] | list[Epci]]] = [
        ("epci", "epci", bundle.epci),
        ("department", "department", bundle.departments),
        ("region", "department__region", bundle.regions),
    ]
    for kind, path, rows in by_kind:
        counts = dict(Commune.objects.current().order_by().values_list(path).annotate(Count("pk")))
        areas += [
            Area(
                kind=kind,
                code=row.pk,
                current_code=row.pk,
                name=row.name,
                commune_count=counts.get(row.pk, 0),
            )
            for row in rows
        ]
        Area.objects.of_kind(kind).exclude(code__in=[row.pk for row in rows]).drop(now=now)
    Area.objects.bulk_create(
        areas,
        update_conflicts=True,
        unique_fields=["kind", "code"],
        update_fields=["current_code", "name", "commune_count", "dropped_at"],
    )


def _follow_mergers() -> None:
    """Bring the areas of communes up to date with mergers and names, then count zones again."""
    areas = list(Area.objects.of_kind(Level.COMMUNE.kind))
    communes = Commune.objects.resolve_all([area.code for area in areas])
    for area in areas:
        area.current_code = communes[area.code].code
        area.name = communes[area.code].name
    Area.objects.bulk_update(areas, ["current_code", "name"], batch_size=_BATCH)
    zones = list(Area.objects.of_kind(Level.ZONE.kind).prefetch_related("members"))
    for zone in zones:
        zone.count_communes(zone.members.all())
    Area.objects.bulk_update(zones, ["commune_count"])
