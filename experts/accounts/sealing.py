"""Second factors' secrets, sealed: a copy of the database is not enough to make a code."""

import secrets
from base64 import b32encode, urlsafe_b64encode

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.crypto import salted_hmac

MARK = "sealed:"  # never in what allauth makes: base 32, or hexadecimal


def seal(secret: str) -> str:
    return MARK + _box().encrypt(secret.encode()).decode()


def unseal(stored: str) -> str:
    """The secret, sealed with a key of ours or of before; one stored before there was a seal, as it is.

    Of one that no key opens any more, a secret that nobody has: no code is right, and the team forgets it.
    """
    if not stored.startswith(MARK):
        return stored
    try:
        return _box().decrypt(stored.removeprefix(MARK).encode()).decode()
    except InvalidToken:
        return b32encode(secrets.token_bytes(20)).decode()


def _box() -> MultiFernet:
    """Seals with the key in force, opens with those that were replaced too."""
    return MultiFernet(Fernet(_key(key)) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


def _key(secret: str | bytes) -> bytes:
    digest = salted_hmac("experts.accounts.sealing", "", secret=secret, algorithm="sha256").digest()
    return urlsafe_b64encode(digest)
