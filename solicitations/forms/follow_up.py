"""Forms after sending: add a text, correct the contact, ask for a lost link."""

from django import forms

from mailing.form_fields import WordsField
from solicitations.forms.contact import days_field, email_field, hours_field, phone_field
from solicitations.forms.need import LONGEST_TEXT


class AdditionForm(forms.Form):
    """A text to add, or the answer to a question."""

    body = WordsField(
        label="Ce que vous voulez ajouter",
        max_length=LONGEST_TEXT,
        rows=4,
        help_text="Les conseillers qui suivent votre demande le reçoivent aussitôt.",
        error_messages={
            "required": "Écrivez ce que vous voulez ajouter.",
            "max_length": "Raccourcissez votre texte : 5\u00a0000 caractères au plus.",
        },
    )


class CorrectionForm(forms.Form):
    """Phone number, days and hours to call back."""

    phone = phone_field()
    days = days_field()
    hours = hours_field()


class AddressForm(forms.Form):
    """The address that replaces a wrong one."""

    new_email = email_field("La bonne adresse électronique")


class LostLinkForm(forms.Form):
    """The address given with the request."""

    email = email_field("L'adresse électronique donnée dans votre demande")


class LaterForm(forms.Form):
    """Address to send the link of a draft to."""

    email = email_field(help_text="Nous y envoyons tout de suite un lien pour reprendre votre demande.")
