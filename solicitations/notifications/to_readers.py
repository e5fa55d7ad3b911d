"""Mails of the conversation, to those who read it: the thread's messages, and the company's words."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Q

from mailing.models import OutgoingEmail
from solicitations.lifecycle import Voice
from solicitations.models import Addition, Mailbox, Message, Question, Solicitation
from solicitations.models.matches import MailboxQuerySet
from solicitations.notifications import request_mails


def message(posted: Message, *, mentioned: Collection[int] = (), now: datetime) -> None:
    """Mail a message of the thread to the other experts who follow the request, never to its author.

    ``mentioned``: the mailboxes that read it immediately, whatever mails they chose.
    """
    mailboxes = Mailbox.objects.filter(solicitation=posted.solicitation_id).following()
    for mailbox in mailboxes.exclude(pk=posted.mailbox_id).select_related("solicitation__commune"):
        request_mails.to_expert(
            mailbox,
            "message",
            key=f"message:{posted.solicitation_id}:{mailbox.pk}:m{posted.pk}",
            context={
                "author": posted.author,
                "office": posted.institution,
                "body": posted.body,
                "sent_from": posted.sent_from,
                "held_back": posted.held_back,
                "files": request_mails.files_line(posted),
                "is_mentioned": mailbox.pk in mentioned,
            },
            others=[posted],
            is_urgent=mailbox.pk in mentioned,
            from_name=f"{posted.author}, via Relais Entreprises",
            now=now,
        )


def added(addition: Addition, *, now: datetime) -> None:
    """Send what the company wrote to the readers of the question that it answers, else to all its experts.

    A reply to this mail goes to the company.
    """
    context = {
        "body": addition.body,
        "sent_from": addition.sent_from,
        "held_back": addition.held_back,
        "files": request_mails.files_line(addition),
        "answered": addition.question.author if addition.question else "",
    }
    solicitation = addition.solicitation
    readers = (
        answer_readers(addition.question)
        if addition.question
        else Mailbox.objects.filter(solicitation=solicitation).not_declined()
    )
    for mailbox in readers.select_related("solicitation__commune"):
        request_mails.to_expert(
            mailbox,
            "added",
            key=f"added:{solicitation.pk}:{mailbox.pk}:a{addition.pk}",
            context=context,
            others=[addition],
            voice=Voice.COMPANY,
            now=now,
        )


def remove_addition(solicitation: Solicitation, body: str) -> None:
    """Take a withdrawn text of the company out of the unsent mails that tell the whole request."""
    whole = OutgoingEmail.objects.about(f"request:{solicitation.pk}").pending()
    for email in whole.filter(context__has_key="additions").select_for_update().order_by("pk"):
        email.context["additions"] = [text for text in email.context["additions"] if text != body]
        email.save(update_fields=["context"])


def answer_readers_in_words(question: Question) -> str:
    """The readers of the answer to a question, as its company reads them: « Envoyer à … »."""
    readers = {mailbox.pk for mailbox in answer_readers(question)}
    if question.mailbox_id in readers:
        return question.author
    return "qui s'occupe de votre demande" if readers else "tous les experts de votre demande"


def answer_readers(question: Question) -> MailboxQuerySet:
    """The mailboxes that read the answer to a question: its author's, and those that took a need."""
    around = Mailbox.objects.filter(solicitation=question.solicitation_id)
    author = around.not_declined().filter(pk=question.mailbox_id)
    return around.filter(Q(pk__in=author.values("pk")) | Q(pk__in=around.who_took().values("pk"))).order_by(
        "pk"
    )
