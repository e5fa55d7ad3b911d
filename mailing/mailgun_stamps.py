"""The timestamp, token and signature of Mailgun's posts: each signature stores one mail, or one event.

Mailgun signs the timestamp and the token, not the mail: https://documentation.mailgun.com/docs/mailgun/
user-manual/webhooks/securing-webhooks. It retries for eight hours with the same ones.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

OLDEST = timedelta(hours=9)
EARLIEST = timedelta(minutes=10)  # the clocks of the two machines may differ
MAX_DIGITS = 12  # digits of a timestamp


@dataclass(frozen=True)
class Stamp:
    """A digest of what was signed, and when the signature becomes too old."""

    digest: str
    until: datetime


def read(posted: Mapping[str, str], *, now: datetime) -> Stamp | None:
    """The stamp of a form; ``None`` when its time is missing, not a number, too old or in the future."""
    timestamp = posted.get("timestamp", "")
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= MAX_DIGITS):
        return None
    until = datetime.fromtimestamp(int(timestamp), UTC) + OLDEST
    if not now <= until <= now + OLDEST + EARLIEST:
        return None
    # Both together, as they are signed: a digit moved from one to the other makes no other signature.
    signed = timestamp + posted.get("token", "")
    return Stamp(hashlib.sha256(signed.encode()).hexdigest(), until)
