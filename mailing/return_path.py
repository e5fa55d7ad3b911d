"""Signed envelope senders: where mail servers report that they could not deliver one of our mails.

``retour+<local part of the Message-ID>-<signature>@REPLY_DOMAIN``: only those who got the mail know it.
"""

import re

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

from mailing.models import OutgoingEmail

ADDRESS = re.compile(r"retour\+([0-9a-f]{20})-([0-9a-f]{20})")
MESSAGE_ID = re.compile(r"<([0-9a-f]{20})@")


def address_of(email: OutgoingEmail) -> str:
    """The envelope sender of a mail; empty when its Message-ID is not one of ours."""
    found = MESSAGE_ID.match(email.message_id)
    if found is None:
        return ""
    return f"retour+{found[1]}-{_signature(found[1], settings.SECRET_KEY)}@{settings.REPLY_DOMAIN}"


def local_part_of(message_id: str) -> str:
    """The part of a Message-ID of ours that names the mail; empty for another one."""
    found = MESSAGE_ID.match(message_id if message_id.startswith("<") else f"<{message_id}")
    return found[1] if found and message_id.rstrip(">").endswith(f"@{settings.REPLY_DOMAIN}") else ""


def is_return_path(address: str) -> bool:
    """True for an address of this kind, signed by us or not."""
    return _parts(address) is not None


def email_of(address: str) -> OutgoingEmail | None:
    """The mail that was sent from this address, locked; ``None`` when the signature is wrong."""
    parts = _parts(address)
    if parts is None:
        return None
    name, signature = parts
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    if not any(constant_time_compare(signature, _signature(name, key)) for key in keys):
        return None
    sent = OutgoingEmail.objects.select_for_update().filter(message_id__startswith=f"<{name}@")
    return sent.order_by("pk").first()


def _parts(address: str) -> tuple[str, str] | None:
    local, _, domain = address.lower().rpartition("@")
    found = ADDRESS.fullmatch(local)
    return (found[1], found[2]) if found and domain == settings.REPLY_DOMAIN.lower() else None


def _signature(name: str, key: str | bytes) -> str:
    return salted_hmac("mailing.return_path", name, secret=key).hexdigest()[:20]
