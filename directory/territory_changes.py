"""Effects of a new geographic code on offices, zones and requests, before it is imported."""

from collections.abc import Iterator
from typing import Any

from experts.models import Expert, Office
from solicitations.lifecycle import RequestState
from solicitations.models import Solicitation
from territories import bundle_import
from territories.bundle import Bundle
from territories.models import Area, Commune, Epci


def compare(code: Bundle) -> Iterator[str]:
    """Lines that say what this code changes; nothing is written."""
    yield from _vanished(code)
    yield from _merged(code)
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
    """Communes that merge into another one."""
    successors = {row.code: row.current_id for row in code.former}
    gone = Commune.objects.current().exclude(pk__in=[commune.pk for commune in code.communes])
    for commune in gone.order_by("pk"):
        successor = successors.get(commune.pk)
        yield f"commune {commune.pk} {commune.name} : " + (
            f"devient {successor}" if successor else "disparaît sans commune qui lui succède"
        )
        yield from _users(Area.objects.of_kind("commune").filter(current_code=commune.pk))
        over = [RequestState.CLOSED, RequestState.CANCELLED, RequestState.ANONYMISED]
        open_requests = Solicitation.objects.filter(commune=commune).exclude(state__in=over)
        for reference in open_requests.order_by("pk").values_list("reference", flat=True):
            yield f"  demande en cours {reference}"


def _moved(code: Bundle) -> Iterator[str]:
    """Communes that change EPCI: offices of the former one lose them, those of the new one gain them."""
    before = dict(Commune.objects.current().values_list("pk", "epci"))
    kept = {epci.pk for epci in code.epci}
    for commune in sorted(code.communes, key=lambda commune: commune.pk):
        former = before.get(commune.pk, commune.epci_id)
        if former == commune.epci_id or (former and former not in kept):
            continue
        yield f"commune {commune.pk} {commune.name} : EPCI {former or 'aucun'} → {commune.epci_id or 'aucun'}"
        sirens = [siren for siren in (former, commune.epci_id) if siren]
        yield from _users(Area.objects.of_kind("epci").filter(code__in=sirens))


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
