"""Mails to the experts of a request: one per mailbox and occasion."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from mailing import outbox, senders
from solicitations import links, wording
from solicitations.lifecycle import UNDO_DELAY, MatchOrigin
from solicitations.models import Addition, Event, Mailbox, Match, Message, Solicitation
from solicitations.notifications import request_mails
from territories.spoken_time import spoken_date, spoken_moment


def _request_context(solicitation: Solicitation, *, now: datetime) -> dict[str, Any]:
    return {
        "description": solicitation.description,
        "company": wording.company_lines(solicitation, today=solicitation.today(now)),
        "phone": solicitation.phone,
        "email": solicitation.email,
        "callback": wording.callback(solicitation),
        "sent_at": spoken_moment(solicitation.submitted_at, zone=solicitation.time_zone, now=now),
        "additions": [addition.body for addition in solicitation.additions.order_by("at", "pk")],
    }


def notified(  # noqa: PLR0913 (what a first mail may say)
    matches: Sequence[Match],
    *,
    now: datetime,
    event: Event | None = None,
    introducer: str = "",
    word: str = "",
    not_before: datetime | None = None,
    subjects: list[str] | None = None,
) -> None:
    """A new request, or new needs of it, to each mailbox of these new matches of one request: one mail each.

    ``introducer`` and ``word``: who handed it over or asked for help, and what they said. ``subjects``: the
    labels of all its needs, when they are known.
    """
    solicitation = matches[0].need.solicitation
    offices = request_mails.live_matches(solicitation)
    shared = {
        **request_mails.common_context(solicitation, subjects=subjects),
        **_request_context(solicitation, now=now),
        "introducer": introducer,
        "word": word,
    }
    by_mailbox: dict[int, list[Match]] = {}
    for match in matches:
        match.need.solicitation = match.mailbox.solicitation = solicitation
        by_mailbox.setdefault(match.mailbox_id, []).append(match)
    outbox.enqueue_all(
        [
            request_mails.compose_to_expert(
                mine[0].mailbox,
                "notified",
                key=f"notified:{solicitation.pk}:{mine[0].mailbox_id}:r{mine[0].mailbox.round}",
                context=shared | _own_context(mine, offices=offices, now=now),
                others=[*mine, *([event] if event else [])],
                not_before=not_before,
                now=now,
            )
            for mine in by_mailbox.values()
        ]
    )


def _own_context(
    mine: Sequence[Match], *, offices: Sequence[request_mails.LiveMatch], now: datetime
) -> dict[str, Any]:
    """The context of a first mail that depends on its mailbox: subjects, reasons, offices, links."""
    labels = wording.subjects(mine)
    own, others = {match.pk for match in mine}, [row for row in offices if row.mailbox != mine[0].mailbox_id]
    url = links.answer_url(mine[0].mailbox)
    return {
        "headline": wording.headline(mine[0].mailbox.solicitation, labels),
        "new_subjects": labels,
        "why": wording.reasons(mine),
        "others": sorted({row.office for row in others}),
        "offices": list(dict.fromkeys(row.office for row in offices if row.match in own)),
        "is_handed_over": any(match.origin == MatchOrigin.HAND_OVER for match in mine),
        "answer_by": _answer_by(mine, now=now),
        "is_large_employer": any(match.need.is_outside_the_legal_clock for match in mine),
        "take_url": f"{url}?choix=prendre",
        "decline_url": f"{url}?choix=decliner",
    }


def _answer_by(matches: Sequence[Match], *, now: datetime) -> str:
    """By when the law wants an answer, as people say it; empty when no clock runs."""
    if not any(match.need.is_on_the_legal_clock for match in matches):
        return ""
    solicitation = matches[0].mailbox.solicitation
    today = solicitation.today(now)
    return spoken_date(wording.legal_deadline(solicitation), today=today)


def taken(matches: Sequence[Match], *, events: Sequence[Event], now: datetime) -> None:
    """Somebody took these needs: told to the others who still have them before them, a mail a mailbox."""
    solicitation = matches[0].mailbox.solicitation
    taker = matches[0]
    waiting = Match.objects.sent().filter(need__in=[match.need_id for match in matches])
    mailboxes = Mailbox.objects.filter(matches__in=waiting).exclude(pk=taker.mailbox_id)
    for mailbox in mailboxes.select_related("solicitation__commune").distinct().order_by("pk"):
        request_mails.to_expert(
            mailbox,
            "taken_for_others",
            key=f"taken:{solicitation.pk}:{mailbox.pk}:{request_mails.events_key(events)}",
            context={
                "person": taker.expert.name,
                "office": taker.expert.office.name,
                "taken_subjects": wording.subjects(matches),
            },
            others=events,
            not_before=now + UNDO_DELAY,
            now=now,
        )


def message(said: Message, *, now: datetime) -> None:
    """A word in the thread, to the others who follow the request: never its author."""
    mailboxes = Mailbox.objects.filter(solicitation=said.solicitation_id).following()
    for mailbox in mailboxes.exclude(pk=said.mailbox_id).select_related("solicitation__commune"):
        request_mails.to_expert(
            mailbox,
            "message",
            key=f"message:{said.solicitation_id}:{mailbox.pk}:m{said.pk}",
            context={
                "author": said.author,
                "office": said.institution,
                "body": said.body,
                "sent_from": said.sent_from,
                "held_back": said.held_back,
            },
            from_name=f"{said.author} (Relais Entreprises)",
            now=now,
        )


def added(addition: Addition, *, now: datetime) -> None:
    """Send what the company added to the experts who have not declined."""
    _to_remaining(
        addition.solicitation,
        "added",
        key=f"a{addition.pk}",
        context={"body": addition.body, "sent_from": addition.sent_from, "held_back": addition.held_back},
        now=now,
    )


def contact_corrected(solicitation: Solicitation, *, event: Event, now: datetime) -> None:
    """New phone number or hours, to the experts who have not declined."""
    context = {"phone": solicitation.phone, "callback": wording.callback(solicitation)}
    _to_remaining(solicitation, "contact_corrected", key=f"e{event.pk}", context=context, now=now)


def not_called(solicitation: Solicitation, *, event: Event, now: datetime) -> None:
    """The company says nobody called, to the experts who have not declined."""
    context = {"phone": solicitation.phone, "callback": wording.callback(solicitation)}
    _to_remaining(solicitation, "not_called", key=f"e{event.pk}", context=context, now=now)


def stopped(
    solicitation: Solicitation, *, mailboxes: Iterable[Mailbox], event: Event, why: str, now: datetime
) -> None:
    """The request stops for these mailboxes: cancelled, closed or withdrawn; ``why`` is a sentence."""
    for mailbox in mailboxes:
        key = f"stopped:{solicitation.pk}:{mailbox.pk}:e{event.pk}"
        request_mails.to_expert(mailbox, "stopped", key=key, context={"why": why}, now=now)


def undone(event: Event, *, match: Match, mailboxes: Iterable[Mailbox], now: datetime) -> None:
    """Tell these mailboxes that the answer they were told of was undone."""
    for mailbox in mailboxes:
        request_mails.to_expert(
            mailbox,
            "undone_for_experts",
            key=f"undone:{mailbox.solicitation_id}:{mailbox.pk}:e{event.pk}",
            context={
                "person": match.expert.name,
                "office": match.expert.office.name,
                "subject": match.need.subject.label,
                "was": event.to_state,
            },
            now=now,
        )


def how_to_take(said: Message, *, now: datetime) -> None:
    """To the author of an answer by mail that speaks of taking a need: words alone take nothing."""
    key = f"button:{said.solicitation_id}:{said.mailbox_id}:m{said.pk}"
    take_url = f"{links.answer_url(said.mailbox)}?choix=prendre"
    context = {"body": said.body, "take_url": take_url}
    request_mails.to_expert(said.mailbox, "where_the_button_is", key=key, context=context, now=now)


def sent_in_your_name(said: Message, *, now: datetime) -> None:
    """A copy to the mailbox of what came in its name from elsewhere: a colleague's, or let in by staff."""
    request_mails.to_expert(
        said.mailbox,
        "sent_in_your_name",
        key=f"in-your-name:{said.solicitation_id}:{said.mailbox_id}:m{said.pk}",
        context={
            "body": said.body,
            "sent_from": said.sent_from,
            "is_colleague": senders.is_colleague(said.sent_from, said.mailbox.email),
            "held_back": said.held_back,
        },
        now=now,
    )


def link_reissued(mailbox: Mailbox, *, now: datetime) -> None:
    """A fresh link for an expired one, to the same mailbox."""
    key = f"reissued:{mailbox.solicitation_id}:{mailbox.pk}:{mailbox.serial}"
    request_mails.to_expert(mailbox, "link_reissued", key=key, context={}, now=now)


def _to_remaining(
    solicitation: Solicitation, occasion: str, *, key: str, context: dict[str, Any], now: datetime
) -> None:
    mailboxes = Mailbox.objects.filter(solicitation=solicitation).not_declined()
    for mailbox in mailboxes.select_related("solicitation__commune"):
        full_key = f"{occasion}:{solicitation.pk}:{mailbox.pk}:{key}"
        request_mails.to_expert(mailbox, occasion, key=full_key, context=context, now=now)
