"""First step: the commune, the subjects, the text."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from django import forms
from django.utils.datastructures import MultiValueDict
from django.utils.functional import cached_property

from companies.forms import CommuneForm
from experts.models import Subject
from experts.wording import distress
from mailing.form_fields import TypedTextField
from owners.forms import hints
from owners.forms.traps import TrapField
from solicitations.actions.submission import RequestPart

MAX_TEXT_LENGTH = 5000
MAX_OTHER_SUBJECTS = 4
OTHERS = "text_others"


def _text_field(label: str, *, rows: int = 6, help_text: str = "") -> TypedTextField:
    return TypedTextField(
        label=label,
        rows=rows,
        max_length=MAX_TEXT_LENGTH,
        help_text=help_text,
        error_messages={
            "required": "Écrivez quelques lignes : ce qui se passe, ce que vous attendez.",
            "max_length": "Raccourcissez votre texte : 5\u00a0000 caractères au plus. "
            "Vous détaillerez ensuite.",
        },
    )


class NeedForm(CommuneForm):
    """The commune, the text, and other subjects; a confidential subject has its own text.

    ``cleaned_data["place"]`` is the commune; ``parts()`` is what is to be sent.
    """

    description = _text_field("Votre besoin, avec vos mots")
    subjects = forms.MultipleChoiceField(
        label="Autres sujets",
        required=False,
        error_messages={
            "invalid_choice": "Un des sujets cochés n'est plus proposé : choisissez-en un autre."
        },
    )
    website = TrapField()

    def __init__(self, data: MultiValueDict | None = None, *, subject: Subject, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.subject = subject
        self.fields["description"].help_text = subject.guidance
        self.fields["subjects"].choices = self._choices  # type: ignore[attr-defined]
        ticked = set(data.getlist("subjects")) if data is not None else set()
        self.ticked = [other for other in self.other_subjects if other.slug in ticked] if ticked else []
        for name, subjects in self._own_texts():
            labels = ", ".join(f"« {other.label} »" for other in subjects)
            self.fields[name] = _text_field(f"Votre texte sur {labels}", rows=4)

    @cached_property
    def other_subjects(self) -> list[Subject]:
        """The subjects that may be added to the first one, in the order of the catalogue."""
        listed = Subject.objects.listed().exclude(pk=self.subject.pk).exclude(theme=None)
        return list(listed.select_related("theme").order_by("theme__position", "position", "pk"))

    def _choices(self) -> list[tuple[str, str]]:
        return [(other.slug, other.label) for other in self.other_subjects]

    def themes(self) -> list[tuple[str, list[Subject], bool]]:
        """The other subjects by theme; the third says whether one of them is ticked."""
        groups = groupby(self.other_subjects, key=lambda other: str(other.theme))
        listed = [(theme, list(others)) for theme, others in groups]
        return [(theme, others, any(other in self.ticked for other in others)) for theme, others in listed]

    def own_text_fields(self) -> list[forms.BoundField]:
        """The text fields of the subjects that are sent as separate requests."""
        return [self[name] for name, _ in self._own_texts()]

    def _own_texts(self) -> list[tuple[str, Sequence[Subject]]]:
        """The texts of the form, each with its subjects: confidential subjects have their own."""
        apart = [(f"text_{other.slug}", [other]) for other in self.ticked if other.is_confidential]
        ordinary = [other for other in self.ticked if not other.is_confidential]
        if self.subject.is_confidential and ordinary:
            return [(OTHERS, ordinary), *apart]
        return list(apart)

    def clean_subjects(self) -> list[str]:
        """Refuse too many other subjects."""
        slugs: list[str] = self.cleaned_data["subjects"]
        if len(slugs) > MAX_OTHER_SUBJECTS:
            raise forms.ValidationError(
                f"Choisissez {MAX_OTHER_SUBJECTS} autres sujets au plus ; vous pourrez refaire une demande."
            )
        return slugs

    def all_subjects(self) -> list[Subject]:
        """All the subjects asked, the first subject first."""
        return [self.subject, *self.ticked]

    def parts(self) -> list[RequestPart]:
        """The requests to send, the first subject's one first. For a valid form."""
        apart = self._own_texts()
        separate = {other for _, subjects in apart for other in subjects}
        together = tuple(subject for subject in self.all_subjects() if subject not in separate)
        parts = [RequestPart(together, self.cleaned_data["description"])]
        return parts + [RequestPart(tuple(subjects), self.cleaned_data[name]) for name, subjects in apart]

    def tells_distress(self) -> bool:
        """Return whether one of the texts, as it was typed, may tell of distress."""
        texts = (self[name].value() for name in ("description", *(name for name, _ in self._own_texts())))
        return any(distress.is_told_in(text) for text in texts if text)

    def hints(self) -> list[str]:
        """The details to check again in the texts. For a valid form."""
        return hints.sensitive(*(part.description for part in self.parts()))
