"""From a raw message to what a conversation needs of it."""

import re
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.parser import BytesHeaderParser

from mailing.replies import body, headers, parts
from mailing.replies.kinds import Kind, kind_of
from mailing.replies.lines import fold

# Beyond, what is left of the message is not looked at.
READ_AT_MOST = 25_000_000
WORDS = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True)
class Reply:
    """A mail that came in, as its author meant it."""

    sender: str
    """The address it comes from; empty when it names none, or several."""
    sender_name: str
    recipients: tuple[str, ...]
    """Everyone it was for: first where it was delivered, then To and Cc."""
    subject: str
    message_id: str
    """With its brackets; empty when it has none."""
    in_reply_to: tuple[str, ...]
    """The messages it answers, the nearest first."""
    text: str
    """The words of its author alone; empty when there are none."""
    attachments: tuple[str, ...]
    kind: Kind


def read(raw: bytes, *, sent: str = "") -> Reply:
    """What ``raw`` says. Never raises: of what cannot be read, what is missing is empty.

    ``sent``: the HTML of our mail that it answers, when the caller knows which one. Outlook does not mark
    what it quotes: only the mail itself tells what was typed between its lines.
    """
    message = _parse(raw)
    senders = headers.people(message, "From")
    sender_name, sender = senders[0] if len(senders) == 1 else ("", "")
    subject = headers.first(message, "Subject")
    text = body.words(message, names=_name_words(sender_name, sender), sent=sent)
    return Reply(
        sender=sender,
        sender_name=sender_name,
        recipients=headers.addresses(
            message,
            "Delivered-To",
            "X-Original-To",
            "Envelope-To",
            "X-Envelope-To",
            "X-Forwarded-To",
            "To",
            "Cc",
        ),
        subject=subject,
        message_id=next(iter(headers.message_ids(message, "Message-ID")), ""),
        in_reply_to=headers.message_ids(message, "In-Reply-To", "References"),
        text=text,
        attachments=parts.attachments(message),
        kind=kind_of(message, sender=sender, subject=subject, text=text),
    )


def _parse(raw: bytes) -> Message:
    policy = headers.ShortHeaders()
    try:
        return message_from_bytes(raw[:READ_AT_MOST], policy=policy)
    except RecursionError:  # parts inside parts inside parts
        return BytesHeaderParser(policy=policy).parsebytes(raw[:READ_AT_MOST])


def _name_words(name: str, address: str) -> frozenset[str]:
    return frozenset(WORDS.findall(fold(f"{name} {address.partition('@')[0]}")))
