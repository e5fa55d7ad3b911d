"""Mailboxes of a person whose address changes: what is open follows to the new one, old links die."""

from collections.abc import Collection
from datetime import datetime

from mailing.models import OutgoingEmail
from mailing.transactions import transaction_required
from solicitations.lifecycle import EventKind
from solicitations.models import Event, InternalMessage, Mailbox, Match, Message, PlannedCall, Question
from solicitations.notifications import request_mails


def requests_to_follow(posts: Collection[int], former: str) -> list[int]:
    """Primary keys of the requests not erased in which these experts are asked at this address."""
    mailboxes = Mailbox.objects.at(former).filter(matches__expert__in=posts)
    return sorted(set(mailboxes.values_list("solicitation_id", flat=True)))


@transaction_required
def readdress(
    requests: Collection[int], posts: Collection[int], *, former: str, email: str, now: datetime
) -> list[Mailbox]:
    """Move the mailboxes of these requests to another address; return those that are still open.

    The caller has locked the requests. Links sent to the former address stop working. Where the new address
    has a mailbox already, it takes over the matches, the texts and the planned call.
    """
    rows = Mailbox.objects.at(former).filter(matches__expert__in=posts, solicitation__in=requests).distinct()
    return [
        mailbox
        for row in rows.select_related("solicitation__commune").order_by("pk")
        if not (mailbox := _move(row, email=email, now=now)).link_is_expired(now=now)
    ]


def _move(mailbox: Mailbox, *, email: str, now: datetime) -> Mailbox:
    request_mails.remove_from_reminders(f"mailbox:{mailbox.pk}")
    OutgoingEmail.objects.cancel_about(f"mailbox:{mailbox.pk}", now=now)
    solicitation = mailbox.solicitation
    other = Mailbox.objects.at(email).filter(solicitation=solicitation).exclude(pk=mailbox.pk).first()
    Event.objects.record(EventKind.LINK_REISSUED, solicitation, by=other or mailbox, at=now)
    if other is None:
        mailbox.email = email
        mailbox.serial += 1
        mailbox.save(update_fields=["email", "serial"])
        return mailbox
    Match.objects.filter(mailbox=mailbox).update(mailbox=other)
    for texts in (Message, InternalMessage, Question):
        texts.objects.filter(mailbox=mailbox).update(mailbox=other)
    if not PlannedCall.objects.filter(mailbox=other).exists():
        PlannedCall.objects.filter(mailbox=mailbox).update(mailbox=other)
    mailbox.revoked_at = now
    mailbox.save(update_fields=["revoked_at"])
    other.solicitation = solicitation
    return other
