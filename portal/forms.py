"""The forms of the public pages: search, and who can help."""

from typing import Any

from django import forms
from django.utils.functional import cached_property

from companies.forms import CommuneForm
from experts.models import EntryQuestion, Subject, Theme
from experts.wording.features import MAX_TEXT
from mailing.form_fields import TypedTextField
from territories.models import Commune, UnknownCommune

QUESTION, THEME, SUBJECT = "question", "theme", "sujet"
Choices = list[tuple[str, str]]


class SearchForm(forms.Form):
    """A need, from one word to ``MAX_TEXT`` characters; a longer text is refused, and shown again."""

    q = TypedTextField(
        label="Votre besoin, avec vos mots",
        rows=2,
        max_length=MAX_TEXT,
        error_messages={
            "required": "Écrivez votre besoin, par exemple « embaucher un apprenti ».",
            "max_length": "Raccourcissez votre texte : 4 000 caractères au plus ; vous détaillerez ensuite.",
        },
    )


class WhoCanHelpForm(CommuneForm):
    """A question, a theme or a subject, and a commune; sent by GET, since none of it is personal."""

    besoin = forms.ChoiceField(
        label="Votre besoin",
        error_messages={
            "required": "Choisissez votre besoin dans la liste.",
            "invalid_choice": "Ce besoin n'est plus dans la liste : choisissez-en un autre.",
        },
    )
    field_order = ("besoin", "commune", "commune_code")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["besoin"].choices = self._choices()  # type: ignore[attr-defined]

    @cached_property
    def _subjects(self) -> list[Subject]:
        listed = Subject.objects.listed().select_related("theme")
        return list(listed.order_by("theme__position", "position", "pk"))

    @cached_property
    def _questions(self) -> list[EntryQuestion]:
        questions = EntryQuestion.objects.listed().select_related("theme").prefetch_related("subjects")
        return list(questions.order_by("position"))

    def _choices(self) -> list[tuple[str, str | Choices]]:
        """Everyday questions, then the subjects by theme; « all the subjects » comes first in each theme."""
        groups: dict[str, Choices] = {
            "Questions fréquentes": [(f"{QUESTION}-{one.position}", one.question) for one in self._questions]
        }
        for subject in self._subjects:
            if subject.theme and subject.theme.dropped_at is None:
                whole = (f"{THEME}-{subject.theme.slug}", f"{subject.theme.label} : tous les sujets")
                group = groups.setdefault(subject.theme.label, [whole])
            else:
                group = groups.setdefault("Autre", [])
            group.append((f"{SUBJECT}-{subject.slug}", subject.label))
        return [("", "Choisissez dans la liste"), *groups.items()]

    def clean(self) -> dict[str, Any]:
        """Find the commune: by its code when no name was typed."""
        code = self.cleaned_data.get("commune_code", "")
        if code and not self.data.get("commune"):
            try:
                self.cleaned_data["place"] = Commune.objects.resolve(code.upper())
            except UnknownCommune:
                return self.cleaned_data
            self.errors.pop("commune", None)
            return self.cleaned_data
        return super().clean()

    def asked(self) -> "Theme | EntryQuestion | Subject":
        """The need that was chosen. For a valid form."""
        kind, _, key = self.cleaned_data["besoin"].partition("-")
        if kind == QUESTION:
            return next(one for one in self._questions if str(one.position) == key)
        if kind == SUBJECT:
            return next(subject for subject in self._subjects if subject.slug == key)
        return next(one.theme for one in self._subjects if one.theme and one.theme.slug == key)

    def subjects(self) -> list[Subject]:
        """The subjects of what was chosen, in the order of the catalogue. For a valid form."""
        asked = self.asked()
        if isinstance(asked, Subject):
            return [asked]
        theme = asked if isinstance(asked, Theme) else asked.theme
        if theme:
            return [subject for subject in self._subjects if subject.theme_id == theme.pk]
        pks = {subject.pk for subject in asked.subjects.all()} if isinstance(asked, EntryQuestion) else set()
        return [subject for subject in self._subjects if subject.pk in pks]
