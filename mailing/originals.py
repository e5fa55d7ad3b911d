"""The text and main headers of an incoming mail, for staff, with the secrets of links removed."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.parser import BytesHeaderParser
from urllib.parse import urlsplit

from django.conf import settings

from mailing.rendering import LINK
from mailing.replies import headers, parts
from mailing.replies.markup import html_lines

SHOWN_HEADERS = (
    "From", "Sender", "Reply-To", "To", "Cc", "Date", "Subject", "Message-ID", "In-Reply-To", "Return-Path",
    "Auto-Submitted", "Precedence", "List-Id", "Authentication-Results",
)  # fmt: skip
SHOWN_AT_MOST = 200_000
ADDRESS = re.compile(r"[\w.!#$%&'*/=?^`{|}~+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")


@dataclass(frozen=True)
class Original:
    """``headers``: (name, value) of ``SHOWN_HEADERS``; ``text``: quotes included."""

    headers: tuple[tuple[str, str], ...]
    text: str


def read(raw: bytes) -> Original:
    """The mail as text; our links and reply addresses are cut, since they give access."""
    message = _parsed(raw)
    values = ((name, headers.first(message, name)) for name in SHOWN_HEADERS)
    text = "\n\n".join(_words(part) for part in _shown(message))
    return Original(
        headers=tuple((name, masked(value)) for name, value in values if value),
        text=masked(text[:SHOWN_AT_MOST].strip()),
    )


def _parsed(raw: bytes) -> Message:
    policy = headers.ShortHeaders()
    try:
        return message_from_bytes(raw, policy=policy)
    except RecursionError:  # parts inside parts inside parts
        return BytesHeaderParser(policy=policy).parsebytes(raw)


def masked(text: str) -> str:
    """``text`` without the secret part of links and of our addresses."""
    host = re.escape(urlsplit(settings.SITE_URL).netloc)
    domain = re.escape(settings.REPLY_DOMAIN)
    text = LINK.sub(r"\1/…", text)
    text = re.sub(rf"(?<![\w.-])({host})/[^\s\"'<>]+", r"\1/…", text)
    return re.sub(rf"(?:\+|%2B)[\w.=-]{{1,100}}(@|%40)(?={domain})", r"+…\1", text, flags=re.IGNORECASE)


def without_addresses(text: str, *, but: Collection[str] = ()) -> str:
    """``text`` with all email addresses hidden, except those of ``but``."""
    known = {address.lower() for address in but}

    def hidden(found: re.Match[str]) -> str:
        return found[0] if found[0].lower() in known else "(adresse masquée)"

    return ADDRESS.sub(hidden, text)


def _shown(message: Message) -> list[Message]:
    """The plain text parts; the HTML parts when there are none."""
    bodies = [part for part in parts.walk(message) if parts.is_body(part)]
    plain = [part for part in bodies if part.get_content_type() == "text/plain" and parts.text(part).strip()]
    return plain or bodies


def _words(part: Message) -> str:
    text = parts.text(part)
    if part.get_content_type() == "text/plain":
        return text
    return "\n".join(f"> {line.text}" if line.is_quoted else line.text for line in html_lines(text))
