"""Mails of the clock: to silent experts, to their offices' managers, to the company."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from django.conf import settings

from experts import contacts
from experts.accounts import seats
from mailing import outbox
from mailing.models import OutgoingEmail
from solicitations import links, reply_addresses, wording
from solicitations.lifecycle import MatchState, NeedState, Voice
from solicitations.models import Event, Mailbox, Match, Need, Solicitation
from solicitations.notifications import request_mails
from territories.spoken_time import spoken_date


class ManagerCause(StrEnum):
    """The reason why a manager is mailed."""

    WAITING = "waiting"  # no answer to a need that was sent
    SILENT = "silent"  # taken, and nothing written since
    LEGAL = "legal"  # the legal deadline of a labour-law question comes near


def reminders(listed: Sequence[Match], *, first: Mailbox, day: date, now: datetime) -> bool:
    """Enqueue one mail a day to one person: each request that waits for them, with its link.

    ``False`` when there is nothing to list, or that day's mail exists already.

    ``first`` is the oldest of the person's mailboxes: with the day, it makes the mail unique.
    """
    by_mailbox: dict[int, list[Match]] = {}
    for match in listed:
        by_mailbox.setdefault(match.mailbox_id, []).append(match)
    groups = list(by_mailbox.values())
    if not groups:
        return False
    lines = [_waiting_line(matches, now=now) for matches in groups]
    alone = groups[0][0] if len(groups) == 1 else None
    readers = {"answer_readers": request_mails.READERS[Voice.EXPERTS]} if alone else {}
    return outbox.enqueue(
        key=reminders_key(first, day),
        to=groups[0][0].mailbox.email,
        template=request_mails.REMINDERS,
        context={"requests": lines, **readers},
        about=[name for line in lines for name in line["about"]],
        thread=f"request-{alone.need.solicitation_id}" if alone else "",
        reply_to=reply_addresses.make(alone.mailbox) if alone else "",
        list_id=f"relances.{settings.REPLY_DOMAIN}",
        unsubscribe_url=links.unsubscribe_url(groups[0][0].mailbox),
        now=now,
    )


def reminders_key(first: Mailbox, day: date) -> str:
    return f"reminders:{first.pk}:{day}"


def is_reminded(first: Mailbox, day: date) -> bool:
    """Return ``True`` when that day's mail exists already."""
    return OutgoingEmail.objects.filter(key=reminders_key(first, day)).exists()


def last_reminders(mailboxes: Iterable[Mailbox]) -> dict[Mailbox, datetime]:
    """The moment of the last daily reminder that lists the request of each of these mailboxes, if any."""
    names = {f"mailbox:{mailbox.pk}": mailbox for mailbox in mailboxes}
    rows = OutgoingEmail.objects.filter(
        about__overlap=list(names), template=request_mails.REMINDERS, cancelled_at=None, refused_at=None
    )
    return {
        names[name]: created_at
        for about, created_at in rows.order_by("created_at", "pk").values_list("about", "created_at")
        for name in about
        if name in names
    }


def _waiting_line(matches: Sequence[Match], *, now: datetime) -> dict[str, Any]:
    """One request of the list; a confidential one is not named."""
    solicitation = matches[0].need.solicitation
    is_taken = all(match.state == MatchState.TAKEN for match in matches)
    since = min((match.taken_at if is_taken else match.sent_at) or match.sent_at for match in matches)
    labels = wording.subjects(matches)
    return {
        "about": request_mails.about(solicitation, matches[0].mailbox),
        "reference": solicitation.reference,
        "headline": "" if solicitation.is_confidential else wording.headline(solicitation, labels),
        "is_taken": is_taken,
        "since": wording.spoken_day(solicitation, since, now=now),
        "url": links.answer_url(matches[0].mailbox),
    }


def cancel_obsolete(solicitation: Solicitation, *, now: datetime) -> None:
    """After an answer, cancel the unsent mails of the clock that are no longer true."""
    name = f"request:{solicitation.pk}"
    pending = OutgoingEmail.objects.about(name).pending()
    if solicitation.progress != NeedState.WAITING:
        for row in (
            pending.filter(template__endswith="/where_things_stand").select_for_update().order_by("pk")
        ):
            if unreached := row.context.get("unreached"):
                row.context |= {"concerned": unreached, "offices": []}
            else:
                row.cancelled_at = now
            row.save(update_fields=["context", "cancelled_at"])
    for row in pending.filter(template=request_mails.REMINDERS).select_for_update().order_by("pk"):
        for line in row.context["requests"]:
            if name in line["about"] and not _still_waits(line):
                request_mails.remove_from_reminders(line["about"][1])
                OutgoingEmail.objects.filter(pk=row.pk).about(line["about"][1]).update(cancelled_at=now)


def _still_waits(line: dict[str, Any]) -> bool:
    """Return ``True`` when the mailbox of this line still has the need that the reminder lists."""
    state = MatchState.TAKEN if line["is_taken"] else MatchState.SENT
    mailbox = int(line["about"][1].removeprefix("mailbox:"))
    return Match.objects.filter(mailbox=mailbox, state=state).exists()


def where_things_stand(
    solicitation: Solicitation, needs: Sequence[Need], *, events: Sequence[Event], now: datetime
) -> None:
    """Tell the company that nobody took these needs yet: the offices asked, the needs that reach nobody."""
    matches = Match.objects.live().filter(need__in=[need.pk for need in needs])
    names = matches.order_by("expert__office__name").values_list("expert__office__name", flat=True)
    request_mails.to_company(
        solicitation,
        "where_things_stand",
        key=f"where_things_stand:{solicitation.pk}:{request_mails.events_key(events)}",
        context={
            "concerned": [need.subject.label for need in needs],
            "offices": list(names.distinct()),
            "unreached": [need.subject.label for need in needs if need.state == NeedState.UNCOVERED],
            "sent_on": wording.spoken_day(solicitation, solicitation.submitted_at, now=now),
        },
        events=events,
        now=now,
    )


def call_check(
    solicitation: Solicitation, matches: Sequence[Match], *, events: Sequence[Event], now: datetime
) -> None:
    """Ask « Vous a-t-on rappelé ? » when an expert took a need and has written nothing since."""
    request_mails.to_company(
        solicitation,
        "call_check",
        key=f"call_check:{solicitation.pk}:{request_mails.events_key(events)}",
        context={
            "concerned": wording.subjects(matches),
            "offices": list(dict.fromkeys(match.expert.office.name for match in matches)),
            "check_url": links.call_check_url(solicitation),
        },
        events=events,
        now=now,
    )


def unanswered(
    solicitation: Solicitation, needs: Sequence[Need], *, events: Sequence[Event], now: datetime
) -> None:
    """Tell the company that these needs stay unanswered, with the region's number and who else may help."""
    asked = Match.objects.live().filter(need__in=[need.pk for need in needs])
    reached = set(asked.values_list("need", flat=True))
    names = asked.exclude(taken_at=None).order_by("expert__office__name")
    request_mails.to_company(
        solicitation,
        "unanswered",
        key=f"unanswered:{solicitation.pk}:{request_mails.events_key(events)}",
        context={
            "concerned": [need.subject.label for need in needs],
            "is_unreached": not reached,
            "unreached": [need.subject.label for need in needs if need.pk not in reached],
            "takers": list(names.values_list("expert__office__name", flat=True).distinct()),
            "relays": request_mails.relays(need.subject_id for need in needs),
        },
        events=events,
        now=now,
    )


def survey(solicitation: Solicitation, *, now: datetime) -> None:
    """Send the survey of three questions, once per request."""
    context = {
        "survey_url": links.survey_url(solicitation),
        "sent_on": wording.spoken_day(solicitation, solicitation.submitted_at, now=now),
    }
    request_mails.to_company(
        solicitation, "survey", key=f"survey:{solicitation.pk}", context=context, now=now
    )


def follow_up_point(solicitation: Solicitation, *, now: datetime) -> None:
    """Ask a company in difficulty, months later, how it is doing."""
    key = f"follow_up_point:{solicitation.pk}"
    context = {"sent_on": wording.spoken_day(solicitation, solicitation.submitted_at, now=now)}
    request_mails.to_company(solicitation, "follow_up_point", key=key, context=context, now=now)


def to_managers(
    solicitation: Solicitation,
    matches: Sequence[Match],
    cause: ManagerCause,
    *,
    events: Sequence[Event],
    now: datetime,
) -> None:
    """Mail each open office of these matches: its own mailbox, and each manager with a seat there.

    A mailbox that is itself the silent one gets its own link; a manager's link asks to sign in.
    """
    by_address: dict[str, list[Match]] = {}
    for match in matches:
        if match.expert.office.is_open_on(solicitation.today(now)):
            by_address.setdefault(match.expert.office.email.lower(), []).append(match)
    for address, of_office in by_address.items():
        office = of_office[0].expert.office
        own = Mailbox.objects.of(solicitation, office.email).filter(revoked_at=None).first()
        key = f"manager:{cause}:{solicitation.pk}:{office.pk}:{request_mails.events_key(events)}"
        shared: dict[str, Any] = {
            **request_mails.common_context(solicitation),
            **_manager_context(solicitation, of_office, cause, now=now),
        }
        fields: dict[str, Any] = {
            "template": "solicitations/emails/manager_told",
            "about": request_mails.about(solicitation, *events),
            "thread": f"request-{solicitation.pk}",
            "now": now,
        }
        link = {"url": links.answer_url(own) if own else "", "is_manager": False}
        is_own = all(match.mailbox == own for match in of_office)
        outbox.enqueue(key=key, to=office.email, context=shared | link | {"is_own": is_own}, **fields)
        by_account = {"url": links.account_url(of_office[0].mailbox), "is_manager": True, "is_own": False}
        for manager in seats.managers_of({match.expert.office_id for match in of_office}, now=now):
            if manager.email.lower() != address:
                to = manager.email
                outbox.enqueue(key=f"{key}:u{manager.pk}", to=to, context=shared | by_account, **fields)


def _manager_context(
    solicitation: Solicitation, matches: Sequence[Match], cause: ManagerCause, *, now: datetime
) -> dict[str, Any]:
    deadline = wording.legal_deadline(solicitation.submitted_at, solicitation.commune)
    contact = contacts.region_contact(solicitation.region, on=solicitation.today(now))
    return {
        "region_name": contact.name,
        "region_phone": contact.phone,
        "cause": cause,
        "headline": wording.headline(solicitation, wording.subjects(matches)),
        "office": matches[0].expert.office.name,
        "concerned": [
            {
                "person": match.person,
                "subject": match.need.subject.label,
                "since": wording.spoken_day(solicitation, match.taken_at or match.sent_at, now=now),
                "is_taken": match.taken_at is not None,
            }
            for match in matches
        ],
        "answer_by": spoken_date(deadline, today=solicitation.today(now)),
    }
