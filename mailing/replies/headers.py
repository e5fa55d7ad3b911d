"""Decoding of mail headers; never raises, whatever the headers contain."""

import re
from collections.abc import Iterator
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.policy import Compat32
from email.utils import getaddresses

from mailing.replies.charsets import clean, decode

# Longer headers are not names, subjects or recipients, and the library becomes slow on them.
MAX_READ_LENGTH = 8_000
MESSAGE_ID = re.compile(r"<[^<>\s]{1,300}>")


class ShortHeaders(Compat32):
    """The simplest policy of the library, with long headers cut before parsing."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[:MAX_READ_LENGTH]

    def header_fetch_parse(self, name: str, value: str) -> str:
        """The raw value: the library would replace bytes beyond ASCII by question marks."""
        return value


def first(message: Message, name: str) -> str:
    """The header's first value, decoded, on one line; empty when there is none."""
    return next(_values(message, name), "")


def has(message: Message, *names: str) -> bool:
    return any(first(message, name) for name in names)


def people(message: Message, *names: str) -> list[tuple[str, str]]:
    """The people in these headers, in order, as (name, address); the name may be empty."""
    raw = [_raw(value) for header in names for value in message.get_all(header, [])]
    try:
        found = getaddresses(raw)
    except RecursionError:  # comments inside comments inside comments
        return []
    return [(decoded(name), _one_line(address)) for name, address in found if "@" in address]


def addresses(message: Message, *names: str) -> tuple[str, ...]:
    """The addresses in these headers, in order, each once."""
    return tuple(dict.fromkeys(address for _, address in people(message, *names)))


def message_ids(message: Message, *names: str) -> tuple[str, ...]:
    """The message identifiers in these headers, with their brackets, in order, each once."""
    found = [found for name in names for found in MESSAGE_ID.findall(first(message, name))]
    return tuple(dict.fromkeys(found))


def parameter(part: Message, name: str) -> str:
    """A parameter of the part's Content-Type, as "method" or "charset"; empty when there is none."""
    try:
        value = part.get_param(name, "")
    except (MessageError, LookupError, ValueError):
        return ""
    return _one_line(value[2] if isinstance(value, tuple) else str(value or ""))


def decoded(value: str) -> str:
    """A header's value with its encoded words decoded, on one line."""
    try:
        pieces = decode_header(_raw(value))
    except (MessageError, ValueError):
        return _one_line(_raw(value))
    return _one_line(
        "".join(
            piece if isinstance(piece, str) else decode(piece, charset or "") for piece, charset in pieces
        )
    )


def _values(message: Message, name: str) -> Iterator[str]:
    for value in message.get_all(name, []):
        yield decoded(value)


def _raw(value: object) -> str:
    """The value as text; bytes beyond ASCII, which the parser stores as surrogates, are decoded."""
    text = str(value)[:MAX_READ_LENGTH]
    return decode(text.encode("utf-8", "surrogateescape"), "") if not text.isascii() else text


def _one_line(text: str) -> str:
    return " ".join(clean(text).split())
