"""Mails to people who wrote by mail: what became of their reply, and what to do."""

import hashlib
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils import timezone

from experts.models import RateCounter
from mailing import outbox, senders
from mailing.models import MAX_ADDRESS_LENGTH, OutgoingEmail, Reason
from mailing.replies import Reply
from solicitations import links
from solicitations.links import Participant
from solicitations.models import (
    InternalMessage,
    Mailbox,
    Message,
    OfficeManager,
    Question,
    Solicitation,
    StaffMessage,
)
from solicitations.notifications import request_mails

# A sender is easily forged, and our answer goes to that address: a daily limit for all unknown senders.
MAX_STRANGERS_A_DAY = 50
TextOfExpert = Message | Question | InternalMessage | StaffMessage
REACHED: dict[type[TextOfExpert], str] = {
    Message: "aux autres experts",
    Question: "à l'entreprise et aux autres experts",
    InternalMessage: "à votre institution",
    StaffMessage: "à l'équipe du service",
}


def reply_not_published(reply: Reply, person: Participant | None, reason: Reason, *, now: datetime) -> None:
    """Tell the sender that a reply was not published, and what to do: one mail per day and sender.

    Only the mailbox itself reads the reason and the link to its page; other senders who answered a mail of
    ours read that nobody reads that address. A mail that answers none of ours, at no valid reply address,
    gets no answer: its sender may be forged.
    """
    if not 0 < len(reply.sender) <= MAX_ADDRESS_LENGTH or not (person or _answers_us(reply)):
        return
    answered = OutgoingEmail.objects.original_of_reply(reply.in_reply_to, to=reply.sender)
    is_elsewhere = answered is not None and person is None
    own = person if person and senders.is_same_mailbox(reply.sender, person.email) else None
    sender = hashlib.sha256("@".join(senders.parts(reply.sender)).encode()).hexdigest()[:20]
    key = f"turned-away:{sender}:{timezone.localdate(now)}"
    if OutgoingEmail.objects.filter(key=key).exists() or (own is None and _exceeds_daily_limit(now)):
        return
    outbox.enqueue(
        key=key,
        to=own.email if own else reply.sender,
        template="solicitations/emails/turned_away",
        context={
            "reason": reason.value if own or is_elsewhere else "",
            "url": _page(own) if own else "",
            "has_files": bool(reply.attachments),
        },
        about=request_mails.about_person(person) if person else (),
        # The thread contains the request's number, which only the mailbox itself may learn.
        thread=_thread(own) if own else "",
        now=now,
    )


def _exceeds_daily_limit(now: datetime) -> bool:
    """Count one more unknown sender today; ``True`` above the limit."""
    counted = RateCounter.objects.count(f"strangers:{timezone.localdate(now)}", until=now + timedelta(days=1))
    return counted > MAX_STRANGERS_A_DAY


def _answers_us(reply: Reply) -> bool:
    return OutgoingEmail.objects.filter(message_id__in=reply.in_reply_to).exists()


def _thread(person: Participant) -> str:
    return f"request-{person.pk if isinstance(person, Solicitation) else person.solicitation.pk}"


def _page(person: Participant) -> str:
    """Return the link to this person's page; an expired link lets them ask for a new one."""
    if isinstance(person, OfficeManager):
        return links.absolute(reverse("workspace:inbox"))
    return links.answer_url(person) if isinstance(person, Mailbox) else links.mailed_follow_url(person)


def how_to_take(posted: TextOfExpert, mailbox: Mailbox, *, now: datetime) -> None:
    """Show the button to an expert who wrote by mail that they take a need: the mail alone does not."""
    key = f"button:{posted.solicitation_id}:{mailbox.pk}:{request_mails.text_key(posted)}"
    take_url = f"{links.answer_url(mailbox)}?choix=prendre"
    context = {
        "body": posted.body,
        "take_url": take_url,
        "readers": REACHED[type(posted)],
    }
    request_mails.to_expert(mailbox, "where_the_button_is", key=key, context=context, now=now)


def sent_in_your_name(posted: TextOfExpert, mailbox: Mailbox, *, now: datetime) -> None:
    """A copy to the mailbox of a message from another address: a colleague's, or one staff accepted."""
    request_mails.to_expert(
        mailbox,
        "sent_in_your_name",
        key=f"in-your-name:{posted.solicitation_id}:{mailbox.pk}:{request_mails.text_key(posted)}",
        context={
            "body": posted.body,
            "sent_from": posted.sent_from,
            "is_colleague": senders.is_colleague(posted.sent_from, mailbox.email),
            "held_back": posted.held_back,
        },
        now=now,
    )
