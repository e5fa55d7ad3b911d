"""Mails to staff."""

from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse

from experts import region_staff
from experts.models import Expert, User
from mailing import outbox
from mailing.models import OutgoingEmail
from solicitations import links, wording
from solicitations.lifecycle import AlertCause
from solicitations.models import Alert, Event, Match, Solicitation, StaffMessage
from solicitations.notifications import request_mails

# Mails to experts or managers that say the same as the alert: staff may share their mailbox.
EQUIVALENT_MAILS = {
    AlertCause.LEGAL: ("manager_told",),
    AlertCause.SILENT: ("manager_told",),
    AlertCause.NOT_CALLED: ("not_called", "not_called_manager"),
    AlertCause.ALL_DECLINED: ("notified",),
}
MENTIONS_EVERY = timedelta(hours=1)


def staff_addresses(solicitation: Solicitation, *, now: datetime) -> list[str]:
    """The addresses of those who look after the request's region, and read our mails."""
    return region_staff.addresses_of(solicitation.region_id, on=solicitation.today(now))


def alert(raised: Alert, *, now: datetime) -> None:
    """Mail staff about an alert: one mail per person, request and cause.

    Addresses that got an equivalent mail, as an expert or a manager, are left out.
    """
    _mail(raised, occasion="", since="", now=now)


def alert_again(raised: Alert, *, now: datetime) -> None:
    """Mail staff once more about an alert whose cause has not ended: one mail per person and day."""
    solicitation = raised.solicitation
    since = wording.spoken_day(solicitation, raised.raised_at, now=now)
    _mail(raised, occasion=f":{solicitation.today(now)}", since=since, now=now)


def mentioned(raised: Alert, *, now: datetime) -> None:
    """Mail staff that a message mentions: immediately, then once an hour at most, with all who did since."""
    request = raised.solicitation_id
    mails = OutgoingEmail.objects.about(f"request:{request}").filter(cancelled_at=None)
    mails = mails.filter(key__startswith=f"alert:{request}:{AlertCause.MENTIONED.value}:")
    if waiting := list(mails.filter(sent_at=None, not_before__gt=now)):
        for mail in waiting:
            mail.context["words"] = raised.details
            mail.save(update_fields=["context"])
        return
    last = mails.order_by("not_before", "pk").last()
    at = max(now, last.not_before + MENTIONS_EVERY) if last else now
    _mail(raised, occasion=f":{at:%Y%m%d%H%M%S}" if last else "", since="", not_before=at, now=now)


def _mail(
    raised: Alert, *, occasion: str, since: str, now: datetime, not_before: datetime | None = None
) -> None:
    solicitation = raised.solicitation
    cause = AlertCause(raised.cause)
    path = reverse("oversight:request", args=[solicitation.reference])
    notified = _already_notified(raised)
    for address in staff_addresses(solicitation, now=now):
        if address.lower() in notified:
            continue
        outbox.enqueue(
            key=f"alert:{solicitation.pk}:{cause.value}:{address.lower()}{occasion}",
            to=address,
            template="solicitations/emails/alert",
            context={
                **request_mails.common_context(solicitation),
                "cause": cause.label,
                "words": raised.details,
                "since": since,
                "url": links.absolute(path),
            },
            about=request_mails.about(solicitation),
            thread=f"request-{solicitation.pk}",
            not_before=not_before,
            now=now,
        )


def expert_gone(expert: Expert, solicitation: Solicitation, *, now: datetime) -> None:
    """Mail the staff of a request that an expert is gone, once, with all that was in their hands.

    The mail lists the requests of the same region that the expert had taken.
    """
    taken = Match.objects.taken().filter(expert=expert, need__solicitation__region=solicitation.region_id)
    rows = {match.mailbox.solicitation_id: match.mailbox.solicitation for match in taken.with_people()}
    day = solicitation.today(expert.left_at or now)
    for address in staff_addresses(solicitation, now=now):
        outbox.enqueue(
            key=f"expert_gone:{expert.pk}:{solicitation.region_id or ''}:{day}:{address.lower()}",
            to=address,
            template="solicitations/emails/expert_gone",
            context={
                "person": expert.name,
                "address": expert.email,
                "office": expert.office.name,
                "successor": expert.successor,
                "requests": [_taken_line(row) for row in rows.values()],
            },
            about=request_mails.about(solicitation),
            now=now,
        )


def handled_by_another(
    colleague: User, solicitation: Solicitation, *, by: User, message: str, event: Event, now: datetime
) -> None:
    """Tell a member of staff who takes their request over, and why; a reply goes to that colleague."""
    key = f"handled_by_another:{solicitation.pk}:{event.pk}"
    context = {"person": str(by), "words": message}
    about = request_mails.about(solicitation, event)
    _from_somebody(solicitation, key, context, to=colleague.email, about=about, reply_to=by.email, now=now)


def answered(answer: StaffMessage, *, now: datetime) -> None:
    """Mail an expert's answer to the author of the message; to the region's staff if it is closed."""
    solicitation, author = answer.solicitation, answer.author
    context = {"person": answer.addressee, "body": answer.body, "origin": answer.origin}
    if solicitation.is_confidential:
        context |= {"body": "", "origin": ""}
    for address in [author.email] if author.is_active else staff_addresses(solicitation, now=now):
        key = f"staff_answered:{solicitation.pk}:w{answer.pk}:{address.lower()}"
        _from_somebody(
            solicitation, key, context, to=address, about=request_mails.about(solicitation), now=now
        )


def _from_somebody(solicitation: Solicitation, key: str, context: dict[str, str], **fields: Any) -> None:
    """Mail a text of the ``person`` of the context; the key begins with the occasion."""
    path = reverse("oversight:request", args=[solicitation.reference])
    outbox.enqueue(
        key=key,
        template=f"solicitations/emails/{key.partition(':')[0]}",
        context={**request_mails.common_context(solicitation), **context, "url": links.absolute(path)},
        thread=f"request-{solicitation.pk}",
        from_name=f"{context['person'][:150]}, via Relais Entreprises",
        is_automatic=False,
        **fields,
    )


def _taken_line(solicitation: Solicitation) -> dict[str, str]:
    """One request of the list; a confidential one is not named."""
    labels = request_mails.subject_labels(solicitation)
    return {
        "reference": solicitation.reference,
        "headline": "" if solicitation.is_confidential else wording.headline(solicitation, labels),
        "url": links.absolute(reverse("oversight:request", args=[solicitation.reference])),
    }


def _already_notified(raised: Alert) -> set[str]:
    """The addresses, in lower case, already mailed about the event that raised the alert."""
    names = [f"solicitations/emails/{name}" for name in EQUIVALENT_MAILS.get(AlertCause(raised.cause), ())]
    if not names:
        return set()
    rows = OutgoingEmail.objects.about(f"request:{raised.solicitation_id}").filter(
        template__in=names, created_at__gte=raised.raised_at, cancelled_at=None, refused_at=None
    )
    return {address.lower() for address in rows.values_list("to", flat=True)}
