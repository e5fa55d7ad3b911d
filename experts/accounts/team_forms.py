"""Forms of the pages of a team: who is invited, and to what."""

from collections.abc import Sequence
from typing import Any

from django import forms

from experts.accounts.forms import address_field
from experts.accounts.seat_invitations import Offer
from experts.models import Expert, Office
from mailing.form_fields import LineField
from territories.models import Region

MANAGER = "responsable"


class InvitedPersonForm(forms.Form):
    """A person to invite."""

    name = LineField(
        label="Prénom et nom",
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Indiquez son prénom et son nom."},
    )
    email = address_field("Son adresse électronique", autocomplete="off")


class OfficeInvitationForm(InvitedPersonForm):
    """An invitation into an office: as a manager, or at a post whose mailbox is shared."""

    offer = forms.ChoiceField(
        label="Invitée comme",
        error_messages={
            "required": "Choisissez sa place.",
            "invalid_choice": "Choisissez une place de la liste.",
        },
    )

    def __init__(self, *args: Any, office: Office, posts: Sequence[Expert], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.office, self.posts = office, {str(post.pk): post for post in posts}
        field: Any = self.fields["offer"]
        field.choices = [
            (MANAGER, "Responsable de l'antenne"),
            *((key, f"Référent, boîte partagée {post.email}") for key, post in self.posts.items()),
        ]

    @property
    def chosen(self) -> Offer:
        """The seat that was chosen."""
        key = self.cleaned_data["offer"]
        return Offer(office=self.office) if key == MANAGER else Offer(expert=self.posts[key])


class RegionInvitationForm(InvitedPersonForm):
    """An invitation to run a region."""

    region = forms.ModelChoiceField(
        label="Région",
        queryset=Region.objects.order_by("name", "pk"),
        empty_label="Choisir une région",
        error_messages={"required": "Choisissez une région.", "invalid_choice": "Choisissez une région."},
    )

    @property
    def chosen(self) -> Offer:
        """The region that was chosen."""
        return Offer(region=self.cleaned_data["region"])


class ReasonForm(forms.Form):
    """The reason of a reset, which its owner reads."""

    reason = LineField(
        label="Pourquoi, en une phrase",
        help_text="La personne la lit dans le courriel qui la prévient.",
        max_length=300,
        error_messages={"required": "Dites pourquoi : la personne le lira."},
    )
