"""Third step: the contact, when to call, the consent."""

from collections.abc import Mapping

from django import forms
from django.utils.datastructures import MultiValueDict
from django.utils.functional import cached_property

from companies.forms import phone_field
from experts.models import Institution
from mailing.form_fields import AddressField, LineField
from owners.forms import hints
from owners.forms.traps import TrapField
from solicitations import wording
from solicitations.lifecycle import ContactWish

# A new wording takes a new version; the old ones stay, since requests name them.
CONSENTS = {
    "2026-11": (
        "J'accepte que ma demande et mes coordonnées soient transmises aux organismes nommés ci-dessus, "
        "et à ceux qu'ils solliciteront pour me répondre."
    ),
}
CONSENT_VERSION = "2026-11"


def email_field(label: str = "Votre adresse électronique", help_text: str = "") -> AddressField:
    """The address to which links are sent."""
    sentence = "Indiquez une adresse électronique, par exemple nom@exemple.fr."
    return AddressField(
        label=label,
        help_text=help_text,
        max_length=254,
        error_messages={"required": sentence, "invalid": sentence, "max_length": sentence},
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


def days_field() -> forms.MultipleChoiceField:
    return _wishes("Les jours qui vous conviennent", wording.DAYS)


def hours_field() -> forms.MultipleChoiceField:
    return _wishes("Les heures qui vous conviennent", wording.HOURS)


def _wishes(label: str, choices: Mapping[str, str]) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label,
        required=False,
        choices=lambda: [(code, label[0].upper() + label[1:]) for code, label in choices.items()],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "Choisissez dans la liste quand vous rappeler."},
    )


def wish_field() -> forms.ChoiceField:
    """The way in which the company asks to be answered."""
    return forms.ChoiceField(
        label="Comment souhaitez-vous échanger\u202f?",
        choices=ContactWish.choices,
        required=False,
        widget=forms.RadioSelect,
        help_text="Le conseiller fait au mieux\u00a0: il vous dira ce qu'il peut proposer.",
        error_messages={"invalid_choice": "Choisissez dans la liste comment échanger."},
    )


class ContactForm(forms.Form):
    """Name, phone, email, when to call; institutions kept among those that may be left out; consent."""

    contact_name = LineField(
        label="Vos prénom et nom",
        max_length=120,
        error_messages={
            "required": "Indiquez votre nom, pour que le conseiller sache qui demander.",
            "max_length": "Raccourcissez votre nom : 120 caractères au plus.",
        },
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    phone = phone_field()
    email = email_field(help_text="Nous y envoyons l'accusé de réception et votre lien de suivi.")
    wish = wish_field()
    days = days_field()
    hours = hours_field()
    consent = forms.BooleanField(
        label=CONSENTS[CONSENT_VERSION],
        error_messages={"required": "Cochez la case pour que nous puissions transmettre votre demande."},
    )
    website = TrapField()

    @cached_property
    def unticked(self) -> list[Institution]:
        """Return the optional institutions that the page showed and whose box the owner left empty."""
        if not isinstance(self.data, MultiValueDict):
            return []
        left = set(self.data.getlist("shown")) - set(self.data.getlist("kept"))
        rows = Institution.objects.filter(code__in=left).order_by("position", "pk") if left else []
        return [row for row in rows if row.may_be_unticked]

    def clean_contact_name(self) -> str:
        """Refuse a name without letters, a link, an email address."""
        name: str = self.cleaned_data["contact_name"]
        if not any(char.isalpha() for char in name) or "://" in name or "@" in name:
            raise forms.ValidationError("Indiquez votre prénom et votre nom.")
        return name

    def clean_wish(self) -> str:
        """A call, unless another way is chosen."""
        return self.cleaned_data["wish"] or ContactWish.CALL.value

    def hints(self) -> list[str]:
        """The fields to check again. For a valid form."""
        return hints.mistyped(self.cleaned_data["email"])
