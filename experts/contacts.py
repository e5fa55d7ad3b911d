"""Public contact of a region: its name, phone number, hours and links, for pages and mails."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.db import connection
from django.db.models import F, Q

from experts.models import RegionalLink, Subject
from mailing.addresses import strip_addresses
from territories.models import Region


@dataclass(frozen=True)
class RegionContact:
    """Name, phone number and hours of a region as shown to the public; only the name is never empty."""

    name: str
    phone: str
    hours: str = ""


# In SQL, since Django takes longer to build two such queries than PostgreSQL to answer: each sending and each
# public page reads it.
CONTACT = """
    SELECT own.name, own.phone, own.hours, fallback.name, fallback.phone
    FROM (SELECT %(region)s::text AS code) AS region
    LEFT JOIN experts_regiondetails AS own ON own.region_id = region.code
    LEFT JOIN LATERAL (
        SELECT office.name, office.phone
        FROM experts_office AS office
        WHERE office.is_fallback AND office.dropped_at IS NULL
          AND (office.region_id IS NULL OR office.region_id = region.code)
          AND (office.closed_on IS NULL OR office.closed_on > %(on)s)
          AND (office.agreement_ends_on IS NULL OR office.agreement_ends_on > %(on)s)
        ORDER BY office.region_id NULLS LAST, office.id
        LIMIT 1
    ) AS fallback ON TRUE
"""


def region_contact(region: Region | None, *, on: date) -> RegionContact:
    """Contact that the region's staff entered, completed by that of its fallback office.

    Without such an office, the national one's; without either, the service's name alone.
    """
    with connection.cursor() as cursor:
        cursor.execute(CONTACT, {"region": region.pk if region else None, "on": on})
        name, phone, hours, fallback_name, fallback_phone = cursor.fetchone()
    return RegionContact(
        name or strip_addresses(fallback_name or "") or "Équipe Relais Entreprises",
        phone or fallback_phone or "",
        hours or "",
    )


def regional_links(region: Region | None, *, subjects: Collection[Subject] = ()) -> list[RegionalLink]:
    """The region's links for all needs, then those for these subjects."""
    if region is None:
        return []
    links = RegionalLink.objects.filter(Q(subject=None) | Q(subject__in=subjects), region=region)
    in_order = links.order_by(F("subject").asc(nulls_first=True), "position", "pk")
    return list({link.url: link for link in in_order}.values())
