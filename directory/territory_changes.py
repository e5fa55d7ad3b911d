"""Effects of a new geographic code on offices, zones and requests, before it is imported."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Q

from experts.models import Expert, Office
from solicitations.lifecycle import RequestState
from solicitations.models import Solicitation
from territories import bundle_import
from territories.bundle import Bundle
from territories.models import Area, Commune, Epci, FormerCommune


def compare(code: Bundle) -> Iterator[str]:
    """Lines that say what this code changes; nothing is written."""
    yield from _vanished(code)
    yield from _merged(code)
    yield from _restored(code)
    yield from _moved(code)


def _vanished(code: Bundle) -> Iterator[str]:
    names = {epci.pk: epci.name for epci in code.epci} | dict(Epci.objects.values_list("pk", "name"))
    for epci in bundle_import.vanishing(code):
        heir = f"l'essentiel va à {names[epci.heir]} ({epci.heir})" if epci.heir else "sans successeur"
        yield (
            f"EPCI {epci.siren} {epci.name} disparaît, {heir} : "
            f"la zone « {epci.slug} » garde ses {len(epci.communes)} communes"
        )
        yield from _users(Area.objects.of_kind("epci").filter(code=epci.siren))


def _merged(code: Bundle) -> Iterator[str]:
    """Communes that merge into another one, or get another code."""
    successors = {row.code: row.current_id for row in code.former}
    places = {commune.pk: commune for commune in code.communes}
    gone = Commune.objects.current().exclude(pk__in=places)
    for commune in gone.order_by("pk"):
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
    """Communes that are of their own again: who covers the one that they were in covers them no more."""
    current = set(Commune.objects.current().values_list("pk", flat=True))
    merged = Commune.objects.exclude(merged_into=None)
    within: dict[str, str | None] = dict(FormerCommune.objects.values_list("code", "current"))
    within |= dict(merged.values_list("pk", "merged_into"))
    for commune in sorted(code.communes, key=lambda commune: commune.pk):
        parent = within.get(commune.pk)
        if commune.pk not in current and parent:
            yield f"commune {commune.pk} {commune.name} : rétablie, elle était dans {parent}"
            yield from _users(Area.objects.of_kind("commune").filter(current_code=parent))


def _moved(code: Bundle) -> Iterator[str]:
    """Communes that change EPCI or département: offices of the former one lose them, others gain them."""
    places = {commune.pk: commune for commune in code.communes}
    kept = {epci.pk for epci in code.epci}
    for commune in Commune.objects.current().filter(pk__in=places).order_by("pk"):
        after = places[commune.pk]
        for kind in ("epci", "department"):
            one, other = (getattr(place, f"{kind}_id") for place in (commune, after))
            if one == other or (kind == "epci" and one and one not in kept):
                continue
            label = "EPCI" if kind == "epci" else "département"
            yield f"commune {commune.pk} {commune.name} : {label} {one or 'aucun'} → {other or 'aucun'}"
            yield from _users(Area.objects.of_kind(kind).filter(code__in=[one or "", other or ""]))


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
