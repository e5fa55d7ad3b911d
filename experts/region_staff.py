"""Addresses of the staff who look after a region: its directory, and the requests that nobody else has."""

from collections.abc import Iterable, Iterator
from datetime import date

from django.conf import settings

from experts.models import Office, User
from mailing.models import RefusedAddress


def addresses_of(region_id: str | None, *, on: date) -> list[str]:
    """The region's admins, else its fallback mailbox, else the national team.

    An address that refuses our mails is left out: without any other, the next group is mailed.
    """
    for addresses in _in_turn(region_id, on=on):
        if reached := _reached(addresses):
            return reached
    return [settings.NATIONAL_TEAM_EMAIL]


def _in_turn(region_id: str | None, *, on: date) -> Iterator[list[str]]:
    people = User.objects.filter(is_active=True).order_by("pk")
    if region_id:
        yield list(people.filter(role=User.Role.REGION, region=region_id).values_list("email", flat=True))
        offices = Office.objects.open_on(on).filter(is_fallback=True, region=region_id).order_by("pk")
        yield list(offices.values_list("email", flat=True)[:1])
    yield list(people.filter(role=User.Role.NATIONAL).values_list("email", flat=True))


def _reached(addresses: Iterable[str]) -> list[str]:
    """The addresses that do not refuse our mails, in their order."""
    given = {address.lower(): address for address in addresses}
    refused = set(RefusedAddress.objects.filter(address__in=given).values_list("address", flat=True))
    return [address for key, address in given.items() if key not in refused]
