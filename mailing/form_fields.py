"""Form fields for what people type: a line, a text, an email address."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from mailing.addresses import clean_address
from mailing.text_cleaning import clean_line, clean_text

TOO_MANY_LINES = re.compile(r"\n{4,}")


class LineField(forms.CharField):
    """One line, cleaned by ``clean_line``."""

    def to_python(self, value: Any) -> str:
        return clean_line(str(value or ""))


class TypedTextField(forms.CharField):
    """Several lines, as written."""

    def __init__(self, *, rows: int = 6, **kwargs: Any) -> None:
        super().__init__(**{"widget": forms.Textarea(attrs={"rows": rows}), **kwargs})

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """No ``maxlength``: a browser would cut what is pasted without a word; the refusal keeps it all."""
        return {name: value for name, value in super().widget_attrs(widget).items() if name != "maxlength"}

    def to_python(self, value: Any) -> str:
        """The text without what does not show."""
        return TOO_MANY_LINES.sub("\n\n\n", clean_text(str(value or ""))).strip()


class AddressField(forms.EmailField):
    """An email address, cleaned by ``clean_address``."""

    default_error_messages = {"invalid": "Indiquez une adresse électronique, par exemple nom@exemple.fr."}
    default_validators = []  # ``to_python`` has validated the address

    def to_python(self, value: Any) -> str:
        text = clean_line(str(value or ""))
        if not text or (self.max_length and len(text) > self.max_length):
            return text
        try:
            return clean_address(text)
        except ValidationError as error:
            if error.code != "invalid":
                raise
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error
