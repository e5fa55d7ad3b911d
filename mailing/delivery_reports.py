"""Records what servers and providers report about our mails, and which addresses refuse them."""

from datetime import datetime

from django.conf import settings
from django.db import connection, transaction
from django.utils.module_loading import import_string

from mailing.address_refusals import AddressRefusal, ReportKind, find_refusal, kind_of
from mailing.failures import Failure
from mailing.models import DeliveryEvent, OutgoingEmail, RefusedAddress
from mailing.models.outgoing_querysets import printable
from mailing.transactions import transaction_required


@transaction_required
def record(  # noqa: PLR0913 (a report has that many fields)
    email: OutgoingEmail,
    kind: ReportKind,
    *,
    key: str,
    at: datetime,
    server_text: str = "",
    since: datetime | None = None,
    is_seen_while_sending: bool = False,
    now: datetime,
) -> bool:
    """Store a report about a mail, and call the rooms when it changes something for its address.

    ``False`` when it was known, or when the mail was erased. ``since``: of a soft refusal, the first try.
    """
    if email.is_erased:
        return False
    event = DeliveryEvent(
        email=email,
        address=email.to.lower(),
        kind=kind,
        at=min(at, now),
        since=min(since or at, at, now),
        server_text=printable(server_text),
        key=key[:200],
        is_seen_while_sending=is_seen_while_sending,
        received_at=now,
    )
    return _add(event, now=now)


@transaction_required
def record_attempt(email: OutgoingEmail, *, is_to_refused: bool, now: datetime) -> None:
    """Record the outcome of a try that says something of the address; reports come later for the others.

    ``is_to_refused``: the address refuses mails, so that an acceptance by the server that had refused counts.
    """
    if email.sent_at:
        refused = RefusedAddress.objects.of(email.to) if is_to_refused else None
        if refused and refused.is_seen_while_sending:
            record(email, ReportKind.DELIVERED, key=f"smtp:{email.pk}:accepted", at=now, now=now)
        return
    is_soft = email.failure == Failure.RECIPIENT
    if not is_soft and email.failure != Failure.REFUSED:
        return
    record(
        email,
        ReportKind.SOFT if is_soft else kind_of(email.last_error),
        key=f"smtp:{email.pk}:{'refused' if email.refused_at else now.date()}",
        at=now,
        since=email.not_before,
        server_text=email.last_error,
        is_seen_while_sending=True,
        now=now,
    )


@transaction_required
def record_working(address: str, *, now: datetime) -> None:
    """Somebody says that an address works: what was reported before counts no more."""
    event = DeliveryEvent(
        address=address.lower(),
        kind=ReportKind.DELIVERED,
        at=now,
        since=now,
        key=f"said:{address.lower()[:150]}:{now.isoformat()}",
        received_at=now,
    )
    _add(event, now=now)


def _add(event: DeliveryEvent, *, now: datetime) -> bool:
    """Store a new report and refresh its address; two reports about one address wait for each other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('delivery'), hashtext(%s))", [event.address])
    if DeliveryEvent.objects.filter(key=event.key).exists():
        return False
    event.save()
    changes = _refresh(event.address)
    if not changes and event.kind != ReportKind.COMPLAINT:
        DeliveryEvent.objects.filter(pk=event.pk).update(followed_at=now)
        return True
    transaction.on_commit(lambda: call_followers(event.address))
    return True


def _refresh(address: str) -> bool:
    """Write whether an address refuses our mails; ``True`` when it does, or has just ceased to."""
    known = RefusedAddress.objects.of(address)
    events = list(DeliveryEvent.objects.at(address).order_by("at", "pk"))
    refusal = find_refusal((event.as_report() for event in events), patience=settings.SOFT_REFUSALS_FOR)
    if refusal is None:
        if known:
            known.delete()
        return known is not None
    RefusedAddress.objects.update_or_create(address=address, defaults=_columns(refusal, events))
    return True


def _columns(refusal: AddressRefusal, events: list[DeliveryEvent]) -> dict[str, object]:
    return {
        "is_final": refusal.is_final,
        "since": refusal.since,
        "last_at": refusal.at,
        "server_text": refusal.server_text,
        "is_seen_while_sending": any(
            event.is_seen_while_sending for event in events if event.at == refusal.at
        ),
    }


def call_followers(address: str) -> None:
    """Call the tasks named in settings; the sweeps of their rooms find lost calls."""
    for name in settings.MAILING_DELIVERY_TASKS:
        import_string(name).delay(address)
