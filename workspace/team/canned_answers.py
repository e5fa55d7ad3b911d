"""Texts that the managers of an institution keep, and that its people insert in their messages."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django import forms
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from experts.accounts import seats
from experts.models import Institution, User
from mailing.form_fields import LineField, WordsField
from solicitations.models import Mailbox
from workspace.models import CannedAnswer

MOST = 30  # of an institution: a few, to find one at a glance
LONGEST = 3000


class TextTitleTaken(Exception):
    """Another text of the institution has this title."""


class TooManyTexts(Exception):
    """The institution keeps as many texts as it may."""


class CannedAnswerForm(forms.Form):
    """Institution, for who manages offices of several; title and text."""

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
        help_text="Pour le retrouver dans la liste : il n'est pas envoyé.",
        error_messages={
            "required": "Donnez un titre à ce texte.",
            "max_length": "Raccourcissez le titre : 80 caractères au plus.",
        },
    )
    body = WordsField(
        label="Texte",
        rows=6,
        max_length=LONGEST,
        error_messages={
            "required": "Écrivez le texte.",
            "max_length": "Raccourcissez le texte : 3\u00a0000 caractères au plus.",
        },
    )

    def __init__(self, *args: Any, institutions: QuerySet[Institution], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["institution"]
        field.queryset = institutions
        if len(institutions) == 1:
            field.widget = forms.HiddenInput()
            field.initial = institutions[0].pk


def institutions_of(manager: User, *, now: datetime) -> QuerySet[Institution]:
    """The institutions of the offices that she manages."""
    offices = seats.managed_offices(manager, now=now)
    return Institution.objects.filter(pk__in=offices.values("institution")).order_by("position", "pk")


def kept_by(manager: User, *, now: datetime) -> QuerySet[CannedAnswer]:
    """The texts of her institutions."""
    rows = CannedAnswer.objects.filter(institution__in=institutions_of(manager, now=now))
    return rows.select_related("institution", "changed_by").order_by("institution__position", "title", "pk")


def offered_to(mailbox: Mailbox) -> QuerySet[CannedAnswer]:
    """The texts of the institutions for which the mailbox has a part in its request."""
    own = mailbox.matches.live().values("expert__office__institution")
    return CannedAnswer.objects.filter(institution__in=own).order_by("title", "pk")


def offered_by(institutions: Collection[int]) -> QuerySet[CannedAnswer]:
    """The texts of these institutions."""
    return CannedAnswer.objects.filter(institution__in=institutions).order_by("title", "pk")


def with_text(typed: str, answer: CannedAnswer) -> str:
    """The typed words, then the text."""
    return "\n\n".join(filter(None, [typed.strip(), answer.body]))


@transaction.atomic(durable=True)
def add(institution: Institution, *, title: str, body: str, by: User, now: datetime) -> None:
    """Keep one more text. Raises ``TextTitleTaken``, ``TooManyTexts``."""
    Institution.objects.select_for_update().get(pk=institution.pk)
    if CannedAnswer.objects.filter(institution=institution).count() >= MOST:
        raise TooManyTexts
    _save(CannedAnswer(institution=institution, title=title, body=body, changed_by=by, changed_at=now))


@transaction.atomic(durable=True)
def change(answer: CannedAnswer, *, title: str, body: str, by: User, now: datetime) -> None:
    """Change the title and the text. Raises ``TextTitleTaken``."""
    answer.title, answer.body, answer.changed_by, answer.changed_at = title, body, by, now
    _save(answer)


@transaction.atomic(durable=True)
def remove(answer: CannedAnswer) -> None:
    """Delete a text; the messages that used it keep their words."""
    CannedAnswer.objects.filter(pk=answer.pk).delete()


def _save(answer: CannedAnswer) -> None:
    try:
        with transaction.atomic():
            answer.save()
    except IntegrityError as error:
        raise TextTitleTaken from error
