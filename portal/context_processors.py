"""Variables for every template."""

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, object]:
    """Return the demo flag, the site's address and the team's email; no query."""
    return {
        "DEMO": settings.DEMO,
        "SITE_URL": settings.SITE_URL,
        "CONTACT_EMAIL": settings.NATIONAL_TEAM_EMAIL,
    }
