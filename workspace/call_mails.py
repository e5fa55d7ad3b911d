"""Mails about a planned call-back: to the company, with a calendar file, and to the expert that morning."""

from datetime import datetime
from typing import Any

from mailing.models import OutgoingEmail
from solicitations import call_calendar, wording
from solicitations.lifecycle import UNDO_DELAY
from solicitations.models import Event, Match, PlannedCall
from solicitations.notifications import request_mails
from territories.spoken_time import spoken_moment

OCCASION = "planned_call"


def tell_company(call: PlannedCall, *, event: Event, now: datetime) -> None:
    """Mail the company what it does not know of the call yet: planned, moved or cancelled.

    Unsent mails about it are cancelled first, so that a change undone in time tells nothing.
    """
    solicitation = call.mailbox.solicitation
    name = request_mails.about(solicitation, call)[1]
    OutgoingEmail.objects.cancel_about(name, now=now)
    known = _known_hour(name)
    hour = "" if call.cancelled_at else call.starts_at.isoformat()
    if known == hour or solicitation.refuses_answers:
        return
    context = _context(call, now=now)
    request_mails.to_company(
        solicitation,
        OCCASION,
        key=f"{OCCASION}:{solicitation.pk}:{call.mailbox_id}:s{call.sequence}",
        context=context
        | {
            "hour": hour,
            "is_cancelled": not hour,
            "is_moved": bool(known and hour) and datetime.fromisoformat(known) > now,
            "calendar": call_calendar.company_file(
                call, person=context["person"], office=context["office"], phone=context["phone"], now=now
            ),
        },
        events=[event, call],
        not_before=now + UNDO_DELAY if event.by_mailbox_id else now,
        now=now,
    )


def remind_expert(call: PlannedCall, *, now: datetime) -> None:
    """Remind the expert of the call, with the file for their own calendar."""
    solicitation = call.mailbox.solicitation
    request_mails.to_expert(
        call.mailbox,
        "call_reminder",
        key=f"call_reminder:{solicitation.pk}:{call.mailbox_id}:s{call.sequence}",
        context={
            **_context(call, now=now),
            "their_phone": solicitation.phone,
            "calendar": expert_file(call, now=now),
        },
        others=[call],
        now=now,
    )


def expert_file(call: PlannedCall, *, now: datetime) -> str:
    """The calendar file of the expert; that of a confidential request names nobody."""
    solicitation = call.mailbox.solicitation
    if solicitation.is_confidential:
        summary, lines = "Rappeler une entreprise (demande confidentielle)", []
    else:
        summary = f"Rappeler {solicitation.contact_name}, {solicitation.applicant}"
        lines = [solicitation.phone, solicitation.commune.place]
    lines.append(f"Demande {solicitation.reference}")
    return call_calendar.calendar_file(call, summary=summary, description="\n".join(lines), now=now)


def _context(call: PlannedCall, *, now: datetime) -> dict[str, Any]:
    match = next(iter(_matches(call)))
    return {
        "person": match.person,
        "office": match.expert.office.name,
        "phone": match.expert.public_phone,
        "when": spoken_moment(call.starts_at, time_zone=call.mailbox.solicitation.time_zone, now=now),
        "concerned": wording.subjects(_matches(call)),
    }


def _matches(call: PlannedCall) -> list[Match]:
    """The needs of the call: those to answer or to conclude, else all those of the mailbox."""
    rows = call.mailbox.matches.with_people()
    return list(rows.active().in_order()) or list(rows.in_order())


def _known_hour(name: str) -> str:
    """The hour that the last mail sent to the company says; empty without call."""
    mails = OutgoingEmail.objects.about(name).filter(template__endswith=f"/{OCCASION}")
    last = mails.exclude(sent_at=None).order_by("-pk").first()
    return str(last.context.get("hour", "")) if last else ""
