"""Public contact of a region, its name and phone number, for pages and mails."""

from dataclasses import dataclass
from datetime import date

from django.db.models import F, Q

from experts.models import Office
from territories.models import Region


@dataclass(frozen=True)
class RegionContact:
    """Name and phone number of a region as shown to the public; ``phone`` may be empty."""

    name: str
    phone: str


def region_contact(region: Region | None, *, on: date) -> RegionContact:
    """Contact of the region's fallback office, else of the national one, else the service's name alone."""
    offices = Office.objects.open_on(on).filter(Q(region=region) | Q(region=None), is_fallback=True)
    own_first = offices.order_by(F("region").asc(nulls_last=True), "pk")
    facts = own_first.values_list("name", "phone").first()
    return RegionContact(*(facts or ("Équipe Relais Entreprises", "")))
