"""The tables of the room."""

from solicitations.models.addresses import AddressChange
from solicitations.models.alerts import Alert
from solicitations.models.conversation import Addition, Event, Message, Question
from solicitations.models.drafts import Draft
from solicitations.models.matches import Mailbox, Match
from solicitations.models.needs import Need
from solicitations.models.openings import MissedDemand, Opening
from solicitations.models.requests import Solicitation
from solicitations.models.staff_work import ReadyAnswer, StaffMessage, StaffNote
from solicitations.models.surveys import Survey

__all__ = [
    "Addition",
    "AddressChange",
    "Alert",
    "Draft",
    "Event",
    "Mailbox",
    "Match",
    "Message",
    "MissedDemand",
    "Need",
    "Opening",
    "Question",
    "ReadyAnswer",
    "Solicitation",
    "StaffMessage",
    "StaffNote",
    "Survey",
]
