"""Stores incoming mails: one row per mail and address of ours, before any reading.

A mail that is too large is cut. The tasks of ``MAILING_INCOMING_TASKS`` read them, and refuse the copies.
"""

import hashlib
from datetime import datetime
from email.message import Message
from email.parser import BytesHeaderParser

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from mailing.mailgun_stamps import Stamp
from mailing.models import MAX_ADDRESS_LENGTH, Channel, IncomingEmail, Reason, UsedStamp
from mailing.replies import headers

MAX_BYTES = 15_000_000  # words, and a file of ten megabytes, which is a third longer in a mail
KEPT_OF_OVERSIZED = 64 * 1024
MAX_HEADER_LENGTH = 500  # of a subject, of a Message-ID
MAX_ADDRESSES = 10  # of ours, in one mail
# Headers that name the recipient, the most reliable first.
ADDRESSED = ("Envelope-To", "X-Envelope-To", "X-Original-To", "Delivered-To", "To", "Cc")


@transaction.atomic(durable=True)
def store(
    raw: bytes, *, channel: Channel, recipient: str = "", stamp: Stamp | None = None, now: datetime
) -> list[IncomingEmail]:
    """Store a raw message, one row per address of ours, and have it read after the commit.

    ``recipient``: the address of delivery, when the mail server or provider gives it. ``stamp``: the
    signature that it came with, used up with it. Raises ``SignatureReplayed``.
    """
    if stamp:
        UsedStamp.objects.use(stamp.digest, until=stamp.until)
    is_oversized = len(raw) > MAX_BYTES
    top = BytesHeaderParser(policy=headers.ShortHeaders()).parsebytes(raw[:KEPT_OF_OVERSIZED])
    kept = [
        IncomingEmail.objects.create(
            channel=channel,
            message_id=_message_id(top, raw),
            sender=next(iter(headers.addresses(top, "From")), "")[:MAX_ADDRESS_LENGTH],
            recipient=address[:MAX_ADDRESS_LENGTH],
            subject=headers.first(top, "Subject")[:MAX_HEADER_LENGTH],
            raw=raw[:KEPT_OF_OVERSIZED] if is_oversized else raw,
            reason=Reason.OVERSIZED if is_oversized else "",
            received_at=now,
            next_try_at=now,
        )
        for address in _our_addresses(top, recipient)
    ]
    pks = [email.pk for email in kept]
    transaction.on_commit(lambda: _notify_rooms(pks))
    return kept


def _notify_rooms(pks: list[int]) -> None:
    """Call the tasks named in settings; the sweeps of their rooms find lost calls."""
    for name in settings.MAILING_INCOMING_TASKS:
        for pk in pks:
            import_string(name).delay(pk)


def _our_addresses(top: Message, recipient: str) -> list[str]:
    """Our addresses among the recipients, in lower case; else the given recipient or the first one."""
    given = " ".join(recipient.replace("\0", " ").split()).lower()
    if is_ours(given):
        return [given]
    named = [address.lower() for address in headers.addresses(top, *ADDRESSED)]
    ours = [address for address in dict.fromkeys(named) if is_ours(address)]
    return ours[:MAX_ADDRESSES] or [given or next(iter(named), "")]


def is_ours(address: str) -> bool:
    """True for an address of ``REPLY_DOMAIN``."""
    return address.lower().rpartition("@")[2] == settings.REPLY_DOMAIN.lower()


def _message_id(top: Message, raw: bytes) -> str:
    """The mail's Message-ID, or one made of what does not change on its way."""
    if written := next(iter(headers.message_ids(top, "Message-ID")), ""):
        return written
    _, _, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    lines = "\n".join(headers.first(top, name) for name in ("From", "To", "Date", "Subject"))
    digest = hashlib.sha256(lines.encode("utf-8", "replace") + b"\n\n" + body)
    return f"<{digest.hexdigest()}@{settings.REPLY_DOMAIN}>"
