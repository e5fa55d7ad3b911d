"""Identifiers that the portal makes for new offices and zones."""

from django.utils.text import slugify

from directory.sheets.new_codes import new_code
from experts.models import Office
from territories.models import Area

MAX_LENGTH = 60


def new_office_code(institution: str, name: str) -> str:
    """A code for a new office, as sheets make it: « pe-mission-de-beaune »."""
    return new_code(institution, name, set(Office.objects.values_list("code", flat=True)))


def new_zone_slug(name: str) -> str:
    """An identifier for a new zone: « pays-beaunois »."""
    base = slugify(name)[:MAX_LENGTH].rstrip("-") or "zone"
    zones = Area.objects.of_kind("zone").filter(code__startswith=base)
    taken = set(zones.values_list("code", flat=True))
    number, slug = 1, base
    while slug in taken:
        number += 1
        slug = f"{base}-{number}"
    return slug
