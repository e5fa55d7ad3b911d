"""Form by which a manager gives a person's needs to a colleague."""

from collections.abc import Sequence
from typing import Any

from django import forms

from experts.models import Expert
from mailing.form_fields import TypedTextField
from solicitations.models import Match


class ReassigningForm(forms.Form):
    """Needs to give, all ticked at first, and who receives them."""

    needs = forms.MultipleChoiceField(
        label="Besoins à confier",
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Cochez au moins un besoin.",
            "invalid_choice": "Un de ces besoins n'est plus dans ses mains : relisez la liste.",
        },
    )
    to = forms.ChoiceField(
        label="À qui",
        error_messages={
            "required": "Choisissez une personne.",
            "invalid_choice": "Choisissez une personne de la liste : elle doit être là aujourd'hui.",
        },
    )
    word = TypedTextField(
        label="Un mot pour cette personne",
        required=False,
        rows=3,
        max_length=2_000,
        help_text="L'entreprise ne le lit pas.",
        error_messages={"max_length": "Raccourcissez : 2 000 caractères au plus."},
    )

    def __init__(
        self, *args: Any, matches: Sequence[Match], receivers: Sequence[Expert], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.matches = {str(match.pk): match for match in matches}
        self.receivers = {str(expert.pk): expert for expert in receivers}
        needs: Any = self.fields["needs"]
        needs.choices = [(pk, _line(match)) for pk, match in self.matches.items()]
        needs.initial = list(self.matches)
        to: Any = self.fields["to"]
        offices = {expert.office_id for expert in receivers}
        to.choices = [
            ("", "Choisissez"),
            *((pk, _name(one, len(offices))) for pk, one in self.receivers.items()),
        ]

    def chosen(self) -> dict[int, list[int]]:
        """The keys of the chosen matches, by request."""
        found: dict[int, list[int]] = {}
        for pk in self.cleaned_data["needs"]:
            match = self.matches[pk]
            found.setdefault(match.mailbox.solicitation_id, []).append(match.pk)
        return found

    def receiver(self) -> Expert:
        """The person who receives them."""
        return self.receivers[self.cleaned_data["to"]]


def _line(match: Match) -> str:
    """« Trouver des candidats — Peintures Vannier SARL, Dijon (prise en charge) »."""
    solicitation = match.mailbox.solicitation
    who = "demande confidentielle" if solicitation.is_confidential else solicitation.applicant
    state = match.get_state_display().lower()
    return f"{match.need.subject.label} — {who}, {solicitation.commune.name} ({state})"


def _name(expert: Expert, offices: int) -> str:
    return f"{expert.name} — {expert.office.name}" if offices > 1 else expert.name
