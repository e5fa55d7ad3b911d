"""Mails to office managers: to their office's shared mailbox, and to those who have a seat there."""

from datetime import datetime
from typing import Any

from experts.accounts import seats
from mailing import outbox
from solicitations import links, wording
from solicitations.models import Event, Mailbox, Match, Solicitation, Survey
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
        key = f"not_called:{solicitation.pk}:office{office.pk}:e{event.pk}"
        context: dict[str, Any] = {
            **request_mails.common_context(solicitation),
            "office": office.name,
            "takings": [_taken_need(match, now=now) for match in matches],
            "phone": solicitation.phone,
            "callback": wording.callback(solicitation),
        }
        recipients = {office.email.lower(): (key, office.email, "")}
        for manager in seats.managers_of([office.pk], now=now):
            url = links.account_url(matches[0].mailbox)
            recipients.setdefault(manager.email.lower(), (f"{key}:u{manager.pk}", manager.email, url))
        for own_key, address, url in recipients.values():
            outbox.enqueue(
                key=own_key,
                to=address,
                template="solicitations/emails/not_called_manager",
                context=context | {"url": url},
                about=request_mails.about(solicitation, event),
                thread=f"request-{solicitation.pk}",
                now=now,
            )


def survey_answered(survey: Survey, *, now: datetime) -> None:
    """Send the company's answers to the offices that took a need, unless told as an expert."""
    solicitation = survey.solicitation
    taken = Match.objects.live().exclude(taken_at=None).filter(need__solicitation=solicitation)
    matches = {match.expert.office_id: match for match in taken.with_people().in_order()}
    context = {
        **request_mails.common_context(solicitation),
        "answers": list(survey.answers().items()),
        "is_negative": survey.is_negative,
        "headline": "",
    }
    told = {address.lower() for address in taken.values_list("mailbox__email", flat=True)}
    for match in matches.values():
        office, url = match.expert.office, links.account_url(match.mailbox)
        managers = seats.managers_of([office.pk], now=now)
        for to, link in ((office.email, ""), *((manager.email, url) for manager in managers)):
            if to.lower() in told:
                continue
            told.add(to.lower())
            outbox.enqueue(
                key=f"survey_answered:{solicitation.pk}:{to.lower()}:{solicitation.today(now)}"[:200],
                to=to,
                template="solicitations/emails/survey_answered",
                context=context | {"office": office.name, "url": link},
                about=request_mails.about(solicitation),
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
