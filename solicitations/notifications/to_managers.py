"""Mails to office managers: to their office's shared mailbox, and to those who have a seat there."""

from datetime import datetime
from typing import Any

from experts.accounts import seats
from experts.models import Office
from mailing import outbox
from solicitations import links, wording
from solicitations.models import Event, Mailbox, Match, Solicitation, Survey
from solicitations.models.matches import MatchQuerySet
from solicitations.notifications import request_mails
from territories.spoken_time import spoken_moment


def not_called(solicitation: Solicitation, *, event: Event, now: datetime) -> None:
    """Mail the open offices that took a need that the company was not called; experts were mailed already."""
    by_office: dict[int, list[Match]] = {}
    for match in _taken_in_open_offices(solicitation, now=now).in_order():
        by_office.setdefault(match.expert.office_id, []).append(match)
    for matches in by_office.values():
        if Mailbox.objects.of(solicitation, matches[0].expert.office.email).not_declined().exists():
            continue
        context = {
            "takings": [_taken_need(match, now=now) for match in matches],
            "phone": solicitation.phone,
            "callback": wording.callback(solicitation),
        }
        _tell(matches[0], "not_called_manager", context, notified=set(), event=event, now=now)


def survey_answered(survey: Survey, *, now: datetime) -> None:
    """Send the company's answers to the open offices that took a need, unless already mailed as an expert."""
    taken = _taken_in_open_offices(survey.solicitation, now=now)
    context = {"answers": list(survey.answers().items()), "is_negative": survey.is_negative, "headline": ""}
    notified = {address.lower() for address in taken.values_list("mailbox__email", flat=True)}
    for match in {match.expert.office_id: match for match in taken.in_order()}.values():
        _tell(match, "survey_answered", context, notified=notified, now=now)


def _taken_in_open_offices(solicitation: Solicitation, *, now: datetime) -> MatchQuerySet:
    taken = Match.objects.live().exclude(taken_at=None).filter(need__solicitation=solicitation)
    return taken.filter(expert__office__in=Office.objects.open_on(solicitation.today(now))).with_people()


def _tell(
    match: Match,
    occasion: str,
    context: dict[str, Any],
    *,
    notified: set[str],
    event: Event | None = None,
    now: datetime,
) -> None:
    """Mail the mailbox of the match's office and its managers, each once, unless ``notified`` already."""
    solicitation, office = match.mailbox.solicitation, match.expert.office
    shared = {**request_mails.common_context(solicitation), **context, "office": office.name}
    when = f"e{event.pk}" if event else solicitation.today(now)
    page, managers = links.account_url(match.mailbox), seats.managers_of([office.pk], now=now)
    for to, url in ((office.email, ""), *((manager.email, page) for manager in managers)):
        if to.lower() in notified:
            continue
        notified.add(to.lower())
        outbox.enqueue(
            key=f"{occasion}:{solicitation.pk}:{to.lower()}:{when}"[:200],
            to=to,
            template=f"solicitations/emails/{occasion}",
            context=shared | {"url": url},
            about=request_mails.about(solicitation, *([event] if event else [])),
            thread=f"request-{solicitation.pk}",
            now=now,
        )


def _taken_need(match: Match, *, now: datetime) -> dict[str, str]:
    time_zone, at = match.mailbox.solicitation.time_zone, match.taken_at or match.sent_at
    moment = spoken_moment(at, time_zone=time_zone, now=now)
    return {"person": match.person, "subject": match.need.subject.label, "at": moment}
