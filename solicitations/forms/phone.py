"""The field of a phone number to call back."""

from typing import Any

from django import forms

from companies.phones import InvalidPhone, clean_phone
from mailing.form_fields import LineField


def phone_field() -> LineField:
    """The phone number to call back."""
    return PhoneField(
        label="Votre téléphone",
        help_text="Par exemple 06 12 34 56 78. Outre-mer et pays voisins compris : +41 79 123 45 67.",
        error_messages={"required": "Indiquez un numéro de téléphone, par exemple 06 12 34 56 78."},
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )


class PhoneField(LineField):
    """A phone number as people write it, checked."""

    def clean(self, value: Any) -> str:
        """The number in pairs of figures."""
        typed = super().clean(value)
        try:
            return clean_phone(typed[:60])
        except InvalidPhone as error:
            raise forms.ValidationError(str(error)) from error
