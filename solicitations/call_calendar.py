"""The iCalendar files of a planned call-back.

Published, not requested: calendars add, move and remove it by its identifier and sequence, and send no
answer, which nobody would read here. In UTC: calendars show it at the hour of their reader.
"""

from datetime import UTC, datetime, timedelta

from icalendar import Alarm, Calendar, Event

from solicitations.models import PlannedCall

LENGTH = timedelta(minutes=30)
ALARM = timedelta(minutes=-15)
HOST = "relais-entreprises.fr"


def uid(call: PlannedCall) -> str:
    """The identifier that stays, whatever changes."""
    return f"rappel-{call.mailbox_id}@{HOST}"


def calendar_file(
    call: PlannedCall, *, summary: str, description: str, now: datetime, is_cancelled: bool = False
) -> str:
    """Return the text of the file."""
    event = Event()
    event.add("uid", uid(call))
    event.add("sequence", call.sequence)
    event.add("dtstamp", now.astimezone(UTC))
    event.add("dtstart", call.starts_at.astimezone(UTC))
    event.add("dtend", (call.starts_at + LENGTH).astimezone(UTC))
    event.add("summary", summary)
    event.add("description", description)
    event.add("status", "CANCELLED" if is_cancelled else "CONFIRMED")
    if not is_cancelled:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("trigger", ALARM)
        alarm.add("description", summary)
        event.add_component(alarm)
    calendar = Calendar()
    calendar.add("prodid", "-//Relais Entreprises//rappel//FR")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if is_cancelled else "PUBLISH")
    calendar.add_component(event)
    content: bytes = calendar.to_ical()
    return content.decode()


def company_file(call: PlannedCall, *, person: str, office: str, phone: str, now: datetime) -> str:
    """The calendar file of the company; its title names no office when the request is confidential."""
    solicitation = call.mailbox.solicitation
    lines = [
        f"{person} vous appelle au {solicitation.phone}.",
        f"Pour le joindre : {phone}" if phone else "",
        f"Votre demande {solicitation.reference}",
    ]
    return calendar_file(
        call,
        summary="Appel prévu" if solicitation.is_confidential else f"Appel de {office}",
        description="\n".join(filter(None, lines)),
        is_cancelled=call.cancelled_at is not None,
        now=now,
    )
