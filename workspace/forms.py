"""Forms of the expert's page: refusal, other institution, outcome, messages, own record."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from experts.models import Expert, Institution
from mailing.form_fields import LineField, TypedTextField
from solicitations.actions.receivers import Receiver
from solicitations.forms.files import FilesField
from solicitations.lifecycle import DeclineReason, MatchState

MAX_TEXT_LENGTH = 3000
FIRST_NAME = re.compile(r"[^\W\d_]+(?:(?:\. |[ '’-])[^\W\d_]+)*\.?")
COLLEAGUE = "collegue-"  # before the id of an expert of the same office
HAND_OVER, BRING_IN = "hand_over", "bring_in"
WAYS = {
    HAND_OVER: "Je passe la main : le besoin n'est plus à moi",
    BRING_IN: "Je demande son aide : le besoin reste à moi",
}


def text_field(label: str, *, required: str = "", help_text: str = "", rows: int = 3) -> TypedTextField:
    """Make a field of a few lines; ``required`` is the error when it is empty, ``""`` if it may be."""
    return TypedTextField(
        label=label,
        required=bool(required),
        help_text=help_text,
        rows=rows,
        max_length=MAX_TEXT_LENGTH,
        error_messages={
            "required": required,
            "max_length": "Raccourcissez votre texte : 3\u00a0000 caractères au plus.",
        },
    )


class TakeForm(forms.Form):
    """First name of who takes a need, for those who share the mailbox."""

    first_name = LineField(
        label="Votre prénom",
        required=False,
        max_length=40,
        help_text="L'entreprise et vos collègues sauront qui appelle.",
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
        error_messages={"max_length": "Écrivez seulement votre prénom : 40 caractères au plus."},
    )

    def clean_first_name(self) -> str:
        """Refuse numbers, links and addresses as a name."""
        name: str = self.cleaned_data["first_name"]
        if name and not FIRST_NAME.fullmatch(name):
            raise forms.ValidationError("Écrivez seulement votre prénom, par exemple Nadia.")
        return name


class DeclineForm(forms.Form):
    """Reason to decline; « Autre raison » must be explained in words."""

    reason = forms.ChoiceField(
        label="Pourquoi ?",
        choices=DeclineReason.choices(),
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choisissez une raison.",
            "invalid_choice": "Choisissez une raison dans la liste.",
        },
    )
    words = text_field(
        "Précisez", help_text="Demandé pour « Autre raison ». L'entreprise ne le lit pas.", rows=2
    )

    def clean(self) -> dict[str, Any]:
        """Require words with « Autre raison »."""
        cleaned = super().clean() or {}
        if cleaned.get("reason") == DeclineReason.OTHER and not cleaned.get("words"):
            self.add_error("words", "Précisez la raison en quelques mots.")
        return cleaned


class IntroduceForm(forms.Form):
    """Another institution or a colleague: hand the need over, or ask for help, as its state allows."""

    word = text_field("Un mot pour elle", rows=2)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        receivers: Sequence[Receiver],
        colleagues: Sequence[Expert],
        ways: Sequence[str],
        auto_id: str = "id_%s",
    ) -> None:
        super().__init__(data, auto_id=auto_id)
        groups = (
            ("Un collègue de votre antenne", {f"{COLLEAGUE}{row.pk}": (row.name, row) for row in colleagues}),
            (
                "Une autre institution",
                {str(row.institution.pk): (row.label, row.institution) for row in receivers},
            ),
        )
        self.targets = {code: target for _, rows in groups for code, (_, target) in rows.items()}
        listed = [
            (name, [(code, label) for code, (label, _) in rows.items()]) for name, rows in groups if rows
        ]
        self.fields["institution"] = forms.ChoiceField(
            label="Institution ou collègue",
            choices=[("", "Choisir"), *listed],
            error_messages={
                "required": "Choisissez une institution.",
                "invalid_choice": "Choisissez une institution dans la liste.",
            },
        )
        asked = "Dites si vous passez la main ou demandez de l'aide."
        self.fields["way"] = forms.ChoiceField(
            label="De quelle façon ?",
            choices=[(way, WAYS[way]) for way in ways],
            initial=ways[0] if len(ways) == 1 else None,
            widget=forms.RadioSelect,
            error_messages={"required": asked, "invalid_choice": asked},
        )

    def clean_institution(self) -> Institution | Expert:
        """Return the institution or the colleague."""
        return self.targets[self.cleaned_data["institution"]]


class ConcludeForm(forms.Form):
    """Outcome of a need; where the law asks for it, the answer given to the company, in writing."""

    OUTCOMES = (MatchState.HELPED, MatchState.NO_HELP, MatchState.UNREACHABLE)

    outcome = forms.ChoiceField(
        choices=[(outcome.value, outcome.label) for outcome in OUTCOMES],
        error_messages={
            "required": "Dites comment cela s'est terminé.",
            "invalid_choice": "Dites comment cela s'est terminé.",
        },
    )
    words = text_field(
        "Un mot sur la suite donnée", help_text="Pour vos collègues. L'entreprise ne le lit pas.", rows=2
    )
    answer = text_field(
        "Ce que vous avez répondu",
        required="Écrivez ce que vous avez répondu : l'entreprise y a droit.",
        help_text="L'entreprise le lira et pourra l'imprimer, avec la date.",
        rows=5,
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        asks_answer: bool,
        offers_answer: bool,
        initial: dict[str, Any] | None = None,
        auto_id: str = "id_%s",
    ) -> None:
        super().__init__(data, initial=initial, auto_id=auto_id)
        if asks_answer:
            del self.fields["words"]
        elif offers_answer:
            self.fields["answer"].required = False
            self.fields["answer"].label = "Votre réponse écrite à l'entreprise, si vous en donnez une"
        else:
            del self.fields["answer"]
        if asks_answer and self.data.get("outcome") == MatchState.UNREACHABLE:
            self.fields["answer"].required = False

    @property
    def text(self) -> Any:
        """The text field of the form: the answer that the law asks for, else a comment."""
        return self["words"] if "words" in self.fields else self["answer"]

    @property
    def field_to_fill(self) -> Any:
        """The text field that a canned answer fills in: the one that the company reads, if any."""
        return self["answer"] if "answer" in self.fields else self["words"]

    @property
    def offered_answer(self) -> Any:
        """The field of an answer that nobody asks for; empty when there is none."""
        return self["answer"] if self.fields.keys() >= {"words", "answer"} else ""


class MessageForm(forms.Form):
    """Message to the other experts."""

    body = text_field(
        "Votre message",
        required="Écrivez votre message.",
        help_text="Citez qui doit le lire aussitôt : «\u00a0@France Travail\u00a0», «\u00a0@région\u00a0».",
    )
    attached = FilesField()


class InternalMessageForm(forms.Form):
    """Message within the institution."""

    body = text_field(
        "Votre message",
        required="Écrivez votre message.",
        help_text="Ni l'entreprise, ni les autres institutions ne le lisent.",
    )
    attached = FilesField()


class QuestionForm(forms.Form):
    """Short question to the company."""

    body = TypedTextField(
        label="Votre question à l'entreprise",
        rows=2,
        max_length=500,
        help_text="Courte : elle la reçoit par courriel, signée de votre nom, avec un lien pour répondre.",
        error_messages={
            "required": "Écrivez votre question.",
            "max_length": "Raccourcissez votre question : 500 caractères au plus.",
        },
    )
    attached = FilesField()
