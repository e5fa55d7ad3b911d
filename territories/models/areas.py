"""Areas that an office can cover, and their queries. The directory file calls them territories."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Self

from django.db import connections, models
from django.db.models import Q
from django.db.models.expressions import RawSQL

from territories.areas import MAY_VANISH, AreaRef, Level
from territories.models.communes import Commune, CommuneQuerySet


class UnknownArea(LookupError):
    """References that name no area; ``refs`` lists them."""

    def __init__(self, refs: Iterable[AreaRef]) -> None:
        self.refs = tuple(refs)
        super().__init__(", ".join(map(str, self.refs)))


class ZoneInsideZone(ValueError):
    """A zone is made of communes, EPCI, départements and régions only."""


# Raw SQL because every routing runs it: the ORM takes ten times longer to build the query than PostgreSQL to
# answer it, and its query reads the whole table.
CONTAINING = """
    WITH own AS MATERIALIZED (
        SELECT area.id
        FROM unnest(%s::text[], %s::text[]) AS place(kind, code)
        JOIN territories_area AS area ON area.kind = place.kind AND area.current_code = place.code
    )
    SELECT id FROM own
    UNION ALL
    SELECT zone_id FROM territories_areamember WHERE member_id IN (SELECT id FROM own)
"""

ROWS_CONTAINING = f"""
    SELECT id, kind, current_code, name, commune_count
    FROM territories_area
    WHERE dropped_at IS NULL AND id IN ({CONTAINING})
"""  # noqa: S608 (only the constant above)


def _codes(commune: Commune) -> list[list[str | None]]:
    """Kinds and codes of the places that contain a commune: the parameters of ``CONTAINING``."""
    current = commune.merged_into or commune
    codes: dict[str, str | None] = {
        "national": "",
        "commune": current.code,
        "epci": current.epci_id,
        "department": current.department_id,
        "region": current.department.region_id,
    }
    return [list(codes), list(codes.values())]


class AreaQuerySet(models.QuerySet["Area"]):
    def containing(self, commune: Commune) -> Self:
        """Areas that contain a commune: itself, its EPCI, département, région, zones of these, the nation.

        One query for a commune read by ``resolve`` or ``with_place``.
        """
        found = RawSQL(CONTAINING, _codes(commune))  # noqa: S611 (a constant of ours)
        return self.filter(pk__in=found, dropped_at=None)

    def rows_containing(self, commune: Commune) -> list[tuple[int, str, str, str, int]]:
        """The same areas as plain rows: pk, kind, current code, name and number of communes."""
        with connections[self.db].cursor() as cursor:
            cursor.execute(ROWS_CONTAINING, _codes(commune))
            return list(cursor.fetchall())

    def reaching(self, region: str) -> Self:
        """Areas in use with a commune of this region, by its code: the nation, and zones, included."""
        return self._with_one_of(Commune.objects.current().filter(department__region=region))

    def reaching_department(self, code: str) -> Self:
        """Areas in use with a commune of this département, as ``reaching``."""
        return self._with_one_of(Commune.objects.current().filter(department=code))

    def _with_one_of(self, communes: CommuneQuerySet) -> Self:
        plain = self.model.objects.filter(
            Q(kind="national")
            | Q(kind="region", current_code__in=communes.values("department__region"))
            | Q(kind="department", current_code__in=communes.values("department"))
            | Q(kind="epci", current_code__in=communes.values("epci"))
            | Q(kind="commune", current_code__in=communes.values("code"))
        )
        zones = AreaMember.objects.filter(member__in=plain.values("pk")).values("zone")
        return self.filter(Q(pk__in=plain.values("pk")) | Q(pk__in=zones), dropped_at=None)

    def of_kind(self, kind: str) -> Self:
        return self.filter(kind=kind)

    def from_file(self) -> Self:
        """Areas in use that come from a directory file, not from people."""
        return self.filter(source=Area.Source.FILE, dropped_at=None)

    def drop(self, *, now: datetime) -> int:
        """Mark areas as dropped: rows that point to them stay valid, but they contain no commune any more."""
        return self.filter(dropped_at=None).update(dropped_at=now)

    def by_reference(self, refs: Collection[AreaRef]) -> dict[AreaRef, "Area"]:
        """The areas in use, by reference; unknown references are absent from the answer."""
        wanted = Q(pk__in=[])
        for kind in {ref.kind for ref in refs}:
            wanted |= Q(kind=kind, code__in=[ref.code for ref in refs if ref.kind == kind])
        return {area.ref: area for area in self.filter(wanted, dropped_at=None)}

    def find_or_create(self, refs: Collection[AreaRef]) -> dict[AreaRef, "Area"]:
        """The area of each reference; areas of single communes are created when missing.

        The code of a former commune gives the area of the current one, that of an EPCI, a département or a
        région that vanished the zone that replaces it. A reference that names no area in use is absent from
        the answer. At most six queries.
        """
        communes = Commune.objects.resolve_all([ref.code for ref in refs if ref.kind == "commune"])
        current = {
            ref: AreaRef("commune", communes[ref.code].code)
            if ref.kind == "commune" and ref.code in communes
            else ref
            for ref in refs
        }
        areas = self.by_reference(set(current.values()))
        new = [
            Area(kind="commune", code=code, current_code=code, name=name, commune_count=1)
            for code, name in sorted({(commune.code, commune.name) for commune in communes.values()})
            if AreaRef("commune", code) not in areas
        ]
        Area.objects.bulk_create(new, ignore_conflicts=True)
        gone = [ref for ref in refs if ref.level in MAY_VANISH and ref not in areas]
        areas |= self.by_reference([*(area.ref for area in new), *(ref.kept_as for ref in gone)])
        areas |= {ref: areas[ref.kept_as] for ref in gone if ref.kept_as in areas}
        return {ref: areas[now] for ref, now in current.items() if now in areas}

    def make_zone(self, slug: str, name: str, members: Collection[AreaRef], source: str = "file") -> "Area":
        """Create or update a zone with this name and these members; a dropped zone is in use again.

        Raises ``UnknownArea`` (every unknown member listed) and ``ZoneInsideZone``.
        """
        if any(ref.level in {Level.ZONE, Level.NATIONAL} for ref in members):
            raise ZoneInsideZone(slug)
        found = self.find_or_create(members)
        if unknown := [ref for ref in members if ref not in found]:
            raise UnknownArea(unknown)
        zone, _ = self.update_or_create(
            kind="zone",
            code=slug,
            defaults={
                "current_code": slug,
                "name": name,
                "source": source,
                "dropped_at": None,
            },
        )
        inside: set[Area] = set()
        for area in found.values():
            inside |= set(area.members.all()) if area.kind == "zone" else {area}
        zone.members.set(inside)
        zone.count_communes(inside)
        zone.save(update_fields=["commune_count"])
        return zone


class Area(models.Model):
    """A part of the country. The area of a single commune is created when an office first covers it alone.

    When the commune of an area merges into another, ``code`` stays and ``current_code`` is updated.
    """

    class Kind(models.TextChoices):
        COMMUNE = "commune", "Commune"
        EPCI = "epci", "EPCI"
        ZONE = "zone", "Zone"
        DEPARTMENT = "department", "Département"
        REGION = "region", "Région"
        NATIONAL = "national", "France entière"

    class Source(models.TextChoices):
        FILE = "file", "Fichier"
        HAND = "hand", "Saisi dans le portail"

    kind = models.CharField("genre", max_length=10, choices=Kind.choices)
    code = models.CharField("code", max_length=500, blank=True)
    current_code = models.CharField(max_length=500, blank=True, editable=False)
    name = models.CharField("nom", max_length=500)
    commune_count = models.PositiveIntegerField("nombre de communes", default=0)
    source = models.CharField("origine", max_length=4, choices=Source.choices, default=Source.FILE)
    dropped_at = models.DateTimeField("retiré le", null=True, blank=True)
    members = models.ManyToManyField(
        "self",
        through="AreaMember",
        through_fields=("zone", "member"),
        symmetrical=False,
        related_name="part_of",
        verbose_name="membres",
    )

    objects = AreaQuerySet.as_manager()

    class Meta:
        verbose_name = "territoire"
        constraints = [
            models.UniqueConstraint(fields=["kind", "code"], name="area_once_per_code"),
            models.CheckConstraint(
                condition=Q(kind="national", code="") | (~Q(kind="national") & ~Q(code="")),
                name="area_code_absent_for_national_only",
            ),
        ]
        indexes = [models.Index(fields=["kind", "current_code"], name="area_current")]

    def __str__(self) -> str:
        return self.name

    @property
    def ref(self) -> AreaRef:
        return AreaRef(self.kind, self.code)

    @property
    def level(self) -> Level:
        return self.ref.level

    def count_communes(self, members: Iterable["Area"]) -> None:
        """Set ``commune_count`` to the number of distinct current communes in these areas."""
        refs = [AreaRef(area.kind, area.current_code) for area in members]
        self.commune_count = Commune.objects.inside(refs).count()


class AreaMember(models.Model):
    """One member of a zone."""

    zone = models.ForeignKey(Area, models.CASCADE, related_name="memberships")
    member = models.ForeignKey(Area, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = "membre d'une zone"
        verbose_name_plural = "membres d'une zone"
        constraints = [
            models.UniqueConstraint(fields=["zone", "member"], name="area_member_once"),
            models.CheckConstraint(condition=~Q(zone=models.F("member")), name="area_not_member_of_itself"),
        ]

    def __str__(self) -> str:
        return f"{self.zone_id} ← {self.member_id}"
