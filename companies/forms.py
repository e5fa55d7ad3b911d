"""Fields of a company: its commune by name or postcode, with a choice when several match, and its phone."""

import re
from typing import Any

from django import forms

from companies.phones import InvalidPhone, clean_phone
from mailing.form_fields import LineField
from mailing.prepared_queries import PreparedQuery
from territories.models import Commune, UnknownCommune
from territories.names import normalise
from territories.search import search_communes, without_postcode

_CODE = re.compile(r"[0-9][0-9AB][0-9]{3}")
_CURRENT = PreparedQuery(lambda code: Commune.objects.current().with_place().filter(code=code))


class CommuneForm(forms.Form):
    """A form that asks a commune: ``cleaned_data["place"]``; ``candidates`` are those to choose from."""

    commune = LineField(
        label="Votre commune",
        max_length=100,
        help_text="Celle de votre entreprise ou de votre projet : son nom ou son code postal.",
        error_messages={
            "required": "Indiquez le nom ou le code postal de votre commune.",
            "max_length": "Indiquez seulement le nom ou le code postal de votre commune.",
        },
        widget=forms.TextInput(attrs={"autocomplete": "off", "data-commune": ""}),
    )
    commune_code = LineField(required=False, max_length=5, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.candidates: list[Commune] = []

    def clean(self) -> dict[str, Any]:
        """Find the commune: the one chosen in the list for this text, or the only one found."""
        text = self.cleaned_data.get("commune")
        if text:
            self._resolve_commune(text, self.cleaned_data.get("commune_code", ""))
        return self.cleaned_data

    def _resolve_commune(self, text: str, code: str) -> None:
        bare = normalise(without_postcode(text))
        known = _CURRENT.first(code=code) if code else None
        if known and bare == normalise(known.name):
            self.cleaned_data["place"] = known  # chosen in the list: no search needed
            return
        found = search_communes(text)
        sure = [commune for commune in found if not commune.is_guess]
        exact = [commune for commune in sure if normalise(commune.found_as or commune.name) == bare]
        chosen = [commune for commune in found if commune.code == code]
        only = chosen or (exact if len(exact) == 1 else []) or (sure if len(found) == 1 else [])
        if only:
            self.cleaned_data["place"] = only[0]
        elif not found:
            self.add_error(
                "commune",
                "Aucune commune ne porte ce nom. Vérifiez l'orthographe, ou indiquez le code postal.",
            )
        else:
            self.candidates = exact or found
            self.add_error("commune", "Plusieurs communes correspondent : choisissez la vôtre dans la liste.")


def initial_commune(typed: str) -> dict[str, str]:
    """The initial values of ``?commune=`` in the address: an INSEE code, or a name."""
    code = typed.strip().upper()[:100]
    if _CODE.fullmatch(code):
        try:
            commune = Commune.objects.resolve(code)
        except UnknownCommune:
            return {"commune": code}
        return {"commune": commune.place, "commune_code": commune.code}
    return {"commune": " ".join(typed.split())[:100]}


def phone_field() -> LineField:
    """The phone number to call back."""
    return PhoneField(
        label="Votre téléphone",
        help_text="Par exemple 06 12 34 56 78. Outre-mer et pays voisins compris : +41 79 123 45 67.",
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
