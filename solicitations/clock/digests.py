"""The day's digest: one mail for all that waited for it."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.crypto import salted_hmac

from experts.models import MailPreference
from mailing import outbox
from mailing.models import OutgoingEmail, id_in
from solicitations.conversation import reading_rights
from solicitations.models import Addition, InternalMessage, Mailbox, Message
from solicitations.notifications import digest_lines, request_mails

TEXTS: tuple[Any, ...] = (Message, InternalMessage, Addition)


def due_addresses(*, now: datetime) -> list[str]:
    """Addresses, in lower case, whose digest is due."""
    rows = OutgoingEmail.objects.digest_due(now=now).order_by("pk").values_list("to", flat=True)
    return list(dict.fromkeys(address.lower() for address in rows))


@transaction.atomic(durable=True)
def gather(address: str, *, now: datetime) -> None:
    """Send in one mail what waits for an address: one a day, on a working day; missed days are in it."""
    waiting = OutgoingEmail.objects.digest_due(now=now).filter(to__iexact=address)
    locked = list(waiting.select_for_update(of=("self",)).order_by("pk"))
    rows = [row for row in locked if _is_still_for(row)]
    unread = {row.pk for row in locked} - {row.pk for row in rows}
    OutgoingEmail.objects.filter(pk__in=unread).update(cancelled_at=now)
    preference = MailPreference.objects.of(address)
    if not rows:
        return
    pks = OutgoingEmail.objects.filter(pk__in=[row.pk for row in rows])
    if preference and (later := preference.postponed_digest_at(now=now)):
        pks.update(not_before=later, next_try_at=later)
        return
    day = (now.astimezone(preference.place.time_zone) if preference else now).date()
    lines = digest_lines.digest_lines(rows)
    last = rows[-1]
    is_new = outbox.enqueue(
        key=f"digest:{salted_hmac('solicitations.digest', address.lower()).hexdigest()[:20]}:{day}",
        to=last.to,
        template=request_mails.DIGEST,
        context={
            "requests": lines,
            "own_record_url": last.context.get("own_record_url", ""),
            "is_internal": any(row.context.get("is_internal") for row in rows),
        },
        about=list(dict.fromkeys(name for line in lines for name in line["about"])),
        list_id=f"recapitulatif.{settings.REPLY_DOMAIN}",
        unsubscribe_url=last.unsubscribe_url,
        now=now,
    )
    if is_new:
        pks.update(cancelled_at=now)
    elif preference:
        later = preference.next_digest_at(now=now)
        pks.update(not_before=later, next_try_at=later)


def _is_still_for(row: OutgoingEmail) -> bool:
    """Return whether the mailbox still reads the text that waited: it may have lost the need meanwhile."""
    mailbox = Mailbox.objects.filter(pk=id_in(row.about, "mailbox") or 0).first()
    for model in TEXTS:
        text = model.objects.filter(pk=id_in(row.about, model.__name__.lower()) or 0).first()
        if text is not None and mailbox is not None:
            return reading_rights.is_mailed_to(text, mailbox)
    return True
