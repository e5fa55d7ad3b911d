"""The tables of the room."""

from mailing.models.delivery_events import (
    DeliveryEvent,
    DeliveryEventQuerySet,
    RefusedAddress,
    refuses_mail,
)
from mailing.models.heartbeat import Heartbeat, beat, last_beat_at
from mailing.models.incoming import (
    MAX_ADDRESS_LENGTH,
    RESOLVED_FIELDS,
    Channel,
    IncomingEmail,
    IncomingEmailQuerySet,
    IncomingState,
    Reason,
    id_in,
)
from mailing.models.outgoing import (
    BOUNCE_FIELDS,
    NoContent,
    OutgoingEmail,
    OutgoingState,
    new_message_id,
    oldest_due_at,
)
from mailing.models.outgoing_querysets import OutgoingEmailQuerySet
from mailing.models.used_stamps import SignatureReplayed, UsedStamp

__all__ = [
    "BOUNCE_FIELDS",
    "MAX_ADDRESS_LENGTH",
    "RESOLVED_FIELDS",
    "Channel",
    "DeliveryEvent",
    "DeliveryEventQuerySet",
    "Heartbeat",
    "IncomingEmail",
    "IncomingEmailQuerySet",
    "IncomingState",
    "NoContent",
    "OutgoingEmail",
    "OutgoingEmailQuerySet",
    "OutgoingState",
    "Reason",
    "RefusedAddress",
    "SignatureReplayed",
    "UsedStamp",
    "beat",
    "id_in",
    "last_beat_at",
    "new_message_id",
    "oldest_due_at",
    "refuses_mail",
]
