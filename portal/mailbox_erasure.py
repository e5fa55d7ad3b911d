"""Deletion that the owner of a mailbox asks for: what goes on is cancelled, all is erased immediately."""

from datetime import datetime

from django.db import transaction

from mailing import outbox
from solicitations.actions import company_requests
from solicitations.clock import erasure
from solicitations.dispatch import closing
from solicitations.lifecycle import ACTIVE, EventKind, RequestState
from solicitations.models import Draft, Event, Mailbox, Solicitation
from solicitations.notifications import request_mails


@transaction.atomic(durable=True)
def erase_mailbox(address: str, *, now: datetime) -> int:
    """Erase every request and draft of an address; return the number of requests. Figures stay.

    The experts who had something to do are told by a mail that names nobody.
    """
    rows = Solicitation.objects.filter(email__iexact=address).not_erased().oldest_first()
    pks = list(rows.values_list("pk", flat=True))
    for pk in pks:
        _erase(Solicitation.objects.locked(pk), now=now)
    for draft in Draft.objects.filter(email__iexact=address).select_for_update().order_by("pk"):
        erasure.erase_any_draft(draft, now=now)
    return len(pks)


def _erase(solicitation: Solicitation, *, now: datetime) -> None:
    """Erase a locked request; one that a second click erased meanwhile stays as it is."""
    if solicitation.state == RequestState.ANONYMISED:
        return
    asked = Mailbox.objects.filter(solicitation=solicitation, matches__state__in=list(ACTIVE), left_at=None)
    addresses = list(dict.fromkeys(asked.order_by("pk").values_list("email", flat=True)))
    subjects = request_mails.subject_labels(solicitation)
    if not solicitation.is_over:
        solicitation.move_to(RequestState.CANCELLED, at=now)
        event = Event.objects.record(EventKind.CANCELLED, solicitation, by=solicitation, at=now)
        company_requests.withdraw_all(solicitation, event=event, why="", now=now)
        closing.refresh(solicitation, now=now)
    erasure.erase_contents(solicitation, now=now)
    Event.objects.record(EventKind.ANONYMISED, solicitation, by=solicitation, at=now)
    for address in addresses:
        outbox.enqueue(
            key=f"request_deleted:{solicitation.pk}:{address.lower()}"[:200],
            to=address,
            template="solicitations/emails/request_deleted",
            context={"reference": solicitation.reference, "subjects": subjects},
            now=now,
        )
