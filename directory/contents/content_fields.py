"""Form fields of contents: one item per line, and names of institutions or subjects in an order."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from mailing.form_fields import TypedTextField


class LinesField(TypedTextField):
    """Texts, one per line; empty lines and repeats go."""

    def __init__(self, *, most: int = 200, longest: int = 200, **kwargs: Any) -> None:
        self.most, self.longest = most, longest
        super().__init__(**{"required": False, **kwargs})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        """Return the lines. Refuses those that are too long."""
        text = super().clean(value)
        lines = list(dict.fromkeys(line for typed in text.splitlines() if (line := " ".join(typed.split()))))
        if len(lines) > self.most:
            raise ValidationError(f"Gardez {self.most} lignes au plus.")
        for line in lines:
            if len(line) > self.longest:
                raise ValidationError(
                    f"« {line[:40]}… » : raccourcissez à {self.longest} caractères au plus."
                )
        return lines


class NamesField(LinesField):
    """Rows of the catalogue, one per line, in their order: « France Travail (PE) », its code or its name."""

    names: Mapping[str, str] = {}  # by code; set by the form

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, list):
            value = [f"{self.names[code]} ({code})" if code in self.names else code for code in value]
        return super().prepare_value(value)

    def clean(self, value: Any) -> list[str]:
        """Return the codes. Refuses names that nothing bears, and says the nearest one."""
        by_name = {name.casefold(): code for code, name in self.names.items()}
        codes = []
        for line in super().clean(value):
            name, bracket, last = line.rpartition(" (")
            code = last.removesuffix(")") if bracket else ""
            found = code if code in self.names and name else line if line in self.names else ""
            found = found or by_name.get(line.casefold(), "")
            if not found:
                near = get_close_matches(line.casefold(), [*by_name, *map(str.casefold, self.names)], n=1)
                known = by_name.get(near[0], near[0].upper()) if near else ""
                hint = f" Vouliez-vous dire « {self.names.get(known, known)} » ?" if known else ""
                raise ValidationError(f"« {line} » n'est pas dans la liste.{hint}")
            codes.append(found)
        return list(dict.fromkeys(codes))


class RankField(forms.IntegerField):
    """The rank in a list of the public pages."""

    def __init__(self) -> None:
        super().__init__(
            label="Rang dans les listes",
            min_value=1,
            max_value=1000,
            help_text="Le plus petit est affiché d'abord.",
            error_messages={
                "required": "Indiquez un rang, par exemple 3.",
                "invalid": "Indiquez un nombre, par exemple 3.",
            },
        )
