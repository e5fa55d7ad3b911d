"""Parses a raw message into a ``Reply``."""

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass
from email.message import Message

from mailing.replies import body, headers, parts
from mailing.replies.mail_kinds import DOUBTFUL_FROM, MailKind, detect_kind
from mailing.replies.parser import parse, parse_headers
from mailing.replies.text_lines import fold

WORDS = re.compile(r"[a-z0-9]+")
RECIPIENT_HEADERS = (
    "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Forwarded-To", "To", "Cc",
)  # fmt: skip


@dataclass(frozen=True)
class Reply:
    """A parsed incoming mail."""

    sender: str
    """The sender's address; empty when the mail has none, or several."""
    sender_name: str
    recipients: tuple[str, ...]
    """All recipients: the addresses of delivery, then To and Cc."""
    subject: str
    message_id: str
    """The Message-ID with its brackets; empty when there is none."""
    in_reply_to: tuple[str, ...]
    """The Message-IDs that it answers, the latest first."""
    text: str
    """The text typed by the author; empty when there is none."""
    attachments: tuple[str, ...]
    kind: MailKind
    weak_signs: int = 0
    """Number of signs that a machine may have written the mail, none of which is certain."""

    @property
    def text_digest(self) -> str:
        """Identifies the author's text and the names of the files, whatever the spaces and line breaks."""
        words = [*self.text.split(), *self.attachments]
        return hashlib.sha256("\n".join(words).encode("utf-8", "replace")).hexdigest()

    @property
    def may_be_answered(self) -> bool:
        """True unless a machine wrote the mail, or may have: two would answer each other."""
        return not self.kind.is_automatic and self.weak_signs < DOUBTFUL_FROM


def read(raw: bytes, *, sent: str = "", sent_text: str = "", our_addresses: Collection[str] = ()) -> Reply:
    """Parse a raw message. Never raises: unreadable parts are left empty.

    ``sent`` and ``sent_text``: the HTML and the text of our mail that it answers, when known. Comparing with
    them shows what was typed inside a quotation, or between the lines of one that Outlook did not mark.
    ``our_addresses``: those our mails are sent from; a line just above our delimiter that contains one
    introduces the quotation.
    """
    message = parse(raw)
    sender_name, sender = _sender(message)
    text = body.typed_text(
        message,
        names=_name_words(sender_name, sender),
        sent=sent,
        sent_text=sent_text,
        our_addresses=[address.lower() for address in our_addresses],
    )
    return _reply(message, text=text, attachments=parts.attachments(message))


def read_files(raw: bytes) -> list[tuple[str, bytes]]:
    """Name and content of the attachments of a raw message, in the order of ``Reply.attachments``."""
    return list(parts.files(parse(raw)))


def read_headers(raw: bytes) -> Reply:
    """Parse the headers alone, for a mail that goes nowhere: without text, attachments or parts."""
    return _reply(parse_headers(raw), text="", attachments=())


def _reply(message: Message, *, text: str, attachments: tuple[str, ...]) -> Reply:
    sender_name, sender = _sender(message)
    subject = headers.first(message, "Subject")
    kind, weak_signs = detect_kind(message, sender=sender, subject=subject, text=text)
    return Reply(
        sender=sender,
        sender_name=sender_name,
        recipients=headers.addresses(message, *RECIPIENT_HEADERS),
        subject=subject,
        message_id=next(iter(headers.message_ids(message, "Message-ID")), ""),
        in_reply_to=headers.message_ids(message, "In-Reply-To", "References"),
        text=text,
        attachments=attachments,
        kind=kind,
        weak_signs=weak_signs,
    )


def _sender(message: Message) -> tuple[str, str]:
    """Name and address of the sender; both empty unless there is exactly one."""
    senders = headers.people(message, "From")
    return senders[0] if len(senders) == 1 else ("", "")


def _name_words(name: str, address: str) -> frozenset[str]:
    return frozenset(WORDS.findall(fold(f"{name} {address.partition('@')[0]}")))
