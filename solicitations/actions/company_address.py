"""Correction of the company's email address: asked on its page, confirmed from the new mailbox."""

from datetime import datetime

from django.db import transaction

from solicitations.actions.company_requests import lock_for_company
from solicitations.lifecycle import AlertCause, EventKind, ForbiddenMove, RequestState
from solicitations.models import AddressChange, Event, Solicitation
from solicitations.notifications import to_company, to_experts

REASON = "Adresse électronique"


class SameAddress(Exception):
    """The address given is the one that the request has."""


class ReplacedAddress(Exception):
    """The address was confirmed already, or another one was given since."""


@transaction.atomic(durable=True)
def ask(solicitation: Solicitation, *, email: str, now: datetime) -> None:
    """Store the address and mail it a link that confirms it; nothing else changes until then.

    Raises ``SameAddress``, and ``ForbiddenMove`` once the request is cancelled, spam or a test.
    """
    locked = lock_for_company(solicitation)
    if email.lower() == locked.email.lower():
        raise SameAddress
    change, is_first = AddressChange.objects.get_or_create(
        solicitation=locked, defaults={"email": email, "asked_at": now}
    )
    if not is_first:
        change.email, change.asked_at, change.serial = email, now, change.serial + 1
        change.save()
    to_company.address_to_confirm(change, now=now)


@transaction.atomic(durable=True)
def confirm(change: AddressChange, *, now: datetime) -> Solicitation:
    """Give the address to the request and to those sent with it; their old links open nothing any more.

    The new mailbox gets the links, the old one a notice without any content. Raises ``ReplacedAddress``, and
    ``ForbiddenMove`` once the request is cancelled, spam or a test.
    """
    rows = _lock_together(change.solicitation)
    asked = AddressChange.objects.filter(pk=change.pk, serial=change.serial, solicitation__in=rows)
    locked = rows[0]
    if not asked.exists():
        raise ReplacedAddress
    lock_for_company(locked)
    old = locked.email
    for row in rows:
        _give(row, change.email, now=now)
    AddressChange.objects.filter(solicitation__in=rows).delete()
    to_company.address_confirmed(rows, now=now)
    to_company.address_left(locked, old=old, now=now)
    return locked


def _lock_together(solicitation: Solicitation) -> list[Solicitation]:
    """Lock the request and those of the same sending with the same address; itself first."""
    first = solicitation.sent_with_id or solicitation.pk
    sent = Solicitation.objects.filter(pk=first) | Solicitation.objects.filter(sent_with=first)
    same = sent.exclude(state=RequestState.ANONYMISED).filter(email__iexact=solicitation.email)
    rows = {pk: Solicitation.objects.locked(pk) for pk in same.order_by("pk").values_list("pk", flat=True)}
    if solicitation.pk not in rows:
        raise ForbiddenMove(RequestState(solicitation.state), RequestState.SUBMITTED)
    own = rows.pop(solicitation.pk)
    return [own, *(row for row in rows.values() if row.email.lower() == own.email.lower())]


def _give(row: Solicitation, email: str, *, now: datetime) -> None:
    old, row.email = row.email, email
    row.link_serial += 1
    row.save(update_fields=["email", "link_serial"])
    event = Event.objects.record(EventKind.CONTACT_CORRECTED, row, by=row, reason=REASON, at=now)
    row.alerts.open().filter(cause=AlertCause.ACKNOWLEDGEMENT_REFUSED).update(settled_at=now)
    to_company.readdress_unsent(row, old=old, now=now)
    if not row.is_over:
        to_experts.contact_corrected(row, event=event, now=now)
