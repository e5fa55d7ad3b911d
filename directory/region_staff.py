"""Addresses of the staff who keep a region's directory."""

from datetime import date

from django.conf import settings

from experts.models import Office, User


def addresses_of(region_id: str | None, *, on: date) -> list[str]:
    """The region's admins, else its fallback mailbox, else the national team."""
    people = User.objects.filter(is_active=True).order_by("pk")
    if region_id:
        regional = list(
            people.filter(role=User.Role.REGION, region=region_id).values_list("email", flat=True)
        )
        if regional:
            return regional
        offices = Office.objects.open_on(on).filter(is_fallback=True, region=region_id).order_by("pk")
        if fallback := offices.first():
            return [fallback.email]
    national = people.filter(role=User.Role.NATIONAL).values_list("email", flat=True)
    return list(national) or [settings.NATIONAL_TEAM_EMAIL]
