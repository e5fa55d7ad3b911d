"""Effects of a new geographic code on offices, zones and requests, before it is imported."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Q

from experts.models import Expert, Office, RegionalLink, RegionDetails, User
from experts.regions import regions_of
from solicitations.lifecycle import RequestState
from solicitations.models import Opening, Solicitation
from territories import vanished_areas
from territories.bundle import Bundle
from territories.models import Area, Commune, Department, FormerCommune, Region

WORDS = {"epci": "EPCI", "department": "département", "region": "région"}


def compare(code: Bundle) -> Iterator[str]:
    """Lines that say what this code changes; nothing is written."""
    yield from _vanished(code)
    yield from _merged(code)
    yield from _restored(code)
    yield from _moved(code)
    yield from _attached(code)
    yield from _recounted(code)


def _vanished(code: Bundle) -> Iterator[str]:
    every: list[Any] = [*code.epci, *code.departments, *code.regions]
    names = {row.pk: row.name for row in every}
    for one in vanished_areas.vanishing(code):
        heir = f"l'essentiel va à {names[one.heir]} ({one.heir})" if one.heir else "sans successeur"
        members = "territoires" if one.ref.kind == "region" else "communes"
        yield (
            f"{WORDS[one.ref.kind]} {one.ref.code} {one.name} disparaît, {heir} : "
            f"la zone « {one.zone.code} » garde ses {len(one.members)} {members}"
        )
        yield from _users(Area.objects.of_kind(one.ref.kind).filter(code=one.ref.code))
        if one.ref.kind == "region":
            yield from _rows_of_region(one.ref.code)


def _rows_of_region(region: str) -> Iterator[str]:
    """Lines about the rows kept by the code of a région: nothing moves them to another one."""
    for email in User.objects.filter(region=region).order_by("pk").values_list("email", flat=True):
        yield f"  compte {email} : à rattacher à une autre région"
    if Opening.objects.filter(region=region).exists():
        yield "  ouverture et fermeture : à redire pour la région qui suit"
    if any(model.objects.filter(region=region).exists() for model in (RegionDetails, RegionalLink)):
        yield "  coordonnées et liens : à redire pour la région qui suit"


def _merged(code: Bundle) -> Iterator[str]:
    """Communes that merge into another one, or get another code."""
    successors = {row.code: row.current_id for row in code.former}
    places = {commune.code: commune for commune in code.communes}
    current = set(Commune.objects.current().values_list("pk", flat=True))
    for commune in Commune.objects.filter(pk__in=current - places.keys()).order_by("pk"):
        successor = successors.get(commune.pk)
        yield f"commune {commune.pk} {commune.name} : " + (
            f"devient {successor}" if successor else "disparaît sans commune qui lui succède"
        )
        named = Q(kind="commune", current_code=commune.pk)
        yield from _users(Area.objects.filter(named | _crossed(commune, places.get(successor or ""))))
        over = [RequestState.CLOSED, RequestState.CANCELLED, RequestState.ANONYMISED]
        open_requests = Solicitation.objects.filter(commune=commune).exclude(state__in=over)
        for reference in open_requests.order_by("pk").values_list("reference", flat=True):
            yield f"  demande en cours {reference}"


def _restored(code: Bundle) -> Iterator[str]:
    """Restored communes: offices and experts that cover the commune they were in no longer cover them."""
    current = set(Commune.objects.current().values_list("pk", flat=True))
    merged = Commune.objects.exclude(merged_into=None)
    within: dict[str, str | None] = dict(FormerCommune.objects.values_list("code", "current"))
    within |= dict(merged.values_list("pk", "merged_into"))
    restored = [one for one in code.communes if one.code not in current and within.get(one.code)]
    for commune in sorted(restored, key=lambda commune: commune.pk):
        parent = within[commune.pk]
        yield f"commune {commune.pk} {commune.name} : rétablie, elle était dans {parent}"
        yield from _users(Area.objects.of_kind("commune").filter(current_code=parent))


def _moved(code: Bundle) -> Iterator[str]:
    """Communes that change EPCI or département: offices of the former one lose them, others gain them."""
    places = {commune.code: (commune.epci_id, commune.department_id) for commune in code.communes}
    kept = {row.pk for row in (*code.epci, *code.departments)}
    rows = Commune.objects.current().order_by("pk").values_list("pk", "name", "epci_id", "department_id")
    for pk, name, *before in rows:
        for kind, one, other in zip(("epci", "department"), before, places.get(pk, before), strict=True):
            if one == other or (one and one not in kept):
                continue
            label = "EPCI" if kind == "epci" else "département"
            yield f"commune {pk} {name} : {label} {one or 'aucun'} → {other or 'aucun'}"
            yield from _users(Area.objects.of_kind(kind).filter(code__in=[one or "", other or ""]))


def _attached(code: Bundle) -> Iterator[str]:
    """Départements that go to another région, as it is or a new one."""
    before = dict(Department.objects.values_list("pk", "region"))
    for row in sorted(code.departments, key=lambda row: row.pk):
        one, other = before.get(row.pk, row.region_id), row.region_id
        if one != other:
            yield f"département {row.pk} {row.name} : région {one or 'aucune'} → {other or 'aucune'}"
            yield from _users(Area.objects.of_kind("region").filter(code__in=[one or "", other or ""]))


def _recounted(code: Bundle) -> Iterator[str]:
    """Offices whose région would be another one: that of most of the communes that they cover today."""
    names = dict(Region.objects.values_list("pk", "name")) | {row.pk: row.name for row in code.regions}
    region_after = code.places["region"]
    for office, region in regions_of(Office.objects.listed().order_by("code"), region_after):
        if region != office.region_id:
            before, after = (names.get(one or "", "aucune") for one in (office.region_id, region))
            yield f"antenne {office.code} {office.name} : région {before} → {after}"


def _crossed(commune: Commune, after: Commune | None) -> Q:
    """The EPCI and départements that a commune leaves and joins as it gets another code."""
    found = Q(pk__in=[])
    for kind in ("epci", "department") if after else ():
        one, other = (getattr(place, f"{kind}_id") for place in (commune, after))
        if one != other:
            found |= Q(kind=kind, code__in=[one or "", other or ""])
    return found


def _users(areas: Any) -> Iterator[str]:
    """Zones, offices and experts that name these areas."""
    found = list(areas.values_list("pk", flat=True))
    for name in (
        Area.objects.filter(memberships__member__in=found).order_by("pk").values_list("name", flat=True)
    ):
        yield f"  zone {name}"
    offices = Office.objects.listed().filter(areas__in=found).distinct().order_by("code")
    for code, name in offices.values_list("code", "name"):
        yield f"  antenne {code} {name}"
    experts = Expert.objects.listed().filter(areas__in=found).distinct().order_by("pk")
    for name, office in experts.values_list("name", "office__code"):
        yield f"  référent {name} ({office})"
