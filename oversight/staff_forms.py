"""Forms of staff's own work: notes, taking care of a request, messages to an expert."""

from collections.abc import Iterable
from typing import Any

from django import forms

from experts.models import CannedAnswer, User
from oversight.forms import text_field
from solicitations.models import Mailbox, Solicitation


class CloseForm(forms.Form):
    """Message to the company; a canned answer fills it in, to be edited before it is sent."""

    ready = forms.ModelChoiceField(
        label="Réponse prête",
        queryset=CannedAnswer.objects.none(),
        required=False,
        empty_label="Choisissez un texte",
        error_messages={"invalid_choice": "Choisissez un texte de la liste."},
    )
    words = text_field(
        "Votre message à l'entreprise",
        "Écrivez à l'entreprise pourquoi sa demande est close.",
        help_text="Il part par courriel et s'affiche sur sa page de suivi.",
        rows=8,
    )

    def __init__(self, *args: Any, solicitation: Solicitation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = CannedAnswer.objects.offered_in_region(solicitation.region_id)
        ready: Any = self.fields["ready"]
        if offered.exists():
            ready.queryset = offered
        else:
            del self.fields["ready"]

    def filled_in(self) -> dict[str, Any]:
        """Values of the form once the chosen text is added below what was typed."""
        self.is_valid()
        chosen: CannedAnswer | None = self.cleaned_data.get("ready")
        typed = self.data.get("words", "").strip()
        added = "" if chosen is None or chosen.body in typed else chosen.body
        return {"ready": chosen, "words": "\n\n".join(filter(None, [typed, added]))}


class NoteForm(forms.Form):
    body = text_field(
        "Votre note",
        "Écrivez votre note.",
        help_text="Seule l'équipe la lit : elle n'est jamais envoyée ni montrée à d'autres.",
    )


class HandleForm(forms.Form):
    """Word to the colleague whose name is on the request."""

    words = text_field(
        "Un mot sur ce changement", "Dites à votre collègue pourquoi vous prenez la suite.", rows=2
    )

    def __init__(self, *args: Any, colleague: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[
            "words"
        ].help_text = f"{colleague} le reçoit par courriel, et le relira ici, dans l'historique."


class ExpertWordForm(forms.Form):
    """Word to one expert of the request; ``reachable``: the mailboxes to choose from, with their names."""

    mailbox = forms.ModelChoiceField(
        label="À qui",
        queryset=Mailbox.objects.none(),
        empty_label="Choisissez un référent",
        error_messages={
            "required": "Choisissez un référent.",
            "invalid_choice": "Ce référent n'a plus cette demande : rechargez la page.",
        },
    )
    body = text_field("Votre message", "Écrivez votre message.", rows=4)

    def __init__(self, *args: Any, reachable: Iterable[tuple[Mailbox, str]], by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = {mailbox.pk: name for mailbox, name in reachable}
        mailboxes: Any = self.fields["mailbox"]
        mailboxes.queryset = Mailbox.objects.filter(pk__in=names).order_by("pk")
        mailboxes.label_from_instance = lambda mailbox: names[mailbox.pk]
        self.fields[
            "body"
        ].help_text = f"Il part par courriel et reste dans l'historique. La réponse viendra à {by.email}."
