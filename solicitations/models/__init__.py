"""The tables of the room."""

from solicitations.models.addresses import AddressChange
from solicitations.models.alerts import Alert
from solicitations.models.conversation import (
    Addition,
    Event,
    InternalMessage,
    Message,
    OfficeManager,
    Question,
    Text,
)
from solicitations.models.drafts import Draft
from solicitations.models.files import AttachedFile
from solicitations.models.matches import Mailbox, Match
from solicitations.models.needs import Need
from solicitations.models.openings import MissedDemand, Opening
from solicitations.models.planned_calls import PlannedCall
from solicitations.models.requests import Solicitation
from solicitations.models.staff_work import StaffMessage, StaffNote
from solicitations.models.surveys import Survey

__all__ = [
    "Addition",
    "AddressChange",
    "Alert",
    "AttachedFile",
    "Draft",
    "Event",
    "InternalMessage",
    "Mailbox",
    "Match",
    "Message",
    "MissedDemand",
    "Need",
    "OfficeManager",
    "Opening",
    "PlannedCall",
    "Question",
    "Solicitation",
    "StaffMessage",
    "StaffNote",
    "Survey",
    "Text",
]
