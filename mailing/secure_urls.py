"""Form field of an https address that is shown in pages and mails, and never fetched."""

import re
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.validators import URLValidator

from mailing.form_fields import LineField

EXPECTED = "Indiquez une adresse complète et sûre, par exemple https://rdv.exemple.fr/nadia."
# Neither user name nor port, and no number in the place of a name: nobody can tell whose it is.
NAMED_HOST = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z][A-Za-z0-9-]+")
UNSAFE = frozenset('"<>\\^`{|}')


class SecureUrlField(LineField):
    """An https address on a named host, without user name nor port."""

    def __init__(self, **kwargs: Any) -> None:
        too_long = "Raccourcissez cette adresse : 300 caractères au plus."
        super().__init__(
            max_length=300, widget=forms.URLInput(), error_messages={"max_length": too_long}, **kwargs
        )

    def clean(self, value: Any) -> str:
        """Return the address, or an empty text."""
        address: str = super().clean(value)
        if not address:
            return ""
        try:
            URLValidator(schemes=["https"], message=EXPECTED)(address)
            host = urlsplit(address).netloc
        except ValueError as error:
            raise forms.ValidationError(EXPECTED) from error
        if not NAMED_HOST.fullmatch(host) or not address.isascii() or UNSAFE & set(address):
            raise forms.ValidationError(EXPECTED)
        return "https" + address[len("https") :]  # typed in capitals, it is the same
