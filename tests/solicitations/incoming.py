"""Replies written in a mail client, as a mail server delivers them."""

from datetime import datetime
from email.message import EmailMessage
from typing import Any

from mailing import reception
from mailing.models import Channel, IncomingEmail
from solicitations import reply_addresses
from solicitations.conversation import replies
from solicitations.models import Mailbox, Solicitation

WORDS = "Je l'appelle lundi."


def raw(
    person: Mailbox | Solicitation,
    text: str = WORDS,
    *,
    sender: str | None = None,
    to: str | None = None,
    files: tuple[str, ...] = (),
    **headers: str,
) -> bytes:
    """The raw mail of this person, from their own address unless another is given.

    ``headers``: ``in_reply_to=…``; one that is empty is left out.
    """
    message = EmailMessage()
    known = {
        "From": person.email if sender is None else sender,
        "To": to or reply_addresses.make(person),
        "Subject": "Re: Trouver des candidats",
        "Message-ID": "<premier@poste.example.org>",
        "In-Reply-To": "<ailleurs@poste.example.org>",
    }
    given = {name.replace("_", "-").title(): value for name, value in headers.items()}
    given["Message-ID"] = given.pop("Message-Id", known["Message-ID"])
    message.set_content(text)
    for name, value in (known | given).items():
        if value:
            message[name] = value
    for name in files:
        message.add_attachment(b"x" * 9, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def receive(content: bytes, *, recipient: str = "", now: datetime) -> IncomingEmail:
    """Store a mail and process it, as the worker does."""
    [email] = reception.store(content, channel=Channel.PIPE, recipient=recipient, now=now)
    replies.process_reply(email.pk, now=now)
    email.refresh_from_db()
    return email


def answer(person: Mailbox | Solicitation, text: str = WORDS, *, now: datetime, **how: Any) -> IncomingEmail:
    """Store and process a reply of this person."""
    return receive(raw(person, text, **how), now=now)
