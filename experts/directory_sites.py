"""Addresses of the sites that the directory links to: those that a link may lead to, and no others."""

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from mailing.addresses import DOMAIN_LETTERS, refuse_look_alikes
from mailing.form_fields import LineField
from mailing.text_cleaning import clean_line

MAX_LENGTH = 500
_check = URLValidator(schemes=["http", "https"])


def clean_site(text: str) -> str:
    """The address with its scheme, « https:// » by default. Raises ``ValidationError``.

    Its code is "look_alike" when a character of the domain was taken for another.
    """
    line = clean_line(text)
    address = line if "://" in line else f"https://{line}"
    _check(address)
    host = urlsplit(address).netloc
    refuse_look_alikes(host, allowed=DOMAIN_LETTERS)
    if len(address) > MAX_LENGTH or "@" in host:
        raise ValidationError("too long, or with the name of a user")
    return address


class SiteField(LineField):
    """The address of a site, cleaned by ``clean_site``; ``invalid`` is the error of a wrong one."""

    def __init__(self, *, invalid: str, **kwargs: Any) -> None:
        super().__init__(
            required=False,
            max_length=MAX_LENGTH,
            error_messages={"invalid": invalid, "max_length": invalid},
            widget=forms.TextInput(attrs={"type": "url"}),
            **kwargs,
        )

    def clean(self, value: Any) -> str:
        """The address, or an empty text."""
        typed: str = super().clean(value)
        try:
            return clean_site(typed) if typed else ""
        except ValidationError as error:
            if error.code == "look_alike":
                raise
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error
