"""Base of the forms whose fields are facts, and the kinds of field that they share."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from directory.file import LEGAL_FORM_PREFIX, NAF_PREFIX
from experts.changes.directory_facts import LABELS, Facts
from experts.directory_phones import InvalidPhone, clean_phone
from experts.entries import EARLIEST, LATEST
from mailing.form_fields import AddressField, LineField


class RowFactsForm(forms.Form):
    """A form of facts: values of a row, by name. ``shown``: those that the page displayed before the edit."""

    # Its page: the heading, what it says first, and once the change is saved.
    title: ClassVar[str] = ""
    intro: ClassVar[str] = ""
    done: ClassVar[str] = ""
    # Facts that the form gives, when they are not its fields.
    given: ClassVar[tuple[str, ...]] = ()

    def __init__(self, data: Any = None, *, shown: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(data, initial=self.initial_of(shown), **kwargs)
        self.shown = shown

    def fact_names(self) -> tuple[str, ...]:
        """Names of the facts that the form gives."""
        return self.given or tuple(self.base_fields)

    def fact_label(self, name: str) -> str:
        """The name of a fact, for people."""
        return LABELS.get(name, name)

    def initial_of(self, shown: Mapping[str, Any]) -> dict[str, Any]:
        """Values of the fields for these facts."""
        return {name: shown[name] for name in self.base_fields if name in shown}

    def facts(self) -> Facts:
        """The facts as typed. Needs a valid form."""
        return {name: self.cleaned_data[name] for name in self.fact_names()}


class FixedFactsForm(RowFactsForm):
    """A form without fields: its page asks to confirm these facts, or not."""

    def __init__(self, data: Any = None, *, fixed: Facts, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.fixed = fixed

    def fact_names(self) -> tuple[str, ...]:
        return tuple(self.fixed)

    def facts(self) -> Facts:
        return self.fixed


class OfficePhoneField(LineField):
    """A French phone number, ordinary or short, written as the directory displays it."""

    def __init__(self, **kwargs: Any) -> None:
        messages = {"required": "Indiquez un numéro de téléphone, par exemple 03 80 12 34 56."}
        super().__init__(
            **{
                "label": "Téléphone",
                "max_length": 30,
                "widget": forms.TextInput(attrs={"type": "tel"}),
                "error_messages": messages | kwargs.pop("error_messages", {}),
                **kwargs,
            }
        )

    def clean(self, value: Any) -> str:
        text = str(super().clean(value))
        if not text:
            return ""
        try:
            return clean_phone(text)
        except InvalidPhone as error:
            raise ValidationError(
                f"« {text} » n'est pas un numéro français : indiquez 10 chiffres, par exemple "
                "03 80 12 34 56, ou un numéro court, par exemple 3949."
            ) from error


class MailboxField(AddressField):
    """An email address in ASCII, as a directory file requires."""

    def __init__(self, **kwargs: Any) -> None:
        messages = {"required": "Indiquez une adresse électronique, par exemple contact@exemple.fr."}
        super().__init__(
            **{
                "label": "Adresse électronique",
                "max_length": 500,
                "error_messages": messages | kwargs.pop("error_messages", {}),
                **kwargs,
            }
        )

    def clean(self, value: Any) -> str:
        address = str(super().clean(value))
        if not address.isascii():
            raise ValidationError("Indiquez une adresse sans accent : les autres n'arrivent pas partout.")
        return address


class DirectoryDayField(forms.DateField):
    """A day, as browsers send it or as people type it."""

    def __init__(self, **kwargs: Any) -> None:
        messages = {"invalid": "Indiquez une date comme 31/12/2026."} | kwargs.pop("error_messages", {})
        super().__init__(
            **{
                "input_formats": ["%Y-%m-%d", "%d/%m/%Y", "%d/%m/%y"],
                "widget": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
                "error_messages": messages,
                **kwargs,
            }
        )

    def clean(self, value: Any) -> Any:
        day = super().clean(value)
        if day and not EARLIEST <= day <= LATEST:
            raise ValidationError(f"Vérifiez l'année : entre {EARLIEST.year} et {LATEST.year}.")
        return day


class PrefixesField(LineField):
    """Beginnings of codes, separated by commas or spaces: « 43, 41.20A »."""

    pattern: re.Pattern[str]
    what: str

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, max_length=2000, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list | tuple) else value

    def clean(self, value: Any) -> list[str]:
        kept: dict[str, None] = {}
        for part in re.split(r"[,;\s]+", str(super().clean(value))):
            code = part.replace(".", "").upper()
            if code and not self.pattern.fullmatch(code):
                raise ValidationError(f"« {part} » n'est pas le début {self.what}.")
            if code:
                kept[code] = None
        return list(kept)


class NafPrefixesField(PrefixesField):
    pattern, what = NAF_PREFIX, "d'un code NAF (par exemple 43 ou 43.22A)"


class LegalFormPrefixesField(PrefixesField):
    pattern, what = LEGAL_FORM_PREFIX, "d'une catégorie juridique (par exemple 54)"
