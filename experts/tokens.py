"""Signed tokens of the links sent by mail: the row that a link opens, and its serial number.

The row holds the serial in force and the expiry date: a link is revoked, or reissued, by changing the row.
"""

import re

from django.conf import settings
from django.core import signing
from django.utils.crypto import constant_time_compare, salted_hmac

_CONTENT = re.compile(r"([0-9]{1,18})-([0-9]{1,9})")

# A token in a text, even when its end is cut off.
_TOKEN = re.compile(r"(?<![0-9])[0-9]{1,18}-[0-9]{1,9}\.[A-Za-z0-9_-]{10,}")


class ForgedLink(ValueError):
    """The token was not made here, or not for this purpose."""


def make_token(purpose: str, pk: int, serial: int) -> str:
    """Make a token for one kind of page (``"mailbox"``, ``"follow-up"``…), safe in an address."""
    return _signer(purpose).sign(f"{pk}-{serial}")


def read_token(token: str, purpose: str) -> tuple[int, int]:
    """Return the pk and the serial of a token; the caller compares the serial. Raises ``ForgedLink``."""
    try:
        content = _CONTENT.fullmatch(_signer(purpose).unsign(token))
    except signing.BadSignature as error:
        raise ForgedLink from error
    if content is None:
        raise ForgedLink
    return int(content[1]), int(content[2])


def digest(purpose: str, value: str) -> str:
    """Keyed digest of ``value``: 20 hexadecimal digits, for addresses where upper case may be lost."""
    return _digest(purpose, value, key=settings.SECRET_KEY)


def is_digest(given: str, purpose: str, value: str) -> bool:
    """Return whether ``given`` is the digest of ``value``, with today's key or one that it replaced."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return any(constant_time_compare(given, _digest(purpose, value, key=key)) for key in keys)


def _digest(purpose: str, value: str, *, key: str | bytes) -> str:
    return salted_hmac(purpose, value, secret=key).hexdigest()[:20]


def without_tokens(text: str) -> str:
    """Replace every token in ``text``, so that its links open nothing."""
    return _TOKEN.sub("…", text)


def _signer(purpose: str) -> signing.Signer:
    """Signer for one purpose: a link of one kind of page never opens another kind."""
    # The salt is part of the signature: changing it would make every link forged.
    return signing.Signer(salt=f"experts.links.{purpose}", sep=".")
