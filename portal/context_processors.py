"""What every template may name."""

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, object]:
    """Whether this is the demo, and the address that mails and prints name."""
    return {"DEMO": settings.DEMO, "SITE_URL": settings.SITE_URL}
