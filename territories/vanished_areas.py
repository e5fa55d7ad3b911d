"""EPCI, départements and régions that the new geographic code no longer has: each area becomes a zone.

Offices that named one go on covering the same communes until somebody decides.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Count

from territories.areas import AreaRef
from territories.bundle import Bundle
from territories.models import Area, AreaMember, Commune, Department, Epci, Region

# The column of a commune that names the place of each kind, and what a zone's name says of the former one.
PATHS = {"epci": "epci", "department": "department", "region": "department__region"}
FORMERLY = {"epci": "ancien EPCI", "department": "ancien département", "region": "ancienne région"}
MODELS: dict[str, type[Epci | Department | Region]] = {
    "epci": Epci,
    "department": Department,
    "region": Region,
}


@dataclass(frozen=True, slots=True)
class VanishedArea:
    """An area that vanishes, what it contained, and the one where most of it goes, ``None`` if none."""

    ref: AreaRef
    name: str
    members: tuple[AreaRef, ...]
    heir: str | None = None

    @property
    def zone(self) -> AreaRef:
        """The zone that replaces it."""
        return self.ref.kept_as


def heir_of(zone: Area) -> Epci | Department | Region | None:
    """The place where most of a vanished one is today; ``None`` for a zone that people drew."""
    former = _former_place(zone.code)
    if former is None or Area.objects.by_reference([former]):
        return None
    inside = [AreaRef(member.kind, member.current_code) for member in zone.members.all()]
    path = PATHS[former.kind]
    found = Commune.objects.inside(inside).exclude(**{path: None}).order_by().values_list(path)
    code = _most(dict(found.annotate(Count("pk"))))
    return MODELS[former.kind]._default_manager.filter(pk=code).first() if code else None  # noqa: SLF001


def _former_place(slug: str) -> AreaRef | None:
    """The EPCI, département or région that a zone took the place of, by its code."""
    for kind, model in MODELS.items():
        start = AreaRef(kind, "").kept_as.code
        if written := re.fullmatch(rf"{start}([0-9]+|2[ab])(-[0-9]+)?", slug):
            code = written[1].upper()
            return AreaRef(kind, code) if model._default_manager.filter(pk=code).exists() else None  # noqa: SLF001
    return None


def vanishing(code: Bundle) -> list[VanishedArea]:
    """The EPCI, départements and régions in use that this code no longer has, before it is imported."""
    kept = {
        "epci": {row.pk for row in code.epci},
        "department": {row.pk for row in code.departments},
        "region": {row.pk for row in code.regions},
    }
    after = code.places
    names = {area.ref: area.name for area in Area.objects.filter(kind__in=PATHS, dropped_at=None)}
    columns = list(Commune.objects.current().order_by("pk").values_list("pk", *PATHS.values()))
    found = []
    for position, kind in enumerate(PATHS, start=1):
        communes: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for row in columns:
            if row[position] and row[position] not in kept[kind]:
                communes[row[position]].append((row[0], row[2]))
        for place, rows in sorted(communes.items()):
            ref = AreaRef(kind, place)
            heir = _most(Counter(went for pk, _ in rows if (went := after[kind].get(pk))))
            members = _members(kind, rows, kept["department"])
            found.append(VanishedArea(ref, names.get(ref, place), members, heir))
    return found


def _members(kind: str, rows: Iterable[tuple[str, str]], departments: Collection[str]) -> tuple[AreaRef, ...]:
    """The areas of communes with their département: a région keeps the départements that stay, whole."""
    refs = (
        AreaRef("department", department)
        if kind == "region" and department in departments
        else AreaRef("commune", pk)
        for pk, department in rows
    )
    return tuple(dict.fromkeys(refs))


def _most(counts: Mapping[str, int]) -> str | None:
    """The code that counts most; among equal ones, the lowest."""
    return min(counts, key=lambda code: (-counts[code], code)) if counts else None


def keep_as_zones(vanished: Collection[VanishedArea]) -> None:
    """Make a zone of each of these areas; zones that contained one contain its members."""
    for one in vanished:
        area = Area.objects.of_kind(one.ref.kind).filter(code=one.ref.code).first()
        if area is None:
            continue
        members = set(Area.objects.find_or_create(one.members).values())
        for zone in Area.objects.filter(memberships__member=area):
            AreaMember.objects.filter(zone=zone, member=area).delete()
            zone.members.add(*members)
        # It vanished before, and came back: that zone stays, under another code.
        slug = one.zone.code
        for zone in Area.objects.of_kind("zone").filter(code=slug):
            zone.code = zone.current_code = f"{slug}-{zone.pk}"
            zone.save(update_fields=["code", "current_code"])
        area.kind, area.code, area.current_code = Area.Kind.ZONE, slug, slug
        area.name = f"{one.name} ({FORMERLY[one.ref.kind]})"
        area.source, area.dropped_at = Area.Source.HAND, None
        area.save()
        area.members.set(members)
