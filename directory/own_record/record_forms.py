"""Forms of an expert's own record: phone number, absence, departure, and a word to the region."""

from datetime import date
from typing import Any

from django import forms

from companies.phones import is_premium_or_closed
from directory.forms.expert_facts import booking_url_field
from directory.forms.facts_form import DirectoryDayField
from experts.changes.directory_facts import AbsenceEntry
from experts.directory_phones import InvalidPhone, clean_phone
from experts.models import Expert
from experts.models.mail_preferences import FIRST_HOUR, LAST_HOUR, USUAL_HOUR, MailChoice
from mailing.form_fields import AddressField, LineField, TypedTextField

PHONE_EXPECTED = "Indiquez un numéro à 10 chiffres, par exemple 03 80 12 34 56."
DAY_EXPECTED = "Indiquez une date, par exemple 24/12/2026."
MAX_ABSENCE_DAYS = 400  # days


class PhoneForm(forms.Form):
    """The expert's own number in the directory."""

    phone = LineField(
        label="Votre téléphone",
        max_length=30,
        error_messages={
            "required": "Indiquez votre numéro, par exemple 03 80 12 34 56.",
            "max_length": PHONE_EXPECTED,
        },
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )

    def clean_phone(self) -> str:
        """Return the number as it is displayed."""
        try:
            phone = clean_phone(self.cleaned_data["phone"])
        except InvalidPhone as error:
            raise forms.ValidationError(PHONE_EXPECTED) from error
        if is_premium_or_closed(phone):
            raise forms.ValidationError(
                "Ce numéro est surtaxé : indiquez celui d'une ligne fixe ou d'un mobile."
            )
        return phone

    @property
    def done(self) -> str:
        """Sentence once it is saved."""
        return f"Votre numéro est corrigé : {self.cleaned_data['phone']}."


class BookingForm(forms.Form):
    """The page where a company books an hour with the expert."""

    booking_url = booking_url_field()

    @property
    def done(self) -> str:
        """Sentence once it is saved."""
        is_kept = bool(self.cleaned_data["booking_url"])
        return f"Votre page de rendez-vous est {'enregistrée' if is_kept else 'retirée'}."


class DepartureForm(forms.Form):
    """Departure of an expert, with their successor if they know."""

    successor = LineField(
        label="Qui vous remplace",
        required=False,
        max_length=300,
        help_text="Son nom, son courriel ou son service, si vous le connaissez.",
        error_messages={"max_length": "Raccourcissez : 300 caractères au plus."},
    )


class AbsenceForm(forms.Form):
    """Days away, and the colleague who answers meanwhile."""

    from_on = DirectoryDayField(
        label="Premier jour", error_messages={"required": DAY_EXPECTED, "invalid": DAY_EXPECTED}
    )
    to_on = DirectoryDayField(
        label="Dernier jour", error_messages={"required": DAY_EXPECTED, "invalid": DAY_EXPECTED}
    )
    deputy = forms.ModelChoiceField(
        label="Qui répond à votre place",
        queryset=Expert.objects.none(),
        required=False,
        empty_label="Mes collègues de l'antenne",
        error_messages={"invalid_choice": "Choisissez une personne de votre antenne."},
    )

    def __init__(self, *args: Any, expert: Expert, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        colleagues = Expert.objects.listed().filter(office=expert.office_id, left_at=None)
        self.fields["deputy"].queryset = colleagues.exclude(pk=expert.pk).order_by("name", "pk")  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        first, last = cleaned.get("from_on"), cleaned.get("to_on")
        if first and last and last < first:
            self.add_error("to_on", "Le dernier jour vient avant le premier.")
        elif last and last < self.today:
            self.add_error("to_on", "Ces jours sont passés.")
        elif first and last and (last - first).days > MAX_ABSENCE_DAYS:
            self.add_error("to_on", "C'est plus d'un an : dites plutôt que vous n'êtes plus là.")
        return cleaned

    def entry(self) -> AbsenceEntry:
        """The absence, once the form is valid."""
        values = self.cleaned_data
        deputy = values["deputy"]
        return AbsenceEntry(values["from_on"], values["to_on"], deputy.email.lower() if deputy else None)


class RemarkForm(forms.Form):
    """A correction that the region has to make: subjects, areas, a newcomer."""

    body = TypedTextField(
        label="Ce qui est à corriger",
        max_length=2000,
        help_text="Vos sujets, vos territoires, l'arrivée d'un collègue : la région le fait pour vous.",
        error_messages={
            "required": "Écrivez ce qui est à corriger.",
            "max_length": "Raccourcissez votre texte : 2\u00a0000 caractères au plus.",
        },
    )


class MailChoiceForm(forms.Form):
    """Mails that come immediately, and the hour of the others."""

    choice = forms.ChoiceField(
        label="Ce que vous recevez",
        choices=MailChoice.choices,
        widget=forms.RadioSelect,
        help_text="Nouvelles demandes, rappels et ce qui vous est demandé arrivent toujours aussitôt.",
        error_messages={"required": "Choisissez ce que vous recevez."},
    )
    hour = forms.TypedChoiceField(
        label="Heure du récapitulatif",
        help_text="Pour qui reçoit le reste en un seul courriel par jour.",
        choices=[(hour, f"{hour} h") for hour in range(FIRST_HOUR, LAST_HOUR + 1)],
        coerce=int,
        initial=USUAL_HOUR,
        error_messages={"invalid_choice": "Choisissez une heure de la liste."},
    )


class RecordAddressForm(forms.Form):
    """The address to which the link of a record is sent."""

    email = AddressField(
        label="Votre adresse électronique",
        help_text="Celle où vous recevez les demandes.",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
