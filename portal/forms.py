"""The search form of the public pages."""

from django import forms

from mailing.form_fields import LineField


class SearchForm(forms.Form):
    """A search of a few words; longer texts are cut by the browser and refused here."""

    q = LineField(
        label="Votre besoin, en quelques mots",
        max_length=200,
        error_messages={
            "required": "Écrivez quelques mots, par exemple « embaucher un apprenti ».",
            "max_length": "Écrivez votre recherche en 200 caractères au plus ; vous détaillerez ensuite.",
        },
    )
