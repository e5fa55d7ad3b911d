"""Mails to the experts of a request: one per mailbox and occasion."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.urls import reverse

from experts.models import User
from mailing import outbox, senders
from solicitations import links, wording
from solicitations.lifecycle import UNDO_DELAY, MatchOrigin
from solicitations.models import Addition, Event, Mailbox, Match, Message, Solicitation, StaffMessage
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
    """Mail each mailbox its new matches of one request: a new request, or new needs of it.

    ``introducer`` and ``word``: the expert who handed it over or asked for help, and their message.
    ``subjects``: the labels of all its needs, when they are known.
    """
    solicitation = matches[0].need.solicitation
    live = request_mails.live_matches(solicitation)
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
                context=shared | _own_context(mine, live=live, now=now),
                others=[*mine, *([event] if event else [])],
                not_before=not_before,
                now=now,
            )
            for mine in by_mailbox.values()
        ]
    )


def _own_context(
    mine: Sequence[Match], *, live: Sequence[request_mails.LiveMatch], now: datetime
) -> dict[str, Any]:
    """The context of a first mail that depends on its mailbox: subjects, reasons, offices, links."""
    labels = wording.subjects(mine)
    own, others = {match.pk for match in mine}, [row for row in live if row.mailbox != mine[0].mailbox_id]
    url = links.answer_url(mine[0].mailbox)
    return {
        "headline": wording.headline(mine[0].mailbox.solicitation, labels),
        "new_subjects": labels,
        "why": wording.reasons(mine),
        "others": sorted({row.office for row in others}),
        "offices": list(dict.fromkeys(row.office for row in live if row.match in own)),
        "is_handed_over": any(match.origin == MatchOrigin.HAND_OVER for match in mine),
        "answer_by": _answer_by(mine, now=now),
        "is_large_employer": any(match.need.is_outside_the_legal_clock for match in mine),
        "take_url": f"{url}?choix=prendre",
        "decline_url": f"{url}?choix=decliner",
    }


def _answer_by(matches: Sequence[Match], *, now: datetime) -> str:
    """The legal deadline in words; empty when there is none."""
    if not any(match.is_on_the_legal_clock for match in matches):
        return ""
    solicitation = matches[0].mailbox.solicitation
    today = solicitation.today(now)
    return spoken_date(wording.legal_deadline(solicitation), today=today)


def taken(matches: Sequence[Match], *, events: Sequence[Event], now: datetime) -> None:
    """Tell the other experts who were sent these needs that somebody took them: one mail per mailbox."""
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
                "person": taker.person,
                "office": taker.expert.office.name,
                "taken_subjects": wording.subjects(matches),
            },
            others=events,
            not_before=now + UNDO_DELAY,
            now=now,
        )


def message(posted: Message, *, now: datetime) -> None:
    """Mail a message of the thread to the other experts who follow the request, never to its author."""
    mailboxes = Mailbox.objects.filter(solicitation=posted.solicitation_id).following()
    for mailbox in mailboxes.exclude(pk=posted.mailbox_id).select_related("solicitation__commune"):
        request_mails.to_expert(
            mailbox,
            "message",
            key=f"message:{posted.solicitation_id}:{mailbox.pk}:m{posted.pk}",
            context={
                "author": posted.author,
                "office": posted.institution,
                "body": posted.body,
                "sent_from": posted.sent_from,
                "held_back": posted.held_back,
            },
            from_name=f"{posted.author}, via Relais Entreprises",
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
    """Tell the experts who have not declined the phone number, the address and the hours, as corrected."""
    context = {
        "phone": solicitation.phone,
        "email": solicitation.email,
        "callback": wording.callback(solicitation),
    }
    _to_remaining(solicitation, "contact_corrected", key=f"e{event.pk}", context=context, now=now)


def not_called(solicitation: Solicitation, *, event: Event, now: datetime) -> None:
    """Tell the experts who have not declined that the company was not called."""
    context = {"phone": solicitation.phone, "callback": wording.callback(solicitation)}
    _to_remaining(solicitation, "not_called", key=f"e{event.pk}", context=context, now=now)


def stopped(
    solicitation: Solicitation, *, mailboxes: Iterable[Mailbox], event: Event, why: str, now: datetime
) -> None:
    """Tell these mailboxes that they have nothing more to do on the request; ``why`` is a sentence."""
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


def how_to_take(posted: Message, *, now: datetime) -> None:
    """Show the button to an expert who wrote by mail that they take a need: the mail alone does not."""
    key = f"button:{posted.solicitation_id}:{posted.mailbox_id}:m{posted.pk}"
    take_url = f"{links.answer_url(posted.mailbox)}?choix=prendre"
    context = {"body": posted.body, "take_url": take_url}
    request_mails.to_expert(posted.mailbox, "where_the_button_is", key=key, context=context, now=now)


def sent_in_your_name(posted: Message, *, now: datetime) -> None:
    """A copy to the mailbox of a message from another address: a colleague's, or one staff accepted."""
    request_mails.to_expert(
        posted.mailbox,
        "sent_in_your_name",
        key=f"in-your-name:{posted.solicitation_id}:{posted.mailbox_id}:m{posted.pk}",
        context={
            "body": posted.body,
            "sent_from": posted.sent_from,
            "is_colleague": senders.is_colleague(posted.sent_from, posted.mailbox.email),
            "held_back": posted.held_back,
        },
        now=now,
    )


def record_changed(mailbox: Mailbox, *, phone: str, change: str, now: datetime) -> None:
    """Tell a mailbox that its record was changed from its page, with a way back for a day.

    ``phone``: the new number; empty for a departure. It leaves though the mailbox's experts are gone.
    """
    solicitation = mailbox.solicitation
    url = links.absolute(reverse("workspace:undo_record_change", args=[change]))
    email = request_mails.compose_to_expert(
        mailbox,
        "record_changed",
        key=f"record_changed:{solicitation.pk}:{mailbox.pk}:{now:%Y%m%d%H%M%S%f}",
        context={**request_mails.common_context(solicitation), "phone": phone, "undo_url": url},
        now=now,
    )
    outbox.enqueue_all([email])


def reminded_by_staff(
    mailbox: Mailbox, matches: Sequence[Match], *, by: User, day: date, now: datetime
) -> None:
    """Remind an expert who has not answered, because a member of staff asked for it that day."""
    solicitation = mailbox.solicitation
    since = min(match.sent_at for match in matches)
    context = {
        "person": str(by),
        "concerned": wording.subjects(matches),
        "since": wording.spoken_day(solicitation, since, now=now),
        "answer_by": _answer_by(matches, now=now),
    }
    key = f"staff_reminder:{solicitation.pk}:{mailbox.pk}:{day}"
    request_mails.to_expert(mailbox, "staff_reminder", key=key, context=context, now=now)


def written_by_staff(written: StaffMessage, *, now: datetime) -> None:
    """A word of a member of staff to one expert; a reply goes to that person, not into the thread."""
    request_mails.to_expert(
        written.mailbox,
        "staff_word",
        key=f"staff_word:{written.solicitation_id}:{written.mailbox_id}:w{written.pk}",
        context={"person": str(written.author), "person_email": written.author.email, "body": written.body},
        reply_to=written.author.email,
        from_name=f"{str(written.author)[:150]}, via Relais Entreprises",
        now=now,
    )


def link_reissued(mailbox: Mailbox, *, now: datetime) -> None:
    """A new link in place of an expired one, to the same mailbox."""
    key = f"reissued:{mailbox.solicitation_id}:{mailbox.pk}:{mailbox.serial}"
    request_mails.to_expert(mailbox, "link_reissued", key=key, context={}, now=now)


def _to_remaining(
    solicitation: Solicitation, occasion: str, *, key: str, context: dict[str, Any], now: datetime
) -> None:
    mailboxes = Mailbox.objects.filter(solicitation=solicitation).not_declined()
    for mailbox in mailboxes.select_related("solicitation__commune"):
        full_key = f"{occasion}:{solicitation.pk}:{mailbox.pk}:{key}"
        request_mails.to_expert(mailbox, occasion, key=full_key, context=context, now=now)
