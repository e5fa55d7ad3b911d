"""Forms of the owner's feedback."""

from typing import Any

from django import forms

from mailing.form_fields import TypedTextField
from solicitations.actions.feedback import Opinion
from solicitations.models import Survey
from solicitations.models.surveys import Outcome, Usefulness

CALLED = {"yes": "Oui", "no": "Non"}


def _choice(label: str, choices: list[tuple[str, str]], sentence: str) -> forms.ChoiceField:
    """One answer of a list; ``sentence`` asks for it where it is missing."""
    return forms.ChoiceField(
        label=label,
        choices=choices,
        widget=forms.RadioSelect,
        error_messages={"required": sentence, "invalid_choice": sentence},
    )


class SurveyForm(forms.Form):
    """Three questions and an optional comment."""

    called = _choice(
        "Un conseiller vous a-t-il rappelé ?", list(CALLED.items()), "Dites si un conseiller vous a rappelé."
    )
    usefulness = _choice(
        "L'aide reçue vous a-t-elle été utile ?", Usefulness.choices(), "Dites si l'aide vous a été utile."
    )
    outcome = _choice("Où en est votre besoin ?", Outcome.choices(), "Dites où en est votre besoin.")
    comment = TypedTextField(
        label="Ce que vous voulez ajouter",
        required=False,
        rows=4,
        max_length=2000,
        help_text="Lu par l'équipe du service seulement. Vos trois réponses vont aussi à qui vous a aidé.",
        error_messages={"max_length": "Raccourcissez votre texte : 2\u00a0000 caractères au plus."},
    )

    def opinion(self) -> Opinion:
        """The answers given. For a valid form."""
        cleaned = self.cleaned_data
        return Opinion(
            was_called=cleaned["called"] == "yes",
            usefulness=Usefulness(cleaned["usefulness"]),
            outcome=Outcome(cleaned["outcome"]),
            comment=cleaned["comment"],
        )


def initial_answers(survey: Survey | None) -> dict[str, Any]:
    """Return the earlier answers as initial values of the form."""
    if survey is None or survey.answered_at is None:
        return {}
    return {**survey.opinion(), "called": "yes" if survey.was_called else "no"}
