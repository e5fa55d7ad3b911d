"""Encryption of second factors' secrets: a copy of the database is not enough to compute a code."""

import secrets
from base64 import b32encode, urlsafe_b64encode

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.crypto import salted_hmac

PREFIX = "sealed:"  # allauth's own secrets never begin so: they are base 32 or hexadecimal


def encrypt(secret: str) -> str:
    return PREFIX + _fernet().encrypt(secret.encode()).decode()


def decrypt(stored: str) -> str:
    """Decrypt with the key in force or one that it replaced; a secret stored unencrypted is returned as is.

    When no key fits, return a random secret: no code is valid, and the team has to remove the second factor.
    """
    if not stored.startswith(PREFIX):
        return stored
    try:
        return _fernet().decrypt(stored.removeprefix(PREFIX).encode()).decode()
    except InvalidToken:
        return b32encode(secrets.token_bytes(20)).decode()


def _fernet() -> MultiFernet:
    """Encrypts with the key in force, decrypts with the replaced ones too."""
    return MultiFernet(Fernet(_key(key)) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


def _key(secret: str | bytes) -> bytes:
    # The salt is part of the key: changing it would make the stored secrets unreadable.
    digest = salted_hmac("experts.accounts.sealing", "", secret=secret, algorithm="sha256").digest()
    return urlsafe_b64encode(digest)
