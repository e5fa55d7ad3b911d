"""What a region is called and where it answers the phone, for pages and mails."""

from dataclasses import dataclass
from datetime import date

from experts.models import Office
from territories.models import Region


@dataclass(frozen=True)
class RegionDesk:
    """A region's name and phone, as the public reads them; ``phone`` and ``email`` may be empty."""

    name: str
    phone: str
    email: str


def desk(region: Region | None, *, on: date) -> RegionDesk:
    """The fallback office of the region, else the national one, else the service's bare name.

    Source: the displayed name and phone number of a region are those of its fallback office.
    """
    offices = Office.objects.open_on(on).filter(is_fallback=True)
    office = offices.filter(region=region).order_by("pk").first() if region else None
    office = office or offices.filter(region=None).order_by("pk").first()
    if office is None:
        return RegionDesk(name="Équipe Relais Entreprises", phone="", email="")
    return RegionDesk(name=office.name, phone=office.phone, email=office.email)
