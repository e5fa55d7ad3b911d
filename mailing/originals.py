"""The text and main headers of an incoming mail, for staff, with the secrets of links removed."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from email.message import Message
from urllib.parse import urlsplit

from django.conf import settings

from mailing.rendering import LINK
from mailing.replies import headers, parser, parts
from mailing.replies.markup import html_lines

SHOWN_HEADERS = (
    "From", "Sender", "Reply-To", "To", "Cc", "Date", "Subject", "Message-ID", "In-Reply-To", "Return-Path",
    "Auto-Submitted", "Precedence", "List-Id", "Authentication-Results",
)  # fmt: skip
MAX_SHOWN_LENGTH = 200_000
ADDRESS = re.compile(r"[\w.!#$%&'*/=?^`{|}~+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")


@dataclass(frozen=True)
class Original:
    """``headers``: (name, value) of ``SHOWN_HEADERS``; ``text``: quotes included."""

    headers: tuple[tuple[str, str], ...]
    text: str


def read(raw: bytes) -> Original:
    """The mail as text; our links and reply addresses are cut, since they give access."""
    message = parser.parse(raw)
    values = ((name, headers.first(message, name)) for name in SHOWN_HEADERS)
    text = "\n\n".join(_shown(message))
    return Original(
        headers=tuple((name, masked(value)) for name, value in values if value),
        text=masked(text[:MAX_SHOWN_LENGTH].strip()),
    )


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


def _shown(message: Message) -> list[str]:
    """The texts of the plain parts; those of the HTML parts when there are none."""
    bodies = list(parts.bodies(message))
    plain = [text for part, text in bodies if part.get_content_type() == "text/plain" and text.strip()]
    return plain or [_readable(part, text) for part, text in bodies]


def _readable(part: Message, text: str) -> str:
    if part.get_content_type() == "text/plain":
        return text
    return "\n".join(f"> {line.text}" if line.is_quoted else line.text for line in html_lines(text))
