"""A field that people do not see and robots fill (honeypot)."""

from typing import Any

from django import forms


class TrapField(forms.CharField):
    """A field that people do not see and robots fill (honeypot)."""

    def __init__(self) -> None:
        super().__init__(
            label="Laissez ce champ vide",
            required=False,
            widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}),
        )

    def clean(self, value: Any) -> bool:
        """Return ``True`` when the field has a text; it is never refused."""
        return bool(value)
