"""Addresses of the sites of offices: those that a link may lead to, and no others."""

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

LONGEST = 500
_check = URLValidator(schemes=["http", "https"])


def clean_site(text: str) -> str:
    """The address with its scheme, « https:// » by default. Raises ``ValidationError``."""
    address = text if "://" in text else f"https://{text}"
    _check(address)
    if len(address) > LONGEST:
        raise ValidationError("too long")
    return address
