"""Keeping what comes in: a row per mail and address of ours, before anybody reads it.

Nothing is judged here but what cannot be read twice: a mail that is too heavy is cut, and one that came
already is refused. Who must hear of a new mail is named in ``MAILING_INCOMING_TASKS``.
"""

import hashlib
from datetime import datetime
from email.message import Message
from email.parser import BytesHeaderParser

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.module_loading import import_string

from mailing.models import LONGEST_ADDRESS, Channel, IncomingEmail, IncomingState, Reason
from mailing.replies import headers

MOST_BYTES = 10 * 1024 * 1024
KEPT_OF_OVERSIZED = 64 * 1024
LONGEST_LINE = 500  # of a subject, of a Message-ID
MOST_ADDRESSES = 10  # of ours, in one mail
# Where mail servers and people write whom a mail is for, the surest first.
ADDRESSED = ("Envelope-To", "X-Envelope-To", "X-Original-To", "Delivered-To", "To", "Cc")


@transaction.atomic(durable=True)
def store(raw: bytes, *, channel: Channel, recipient: str = "", now: datetime) -> list[IncomingEmail]:
    """Keep a raw message, one row per address of ours it was sent to, and have it read after the commit.

    ``recipient``: the address it was delivered to, where the carrier knows it. A mail without a Message-ID
    is known by its content: the same bytes twice are one mail.
    """
    is_oversized = len(raw) > MOST_BYTES
    top = BytesHeaderParser(policy=headers.ShortHeaders()).parsebytes(raw[:KEPT_OF_OVERSIZED])
    kept = [
        _insert(
            IncomingEmail(
                channel=channel,
                message_id=_message_id(top, raw),
                sender=next(iter(headers.addresses(top, "From")), "")[:LONGEST_ADDRESS],
                recipient=address[:LONGEST_ADDRESS],
                subject=headers.first(top, "Subject")[:LONGEST_LINE],
                raw=raw[:KEPT_OF_OVERSIZED] if is_oversized else raw,
                reason=Reason.OVERSIZED if is_oversized else "",
                received_at=now,
                next_try_at=now,
            )
        )
        for address in _ours(top, recipient)
    ]
    unread = [email.pk for email in kept if email.state == IncomingState.RECEIVED]
    transaction.on_commit(lambda: _tell(unread))
    return kept


def _insert(email: IncomingEmail) -> IncomingEmail:
    """The row, refused when one of the same Message-ID stands: the database judges, whoever comes first."""
    try:
        with transaction.atomic():
            email.save(force_insert=True)
    except IntegrityError:
        same = IncomingEmail.objects.standing().filter(message_id=email.message_id)
        first = same.filter(recipient=email.recipient).first()
        email.about = first.about if first else []
        email.settle(IncomingState.REFUSED, reason=Reason.DUPLICATE, at=email.received_at)
        email.save(force_insert=True)
    return email


def _tell(pks: list[int]) -> None:
    """Call the tasks that settings name; those rooms' sweeps find what was missed."""
    for name in settings.MAILING_INCOMING_TASKS:
        for pk in pks:
            import_string(name).delay(pk)


def _ours(top: Message, recipient: str) -> list[str]:
    """The addresses of ours that it was sent to, in lower case; the carrier's word when there is none."""
    given = " ".join(recipient.replace("\0", " ").split()).lower()
    if is_ours(given):
        return [given]
    named = [address.lower() for address in headers.addresses(top, *ADDRESSED)]
    ours = [address for address in dict.fromkeys(named) if is_ours(address)]
    return ours[:MOST_ADDRESSES] or [given or next(iter(named), "")]


def is_ours(address: str) -> bool:
    """Whether the address is of the domain that answers come back to."""
    return address.lower().rpartition("@")[2] == settings.REPLY_DOMAIN.lower()


def _message_id(top: Message, raw: bytes) -> str:
    written = next(iter(headers.message_ids(top, "Message-ID")), "")
    return written or f"<{hashlib.sha256(raw).hexdigest()}@{settings.REPLY_DOMAIN}>"
