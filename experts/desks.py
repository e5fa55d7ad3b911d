"""What a region is called and where it answers the phone, for pages and mails."""

from dataclasses import dataclass
from datetime import date

from django.db.models import F, Q

from experts.models import Office
from territories.models import Region


@dataclass(frozen=True)
class RegionDesk:
    """A region's name and phone, as the public reads them; ``phone may be empty."""

    name: str
    phone: str


def desk(region: Region | None, *, on: date) -> RegionDesk:
    """The fallback office of the region, else the national one, else the service's bare name.

    Source: the displayed name and phone number of a region are those of its fallback office.
    """
    offices = Office.objects.open_on(on).filter(Q(region=region) | Q(region=None), is_fallback=True)
    own_first = offices.order_by(F("region").asc(nulls_last=True), "pk")
    facts = own_first.values_list("name", "phone").first()
    return RegionDesk(*(facts or ("Équipe Relais Entreprises", "")))
