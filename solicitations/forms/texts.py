"""Fields for what people type: invisible characters are dropped, words are kept."""

import re
from typing import Any

from django import forms

# Control characters but tab and newline, and those that turn the direction of a text around.
INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
TOO_MANY_LINES = re.compile(r"\n{4,}")


class LineField(forms.CharField):
    """One line, its spaces made single."""

    def to_python(self, value: Any) -> str:
        """The line as it reads."""
        return " ".join(INVISIBLE.sub(" ", str(value or "")).split())


class WordsField(forms.CharField):
    """Several lines, as written."""

    def __init__(self, *, rows: int = 6, **kwargs: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": rows}), **kwargs)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """No ``maxlength``: a browser would cut what is pasted without a word; the refusal keeps it all."""
        return {name: value for name, value in super().widget_attrs(widget).items() if name != "maxlength"}

    def to_python(self, value: Any) -> str:
        """The text without what does not show."""
        text = str(value or "").replace("\r\n", "\n").replace("\r", "\n")
        return TOO_MANY_LINES.sub("\n\n\n", INVISIBLE.sub("", text)).strip()


class TrapField(forms.CharField):
    """A field that people do not see, and that machines fill."""

    def __init__(self) -> None:
        super().__init__(
            label="Laissez ce champ vide",
            required=False,
            widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}),
        )

    def clean(self, value: Any) -> bool:
        """Return ``True`` when the field has a text; it is never refused."""
        return bool(value)
