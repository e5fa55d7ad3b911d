"""Mails to the company."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.crypto import salted_hmac

from experts import contacts
from experts.models import Subject
from mailing import outbox, senders
from mailing.models import OutgoingEmail, refuses_mail
from mailing.transactions import wait_for_sending
from solicitations import links, reply_addresses, wording
from solicitations.lifecycle import UNDO_DELAY
from solicitations.models import Addition, AddressChange, Draft, Event, Match, Need, Question, Solicitation
from solicitations.notifications import request_mails
from territories.spoken_time import spoken_date


def received(solicitation: Solicitation, *, subjects: Sequence[Subject], now: datetime) -> OutgoingEmail:
    """Return the acknowledgement, unsaved: reference, subjects, what happens next; no text, nobody's name.

    Of a request that repeats another one of the same mailbox: the link of that one.
    """
    first = solicitation.repeated_request()
    repeated = first and {
        "reference": first.reference,
        "url": links.mailed_follow_url(first),
        "is_over": first.is_over,
    }
    return request_mails.compose_to_company(
        solicitation,
        "received",
        key=f"received:{solicitation.pk}",
        context={"repeated": repeated},
        subjects=[subject.label for subject in subjects],
        now=now,
    )


def contacted(solicitation: Solicitation, *, now: datetime) -> None:
    """Tell the company which offices were contacted, when routing was too late for the thanks page."""
    names = sorted({row.office for row in request_mails.live_matches(solicitation)})
    key = f"contacted:{solicitation.pk}"
    request_mails.to_company(solicitation, "contacted", key=key, context={"offices": names}, now=now)


def duplicate_received(first: Solicitation, *, now: datetime) -> None:
    """Tell the first request's mailbox that similar requests came, without quoting them.

    At most once a day: strangers may have sent them.
    """
    mailbox = salted_hmac("solicitations.second", first.email.lower()).hexdigest()[:20]
    key = f"second:{mailbox}:{first.today(now)}"
    request_mails.to_company(first, "second_came", key=key, context={}, now=now)


def taken(matches: Sequence[Match], *, events: Sequence[Event], now: datetime) -> None:
    """Tell the company who will call about these needs: institution, office, person. One mail per click."""
    solicitation = matches[0].mailbox.solicitation
    expert = matches[0].expert
    context = {
        "taken_subjects": wording.subjects(matches),
        "institution": expert.office.institution.name,
        "office": expert.office.name,
        "person": matches[0].person,
        "phone": expert.public_phone,
        "callback": wording.callback(solicitation),
    }
    request_mails.to_company(
        solicitation,
        "taken_for_company",
        key=f"taken:{solicitation.pk}:company:{request_mails.events_key(events)}",
        context=context,
        events=events,
        not_before=now + UNDO_DELAY,
        now=now,
    )


def unreachable(match: Match, *, events: Sequence[Event], now: datetime) -> None:
    """Tell the company that the expert could not reach it by phone, and ask it to check number and hours."""
    solicitation = match.mailbox.solicitation
    context = {
        "office": match.expert.office.name,
        "phone": match.expert.office.phone,
        "person": match.person,
        "booking_url": match.expert.booking_url,
        "their_phone": solicitation.phone,
        "callback": wording.callback(solicitation),
    }
    request_mails.to_company(
        solicitation,
        "unreachable",
        key=f"unreachable:{solicitation.pk}:{request_mails.events_key(events)}",
        context=context,
        events=events,
        not_before=now + UNDO_DELAY,
        now=now,
    )


def taken_over(need: Need, *, offices: Sequence[str], event: Event, now: datetime) -> None:
    """Tell the company that everybody declined this need, and which fallback office takes over."""
    solicitation = need.solicitation
    key = f"taken_over:{solicitation.pk}:e{event.pk}"
    context = {"concerned": [need.subject.label], "offices": list(offices)}
    request_mails.to_company(solicitation, "taken_over", key=key, context=context, events=[event], now=now)


def taker_gone(match: Match, *, follower: Match | None, event: Event, now: datetime) -> None:
    """Tell the company that the expert who took its need is gone, and who follows it, if anybody does."""
    solicitation = match.need.solicitation
    key = f"taker_gone:{solicitation.pk}:e{event.pk}"
    context = {
        "concerned": [match.need.subject.label],
        "person": match.expert.name,
        "office": match.expert.office.name,
        "follower": follower.expert.name if follower else "",
        "follower_office": follower.expert.office.name if follower else "",
        "phone": follower.expert.public_phone if follower else "",
    }
    request_mails.to_company(solicitation, "taker_gone", key=key, context=context, events=[event], now=now)


def nobody_could_help(need: Need, *, now: datetime) -> None:
    """Tell the company that nobody could help with this need, and who else may."""
    solicitation = need.solicitation
    key = f"nobody:{solicitation.pk}:n{need.pk}"
    context = {"concerned": [need.subject.label], "relays": request_mails.relays([need.subject_id])}
    request_mails.to_company(solicitation, "nobody_could_help", key=key, context=context, now=now)


def question(asked: Question, *, now: datetime) -> None:
    """Mail an expert's message, with a link to answer: its author and those who took a need read it."""
    context = {
        "office": asked.institution,
        "person": asked.author,
        "question": asked.body,
        "question_pk": asked.pk,
        "held_back": asked.held_back,
        "files": request_mails.files_line(asked),
    }
    key = f"question:{asked.solicitation_id}:{asked.pk}"
    request_mails.to_company(
        asked.solicitation, "question", key=key, context=context, question=asked, now=now
    )


def closed_by_staff(solicitation: Solicitation, *, message: str, now: datetime) -> None:
    """Staff closed the request, with a message."""
    key = f"closed:{solicitation.pk}:{now:%Y%m%d%H%M%S}"
    request_mails.to_company(solicitation, "closed_by_staff", key=key, context={"words": message}, now=now)


def undone(event: Event, *, match: Match, now: datetime) -> None:
    """Tell the company that an expert has undone the answer it was told of."""
    solicitation = match.mailbox.solicitation
    key = f"undone:{solicitation.pk}:company:e{event.pk}"
    context = {
        "office": match.expert.office.name,
        "subject": match.need.subject.label,
        "was": event.to_state,
    }
    request_mails.to_company(solicitation, "undone_for_company", key=key, context=context, now=now)


def address_to_confirm(change: AddressChange, *, now: datetime) -> None:
    """Ask a new mailbox to confirm that it is the company's: nothing of the request but its reference."""
    outbox.enqueue(
        key=f"address:{change.solicitation_id}:{change.serial}:{now:%Y%m%d%H%M%S}",
        to=change.email,
        template="solicitations/emails/address_to_confirm",
        context={"reference": change.solicitation.reference, "confirm_url": links.address_url(change)},
        about=request_mails.about(change.solicitation),
        now=now,
    )


def address_confirmed(solicitations: Sequence[Solicitation], *, now: datetime) -> None:
    """The links of the requests whose address was corrected, to the new one."""
    first = solicitations[0]
    outbox.enqueue(
        key=f"address_confirmed:{first.pk}:{first.link_serial}",
        to=first.email,
        template="solicitations/emails/address_confirmed",
        context={"requests": _request_links(solicitations, now=now)},
        about=[f"request:{row.pk}" for row in solicitations],
        now=now,
    )


def address_left(solicitation: Solicitation, *, old: str, now: datetime) -> None:
    """Tell the old address that it gets no more mail; neither the new one, nor the company, nor any link.

    One that refuses our mails is not written to.
    """
    if refuses_mail(old):
        return
    contact = contacts.region_contact(solicitation.region, on=solicitation.today(now))
    outbox.enqueue(
        key=f"address_left:{solicitation.pk}:{solicitation.link_serial}",
        to=old,
        template="solicitations/emails/address_left",
        context={
            "reference": solicitation.reference,
            "region_name": contact.name,
            "region_phone": contact.phone,
        },
        about=request_mails.about(solicitation),
        now=now,
    )


def readdress_unsent(solicitation: Solicitation, *, old: str, now: datetime) -> None:
    """Send to the corrected address, with links that work, the unsent mails to the old one."""
    wait_for_sending()
    rows = OutgoingEmail.objects.about(f"request:{solicitation.pk}").pending().filter(to__iexact=old)
    for row in rows.select_for_update().order_by("pk"):
        if "requests" in row.context:
            row.cancelled_at = now  # lost links: the new address gets its own
        readdress(row, solicitation)
        row.save(update_fields=["to", "reply_to", "context", "cancelled_at"])


def readdress(email: OutgoingEmail, solicitation: Solicitation) -> None:
    """Set the address of a mail to the company, and links that work. Saves nothing."""
    made = {
        "url": links.mailed_follow_url(solicitation),
        "survey_url": links.survey_url(solicitation),
        "check_url": links.call_check_url(solicitation),
    }
    question = solicitation.questions.filter(pk=email.context.get("question_pk")).first()
    email.to, email.reply_to = solicitation.email, reply_addresses.make(solicitation, question=question)
    email.context |= {name: url for name, url in made.items() if name in email.context}


def lost_links(solicitations: Sequence[Solicitation], *, now: datetime) -> None:
    """All the links of one mailbox, in one mail; at most one a minute."""
    email = solicitations[0].email.lower()
    outbox.enqueue(
        key=f"lost_links:{solicitations[0].pk}:{now:%Y%m%d%H%M}",
        to=email,
        template="solicitations/emails/lost_links",
        context={"requests": _request_links(solicitations, now=now)},
        about=[f"request:{row.pk}" for row in solicitations],
        now=now,
    )


def _request_links(solicitations: Sequence[Solicitation], *, now: datetime) -> list[dict[str, Any]]:
    """A line per request with its link; a confidential one is not named."""
    return [
        {
            "url": links.mailed_follow_url(row),
            "reference": row.reference,
            "subjects": [] if row.is_confidential else request_mails.subject_labels(row),
            "sent_on": wording.spoken_day(row, row.submitted_at, now=now),
        }
        for row in solicitations
    ]


def resume(draft: Draft, *, now: datetime) -> None:
    """The link that resumes a draft."""
    outbox.enqueue(
        key=f"resume:{draft.pk}:{draft.serial}:{now:%Y%m%d%H%M}",
        to=draft.email,
        template="solicitations/emails/resume",
        context={"url": links.resume_url(draft)},
        about=[f"draft:{draft.pk}"],
        now=now,
    )


def resume_reminder(draft: Draft, *, now: datetime) -> None:
    """The link that resumes a draft, sent once more before it is erased."""
    erased_on = (draft.updated_at + settings.DRAFT_LIFE).astimezone()
    outbox.enqueue(
        key=f"resume_reminder:{draft.pk}",
        to=draft.email,
        template="solicitations/emails/resume_reminder",
        context={
            "url": links.resume_url(draft),
            "erased_on": spoken_date(erased_on.date(), today=now.astimezone().date()),
        },
        about=[f"draft:{draft.pk}"],
        now=now,
    )


def sent_in_your_name(addition: Addition, *, now: datetime) -> None:
    """A copy to the owner of a text added from another address: a colleague's, or one that staff accepted."""
    request_mails.to_company(
        addition.solicitation,
        "sent_in_your_name",
        key=f"in-your-name:{addition.solicitation_id}:a{addition.pk}",
        context={
            "body": addition.body,
            "sent_from": addition.sent_from,
            "is_colleague": senders.is_colleague(addition.sent_from, addition.solicitation.email),
            "held_back": addition.held_back,
        },
        now=now,
    )
