"""The search form of the public pages."""

from django import forms

from experts.wording.features import MAX_TEXT
from mailing.form_fields import WordsField


class SearchForm(forms.Form):
    """A need, from a word to a letter; longer texts are refused, and shown again."""

    q = WordsField(
        label="Votre besoin, avec vos mots",
        rows=2,
        max_length=MAX_TEXT,
        error_messages={
            "required": "Écrivez votre besoin, par exemple « embaucher un apprenti ».",
            "max_length": "Raccourcissez votre texte : 4 000 caractères au plus ; vous détaillerez ensuite.",
        },
    )
