"""Forms after sending: add a text, correct the contact, ask for a lost link."""

from collections.abc import Mapping
from typing import Any

from django import forms

from companies.forms import phone_field
from mailing.form_fields import TypedTextField
from owners.forms.contact import days_field, email_field, hours_field, wish_field
from owners.forms.need import MAX_TEXT_LENGTH
from solicitations.forms.files import FilesField
from solicitations.models import Question
from solicitations.notifications import to_readers


class AdditionForm(forms.Form):
    """A text to add, or the answer to a question."""

    body = TypedTextField(
        label="Ce que vous voulez ajouter",
        max_length=MAX_TEXT_LENGTH,
        rows=4,
        help_text="Tous les conseillers de votre demande le reçoivent aussitôt.",
        error_messages={
            "required": "Écrivez ce que vous voulez ajouter.",
            "max_length": "Raccourcissez votre texte : 5\u00a0000 caractères au plus.",
        },
    )
    attached = FilesField()


class ReplyForm(AdditionForm):
    """The answer to one question, sent to its author and to the experts who took a need (``readers``)."""

    def __init__(
        self, data: Mapping[str, Any] | None = None, files: Any = None, *, question: Question
    ) -> None:
        super().__init__(data, files, auto_id=f"answer{question.pk}_%s")
        self.question = question
        self.fields["body"].label = "Votre réponse"
        self.readers = to_readers.answer_readers_in_words(question)
        self.fields["body"].help_text = (
            f"Elle va à {question.author} et à qui s'occupe de votre demande."
            if self.readers == question.author
            else f"{question.author} ne suit plus votre demande\u00a0: votre réponse va à {self.readers}."
        )


class CorrectionForm(forms.Form):
    """Phone number, days and hours to call back, wished way; left out, as earlier pages do, it stays."""

    phone = phone_field()
    days = days_field()
    hours = hours_field()
    wish = wish_field()


class AddressForm(forms.Form):
    """The address that replaces a wrong one."""

    new_email = email_field("La bonne adresse électronique")


class LostLinkForm(forms.Form):
    """The address given with the request."""

    email = email_field("L'adresse électronique donnée dans votre demande")


class LaterForm(forms.Form):
    """Address to send the link of a draft to."""

    email = email_field(help_text="Nous y envoyons tout de suite un lien pour reprendre votre demande.")
