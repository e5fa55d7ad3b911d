"""Imports the bundled geographic code into the tables. All or nothing; importing again changes nothing."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import TypeVar

from django.db import connection, models, transaction
from django.db.models import Count, QuerySet

from territories import vanished_areas
from territories.areas import Level
from territories.bundle import Bundle
from territories.models import Area, Commune, Department, Epci, FormerCommune, Region

Row = TypeVar("Row", bound=models.Model)

_BATCH = 5000
_MANY = 1000  # rows: once as many are written, PostgreSQL's planner must know at once
_COMMUNE_FIELDS = (
    "name",
    "department_id",
    "epci_id",
    "population",
    "postcodes",
    "search_name",
    "search_postcodes",
    "merged_into_id",
)


class CommunesWithoutSuccessor(ValueError):
    """Known communes that the new code neither contains nor replaces; ``codes`` lists them."""

    def __init__(self, codes: Iterable[str]) -> None:
        self.codes = tuple(sorted(codes))
        super().__init__(", ".join(self.codes))


@transaction.atomic
def import_bundle(bundle: Bundle, *, now: datetime) -> None:
    """Replace the geographic code by this one.

    A commune that no longer exists stays in the table, so that rows that point to it stay valid, and its
    ``merged_into`` names its successor. Raises ``CommunesWithoutSuccessor``, and then changes nothing.
    """
    vanished = vanished_areas.vanishing(bundle)
    _save(Region.objects.all(), bundle.regions, ["code"], "name")
    _save(Department.objects.all(), bundle.departments, ["code"], "name", "region_id")
    _save(Epci.objects.all(), bundle.epci, ["siren"], "name")
    written = _save(Commune.objects.all(), bundle.communes, ["code"], *_COMMUNE_FIELDS)
    _retire_communes(bundle)
    written += _save_former(bundle)
    vanished_areas.keep_as_zones(vanished)
    _save_areas(bundle, now=now)
    _apply_mergers()
    if written >= _MANY:
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE territories_commune, territories_formercommune, territories_area")


def _save(table: QuerySet[Row], rows: Sequence[Row], key: list[str], *fields: str) -> int:
    """Create these rows, or update these fields of the rows that have the same key; return how many.

    Rows that are already so are not written: few of the country's communes change in a year.
    """
    stored = {tuple(row[: len(key)]): row for row in table.values_list(*key, *fields)}
    values = attrgetter(*key, *fields)
    new = [row for row in rows if stored.get((own := values(row))[: len(key)]) != own]
    table.bulk_create(new, batch_size=_BATCH, update_conflicts=True, unique_fields=key, update_fields=fields)
    return len(new)


def _save_former(bundle: Bundle) -> int:
    """Write the former communes, and delete those that this code does not have; return how many."""
    kept = {(row.code, row.kind) for row in bundle.former}
    stored = FormerCommune.objects.values_list("pk", "code", "kind")
    gone = [pk for pk, *key in stored if tuple(key) not in kept]
    FormerCommune.objects.filter(pk__in=gone).delete()
    return len(gone) + _save(
        FormerCommune.objects.all(), bundle.former, ["code", "kind"], "name", "current_id", "search_name"
    )


def _retire_communes(bundle: Bundle) -> None:
    """Set the successor of the communes that no longer exist, and its département: its région answers."""
    departments = {commune.code: commune.department_id for commune in bundle.communes}
    successors = {row.code: row.current_id for row in bundle.former} | {code: code for code in departments}
    codes = set(Commune.objects.values_list("code", flat=True)) - departments.keys()
    retired = list(Commune.objects.filter(code__in=codes))
    for commune in retired:
        followed = successors.get(commune.merged_into_id or "")
        commune.merged_into_id = successors.get(commune.code) or followed
        commune.epci_id = None
        commune.department_id = departments.get(commune.merged_into_id or "", commune.department_id)
    if lost := [commune.code for commune in retired if not commune.merged_into_id]:
        raise CommunesWithoutSuccessor(lost)
    Commune.objects.bulk_update(retired, ["merged_into", "epci", "department"], batch_size=_BATCH)


def _save_areas(bundle: Bundle, *, now: datetime) -> None:
    """Save an area per EPCI, département and région, and one for the nation; drop the others."""
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


def _apply_mergers() -> None:
    """Update the current code and name of each commune's area, then the commune count of each zone."""
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
