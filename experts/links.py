"""Signed tokens of the links that are mailed: what they open, for whom, and which issue of it.

A token says only what it points at; the row it points at holds the serial in force and the date until which
it opens. So a link is revoked, or issued again, by changing the row.
"""

import re

from django.conf import settings
from django.core import signing
from django.utils.crypto import constant_time_compare, salted_hmac

_CONTENT = re.compile(r"([0-9]{1,18})-([0-9]{1,9})")

# What a token looks like in a text, at the end of a line cut short included.
_TOKEN = re.compile(r"(?<![0-9])[0-9]{1,18}-[0-9]{1,9}\.[A-Za-z0-9_-]{10,}")


class ForgedLink(ValueError):
    """The token was not made here, or not for this purpose."""


def make_token(purpose: str, pk: int, serial: int) -> str:
    """A token for one kind of page (``"mailbox"``, ``"follow-up"``…), safe in an address."""
    return _signer(purpose).sign(f"{pk}-{serial}")


def read_token(token: str, purpose: str) -> tuple[int, int]:
    """The pk and the serial of a token; the caller compares the serial. Raises ``ForgedLink``."""
    try:
        content = _CONTENT.fullmatch(_signer(purpose).unsign(token))
    except signing.BadSignature as error:
        raise ForgedLink from error
    if content is None:
        raise ForgedLink
    return int(content[1]), int(content[2])


def digest(purpose: str, value: str) -> str:
    """Twenty figures and lower-case letters that only we can tell of ``value``, where case may be lost."""
    return _digest(purpose, value, key=settings.SECRET_KEY)


def is_digest(given: str, purpose: str, value: str) -> bool:
    """Whether it is what ``digest`` gives of the value, or gave with a key that was replaced since."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return any(constant_time_compare(given, _digest(purpose, value, key=key)) for key in keys)


def _digest(purpose: str, value: str, *, key: str | bytes) -> str:
    return salted_hmac(purpose, value, secret=key).hexdigest()[:20]


def without_tokens(text: str) -> str:
    """``text`` in which no link opens a page any more, whatever wraps the link."""
    return _TOKEN.sub("…", text)


def _signer(purpose: str) -> signing.Signer:
    """One key per purpose, so that a link of one page never opens another."""
    return signing.Signer(salt=f"experts.links.{purpose}", sep=".")
