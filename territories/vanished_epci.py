"""EPCI that the new geographic code no longer has: their area becomes a zone of their last communes.

Offices that named the EPCI go on covering the same communes until somebody decides.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from territories.areas import AreaRef
from territories.models import Area, AreaMember, Commune, Epci


@dataclass(frozen=True, slots=True)
class VanishedEpci:
    """An EPCI that vanishes: its last communes, and the EPCI where most of them go, ``None`` if none."""

    siren: str
    name: str
    communes: tuple[str, ...]
    heir: str | None = None

    @property
    def slug(self) -> str:
        """The code of the zone that replaces it."""
        return zone_slug(self.siren)


def zone_slug(siren: str) -> str:
    """The code of the zone that replaces a vanished EPCI."""
    return f"epci-{siren}"


def heir_of(zone: Area) -> Epci | None:
    """The EPCI where most communes of a vanished one are today; ``None`` for a zone that people drew."""
    if not zone.code.startswith(zone_slug("")):
        return None
    codes = [member.current_code for member in zone.members.filter(kind=Area.Kind.COMMUNE)]
    found = dict(Commune.objects.filter(pk__in=codes).values_list("pk", "epci"))
    siren = _heir(codes, found)
    return Epci.objects.filter(pk=siren).first() if siren else None


def vanishing(sirens: Collection[str], epci_of: dict[str, str | None]) -> list[VanishedEpci]:
    """The EPCI in the tables that are not among ``sirens``; ``epci_of``: the new EPCI of each commune."""
    communes: dict[str, list[str]] = defaultdict(list)
    rows = Commune.objects.current().exclude(epci=None).exclude(epci__in=sirens)
    for code, siren in rows.order_by("pk").values_list("pk", "epci"):
        communes[str(siren)].append(code)
    names = dict(Epci.objects.filter(pk__in=communes).values_list("pk", "name"))
    return [
        VanishedEpci(siren, names[siren], tuple(codes), _heir(codes, epci_of))
        for siren, codes in sorted(communes.items())
    ]


def _heir(codes: list[str], epci_of: Mapping[str, str | None]) -> str | None:
    """The SIREN of the EPCI where most of these communes go; among equal ones, the lowest."""
    counts = Counter(siren for code in codes if (siren := epci_of.get(code)))
    return min(counts, key=lambda siren: (-counts[siren], siren)) if counts else None


def keep_as_zones(vanished: Collection[VanishedEpci]) -> None:
    """Make a zone of each area of these EPCI; zones that contained one contain its communes."""
    for epci in vanished:
        area = Area.objects.of_kind("epci").filter(code=epci.siren).first()
        if area is None:
            continue
        refs = [AreaRef("commune", code) for code in epci.communes]
        members = list(Area.objects.find_or_create(refs).values())
        for zone in Area.objects.filter(memberships__member=area):
            AreaMember.objects.filter(zone=zone, member=area).delete()
            zone.members.add(*members)
        # It vanished before, and came back: that zone stays, under another code.
        for zone in Area.objects.of_kind("zone").filter(code=epci.slug):
            zone.code = zone.current_code = f"{epci.slug}-{zone.pk}"
            zone.save(update_fields=["code", "current_code"])
        area.kind, area.code, area.current_code = Area.Kind.ZONE, epci.slug, epci.slug
        area.name, area.source, area.dropped_at = f"{epci.name} (ancien EPCI)", Area.Source.HAND, None
        area.save()
        area.members.set(members)
