"""What every template may name."""

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, object]:
    """Whether this is the demo, the address that prints name, and where to write to the team; no query."""
    return {
        "DEMO": settings.DEMO,
        "SITE_URL": settings.SITE_URL,
        "CONTACT_EMAIL": settings.NATIONAL_TEAM_EMAIL,
    }
