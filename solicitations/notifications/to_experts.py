"""Mails to the experts of a request: one per mailbox and occasion."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.urls import reverse
from django.utils.crypto import salted_hmac

from experts.models import User
from mailing import outbox
from mailing.models import OutgoingEmail
from solicitations import links, wording
from solicitations.lifecycle import UNDO_DELAY, ContactWish, MatchOrigin, Voice
from solicitations.models import Event, Mailbox, Match, Solicitation, StaffMessage, Survey
from solicitations.notifications import request_mails
from solicitations.notifications.request_mails import LiveMatch
from territories.spoken_time import spoken_date, spoken_moment

# In SQL, as the routing's queries: it is read for each request that is sent. What the company answered to one
# expert is not for the others.
COMPANY_SINCE = """
    SELECT
        EXISTS (SELECT FROM mailing_refusedaddress WHERE address = %(email)s),
        ARRAY(
            SELECT body FROM solicitations_addition
            WHERE solicitation_id = %(request)s AND question_id IS NULL AND withdrawn_at IS NULL
            ORDER BY at, id
        )
"""


def _request_context(solicitation: Solicitation, *, now: datetime) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(COMPANY_SINCE, {"email": solicitation.email.lower(), "request": solicitation.pk})
        is_email_refused, additions = cursor.fetchone()
    return {
        "description": solicitation.description,
        "company": wording.company_lines(solicitation, today=solicitation.today(now)),
        "phone": solicitation.phone,
        "email": solicitation.email,
        "is_email_refused": is_email_refused,
        "callback": wording.callback(solicitation),
        "wish": wording.contact_wish(solicitation),
        "sent_at": spoken_moment(solicitation.submitted_at, time_zone=solicitation.time_zone, now=now),
        "additions": additions,
    }


def notified(  # noqa: PLR0913 (what a first mail may say)
    matches: Sequence[Match],
    *,
    now: datetime,
    event: Event | None = None,
    introducer: str = "",
    comment: str = "",
    not_before: datetime | None = None,
    subjects: list[str] | None = None,
    live: Sequence[LiveMatch] | None = None,
) -> list[OutgoingEmail]:
    """Return the unsaved mails that tell each mailbox its new matches of one request.

    ``introducer`` and ``comment``: the expert who handed it over or asked for help, and their message.
    ``subjects``: the labels of all its needs, and ``live`` its live matches, when they are known.
    """
    solicitation = matches[0].need.solicitation
    if live is None:
        live = request_mails.live_matches(solicitation)
    shared = {
        **request_mails.common_context(solicitation, subjects=subjects),
        **_request_context(solicitation, now=now),
        "introducer": introducer,
        "word": comment,
    }
    by_mailbox: dict[int, list[Match]] = {}
    for match in matches:
        match.need.solicitation = match.mailbox.solicitation = solicitation
        by_mailbox.setdefault(match.mailbox_id, []).append(match)
    return [
        request_mails.compose_to_expert(
            of_mailbox[0].mailbox,
            "notified",
            key=f"notified:{solicitation.pk}:{of_mailbox[0].mailbox_id}:r{of_mailbox[0].mailbox.round}",
            context=shared | _own_context(of_mailbox, live=live, now=now),
            others=[*of_mailbox, *([event] if event else [])],
            not_before=not_before,
            now=now,
        )
        for of_mailbox in by_mailbox.values()
    ]


def _own_context(of_mailbox: Sequence[Match], *, live: Sequence[LiveMatch], now: datetime) -> dict[str, Any]:
    """The context of a first mail that depends on its mailbox: subjects, reasons, offices, links."""
    labels = wording.subjects(of_mailbox)
    own = {match.pk for match in of_mailbox}
    others = [row for row in live if row.mailbox != of_mailbox[0].mailbox_id]
    url = links.answer_url(of_mailbox[0].mailbox)
    return {
        "url": url,
        "headline": wording.headline(of_mailbox[0].mailbox.solicitation, labels),
        "new_subjects": labels,
        "why": wording.reasons(of_mailbox),
        "others": sorted({row.office for row in others}),
        "offices": list(dict.fromkeys(row.office for row in live if row.match in own)),
        "is_handed_over": any(match.origin == MatchOrigin.HAND_OVER for match in of_mailbox),
        "answer_by": _answer_by(of_mailbox, now=now),
        "is_large_employer": any(match.need.is_outside_the_legal_clock for match in of_mailbox),
        "take_url": f"{url}?choix=prendre",
        "decline_url": f"{url}?choix=decliner",
    }


def _answer_by(matches: Sequence[Match], *, now: datetime) -> str:
    """The legal deadline in words; empty when there is none."""
    if not any(match.is_on_the_legal_clock for match in matches):
        return ""
    solicitation = matches[0].mailbox.solicitation
    today = solicitation.today(now)
    return spoken_date(wording.legal_deadline(solicitation.submitted_at, solicitation.commune), today=today)


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


def contact_corrected(solicitation: Solicitation, *, event: Event, now: datetime) -> None:
    """Tell the experts who have not declined the phone number, the address, the hours and the wished way."""
    context = {
        "phone": solicitation.phone,
        "way": ContactWish(solicitation.contact_wish).label.lower(),
        "email": solicitation.email,
        "callback": wording.callback(solicitation),
    }
    _to_remaining(solicitation, "contact_corrected", key=f"e{event.pk}", context=context, now=now)


def call_instead(solicitation: Solicitation, *, now: datetime) -> None:
    """Tell the experts who have not declined, once, that the company's address refuses mails: to call it."""
    context = {"phone": solicitation.phone, "callback": wording.callback(solicitation)}
    digest = salted_hmac("solicitations.refused", solicitation.email.lower()).hexdigest()[:20]
    _to_remaining(solicitation, "call_instead", key=digest, context=context, now=now)


def survey_answered(survey: Survey, *, now: datetime) -> None:
    """Send the company's answers, without its comment, to the experts who took a need: once a day at most."""
    solicitation = survey.solicitation
    taken = Match.objects.live().exclude(taken_at=None).filter(need__solicitation=solicitation)
    mailboxes = Mailbox.objects.filter(matches__in=taken).distinct().order_by("pk")
    context = {"answers": list(survey.answers().items()), "is_negative": survey.is_negative, "office": ""}
    for mailbox in mailboxes.select_related("solicitation__commune"):
        request_mails.to_expert(
            mailbox,
            "survey_answered",
            key=f"survey_answered:{solicitation.pk}:{mailbox.pk}:{solicitation.today(now)}",
            context=context,
            now=now,
        )


def not_called(solicitation: Solicitation, *, event: Event, now: datetime) -> None:
    """Tell the experts who have not declined that the company was not called."""
    context = {"phone": solicitation.phone, "callback": wording.callback(solicitation)}
    _to_remaining(solicitation, "not_called", key=f"e{event.pk}", context=context, now=now)


def stopped(
    solicitation: Solicitation,
    *,
    mailboxes: Iterable[Mailbox],
    event: Event,
    why: str,
    now: datetime,
    not_before: datetime | None = None,
) -> None:
    """Tell these mailboxes that they have nothing more to do on the request; ``why`` is a sentence."""
    replying = request_mails.mailboxes_that_may_reply(solicitation)
    for mailbox in mailboxes:
        key = f"stopped:{solicitation.pk}:{mailbox.pk}:e{event.pk}"
        context = {"why": why, **({} if mailbox.pk in replying else request_mails.NO_READERS)}
        request_mails.to_expert(
            mailbox, "stopped", key=key, context=context, others=[event], not_before=not_before, now=now
        )


def reassigned(matches: Sequence[Match], *, by: User, comment: str, event: Event, now: datetime) -> None:
    """Tell a colleague that needs which were taken already are now in their hands: one mail."""
    solicitation = matches[0].mailbox.solicitation
    request_mails.to_expert(
        matches[0].mailbox,
        "reassigned",
        key=f"reassigned:{solicitation.pk}:{matches[0].mailbox_id}:e{event.pk}",
        context={
            **_request_context(solicitation, now=now),
            "person": str(by),
            "word": comment,
            "concerned": wording.subjects(matches),
            "answer_by": _answer_by(matches, now=now),
        },
        others=[event],
        not_before=now + UNDO_DELAY,
        now=now,
    )


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


def record_changed(mailbox: Mailbox, *, phone: str, change: str, now: datetime) -> None:
    """Tell a mailbox that its record was changed from its page, with a way back for a day.

    ``phone``: the new number; empty for a departure. It is sent though the mailbox's experts are gone.
    """
    solicitation = mailbox.solicitation
    url = links.absolute(reverse("workspace:undo_record_change", args=[change]))
    may_reply = mailbox.pk in request_mails.mailboxes_that_may_reply(solicitation)
    email = request_mails.compose_to_expert(
        mailbox,
        "record_changed",
        key=f"record_changed:{solicitation.pk}:{mailbox.pk}:{now:%Y%m%d%H%M%S%f}",
        context={
            **request_mails.common_context(solicitation),
            "phone": phone,
            "undo_url": url,
            **({} if may_reply else request_mails.NO_READERS),
        },
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
    """Mail a message of staff to one expert, whose reply goes back to staff alone."""
    request_mails.to_expert(
        written.mailbox,
        "staff_word",
        key=f"staff_word:{written.solicitation_id}:{written.mailbox_id}:w{written.pk}",
        context={"person": str(written.author), "body": written.body},
        voice=Voice.STAFF,
        staff_message=written,
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
