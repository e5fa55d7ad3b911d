"""The tables of the room."""

from mailing.models.heartbeat import Heartbeat, beat, last_beat_at
from mailing.models.incoming import (
    LONGEST_ADDRESS,
    SETTLED_FIELDS,
    Channel,
    IncomingEmail,
    IncomingEmailQuerySet,
    IncomingState,
    Reason,
    named,
)
from mailing.models.outgoing import (
    FATE_FIELDS,
    NoContent,
    OutgoingEmail,
    State,
    new_message_id,
    oldest_due,
)
from mailing.models.outgoing_querysets import OutgoingEmailQuerySet

__all__ = [
    "FATE_FIELDS",
    "LONGEST_ADDRESS",
    "SETTLED_FIELDS",
    "Channel",
    "Heartbeat",
    "IncomingEmail",
    "IncomingEmailQuerySet",
    "IncomingState",
    "NoContent",
    "OutgoingEmail",
    "OutgoingEmailQuerySet",
    "Reason",
    "State",
    "beat",
    "last_beat_at",
    "named",
    "new_message_id",
    "oldest_due",
]
