"""Mails to office managers: until they have accounts, to their office's shared mailbox."""

from datetime import datetime

from mailing import outbox
from solicitations import wording
from solicitations.models import Event, Mailbox, Match, Solicitation
from solicitations.notifications import request_mails
from territories.spoken_time import spoken_moment


def not_called(solicitation: Solicitation, *, event: Event, now: datetime) -> None:
    """Tell the offices that took a need that the company was not called, unless told as an expert."""
    taken = Match.objects.live().exclude(taken_at=None).filter(need__solicitation=solicitation)
    by_office: dict[int, list[Match]] = {}
    for match in taken.with_people().in_order():
        by_office.setdefault(match.expert.office_id, []).append(match)
    for matches in by_office.values():
        office = matches[0].expert.office
        if Mailbox.objects.of(solicitation, office.email).not_declined().exists():
            continue
        outbox.enqueue(
            key=f"not_called:{solicitation.pk}:office{office.pk}:e{event.pk}",
            to=office.email,
            template="solicitations/emails/not_called_manager",
            context={
                **request_mails.common_context(solicitation),
                "office": office.name,
                "takings": [_taken_need(match, now=now) for match in matches],
                "phone": solicitation.phone,
                "callback": wording.callback(solicitation),
            },
            about=request_mails.about(solicitation, event),
            thread=f"request-{solicitation.pk}",
            now=now,
        )


def _taken_need(match: Match, *, now: datetime) -> dict[str, str]:
    zone = match.mailbox.solicitation.time_zone
    at = match.taken_at or match.sent_at
    return {
        "person": match.person,
        "subject": match.need.subject.label,
        "at": spoken_moment(at, zone=zone, now=now),
    }
