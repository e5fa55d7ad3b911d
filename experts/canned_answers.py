"""Canned answers of all owners: the form of a text, and its writing."""

from datetime import datetime
from typing import Any

from django import forms
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from experts.models import CannedAnswer, Institution, User
from mailing.form_fields import LineField, TypedTextField
from territories.models import Region

MAX_ANSWERS = 30  # of one owner: a few, to find one at a glance
MAX_LENGTH = 2000  # a closing message holds no more
AnswerOwner = Institution | Region | None  # ``None``: the national team


class TitleTaken(Exception):
    """Another text of the owner has this title."""


class TooMany(Exception):
    """The owner keeps as many texts as it may."""


class CannedAnswerForm(forms.Form):
    """Title and text; the institution, for who manages offices of several."""

    institution = forms.ModelChoiceField(
        label="Pour",
        queryset=Institution.objects.none(),
        empty_label=None,
        error_messages={
            "required": "Choisissez une institution.",
            "invalid_choice": "Choisissez une de vos institutions.",
        },
    )
    title = LineField(
        label="Titre",
        max_length=80,
        help_text="Pour le retrouver dans la liste : il n'est pas envoyé.",
        error_messages={
            "required": "Donnez un titre à ce texte.",
            "max_length": "Raccourcissez le titre : 80 caractères au plus.",
        },
    )
    body = TypedTextField(
        label="Texte",
        rows=8,
        max_length=MAX_LENGTH,
        error_messages={
            "required": "Écrivez le texte.",
            "max_length": "Raccourcissez le texte : 2\u00a0000 caractères au plus.",
        },
    )

    def __init__(self, *args: Any, institutions: QuerySet[Institution] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if institutions is None:
            del self.fields["institution"]
            return
        field: Any = self.fields["institution"]
        field.queryset = institutions
        if len(institutions) == 1:
            field.widget = forms.HiddenInput()
            field.initial = institutions[0].pk

    def try_to_add(self, owner: AnswerOwner, *, by: User, now: datetime) -> bool:
        """Keep the text of a valid form, and return whether it was; what forbids it is said on the form."""
        try:
            add(owner, title=self.cleaned_data["title"], body=self.cleaned_data["body"], by=by, now=now)
        except TitleTaken:
            self._refuse_title()
        except TooMany:
            self.add_error(None, f"{MAX_ANSWERS} textes au plus : retirez-en un, ou corrigez-en un.")
        return not self.errors

    def try_to_change(self, answer: CannedAnswer, *, by: User, now: datetime) -> bool:
        """Change the text as a valid form says, and return whether it was."""
        try:
            change(answer, title=self.cleaned_data["title"], body=self.cleaned_data["body"], by=by, now=now)
        except TitleTaken:
            self._refuse_title()
        return not self.errors

    def _refuse_title(self) -> None:
        self.add_error("title", "Un autre texte porte déjà ce titre.")


@transaction.atomic(durable=True)
def add(owner: AnswerOwner, *, title: str, body: str, by: User, now: datetime) -> CannedAnswer:
    """Keep one more text. Raises ``TitleTaken``, ``TooMany``."""
    institution = owner if isinstance(owner, Institution) else None
    region = owner if isinstance(owner, Region) else None
    if institution:
        Institution.objects.select_for_update().get(pk=institution.pk)
    if CannedAnswer.objects.filter(institution=institution, region=region).count() >= MAX_ANSWERS:
        raise TooMany
    answer = CannedAnswer(institution=institution, region=region)
    _save(answer, title=title, body=body, by=by, now=now)
    return answer


@transaction.atomic(durable=True)
def change(answer: CannedAnswer, *, title: str, body: str, by: User, now: datetime) -> None:
    """Change the title and the text. Raises ``TitleTaken``."""
    _save(answer, title=title, body=body, by=by, now=now)


@transaction.atomic(durable=True)
def remove(answer: CannedAnswer) -> None:
    """Delete a text; the messages that used it keep their words."""
    CannedAnswer.objects.filter(pk=answer.pk).delete()


def with_text(typed: str, answer: CannedAnswer) -> str:
    """The typed words, then the text."""
    return "\n\n".join(filter(None, [typed.strip(), answer.body]))


def _save(answer: CannedAnswer, *, title: str, body: str, by: User, now: datetime) -> None:
    answer.title, answer.body, answer.changed_by, answer.changed_at = title, body, by, now
    try:
        with transaction.atomic():
            answer.save()
    except IntegrityError as error:
        raise TitleTaken from error
