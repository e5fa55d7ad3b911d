"""Held requests: alert staff; release by hand, or after four working hours."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from mailing.transactions import transaction_required
from solicitations.dispatch import alerts
from solicitations.lifecycle import AlertCause, EventKind, HeldReason, RequestState
from solicitations.models import Alert, Event, Solicitation
from solicitations.notifications import to_company, to_staff
from territories.working_time import add_working_hours, is_working_time

MAILED_AGAIN_AFTER = timedelta(hours=8)


@transaction_required
def hold(solicitation: Solicitation, reason: HeldReason, *, now: datetime) -> None:
    """Hold a locked request for staff and tell them. Saves the alert and the event, not the request."""
    solicitation.move_to(RequestState.HELD, at=now, reason=reason)
    Event.objects.record(EventKind.HELD, solicitation, reason=reason.label, at=now)
    alerts.raise_alert(solicitation, AlertCause.HELD, details=reason.label, now=now)


@transaction.atomic(durable=True)
def report_held(pk: int, *, now: datetime) -> None:
    """Alert staff to a request held at submission; of a duplicate, also tell the first request's mailbox.

    Does nothing when staff were alerted already, or when the request is no longer held.
    """
    solicitation = Solicitation.objects.locked(pk)
    if not Solicitation.objects.held_without_alert().filter(pk=pk).exists():
        return
    details = HeldReason(solicitation.held_reason).label
    alerts.raise_alert(solicitation, AlertCause.HELD, details=details, now=now)
    if solicitation.is_held_duplicate and solicitation.duplicate_of:
        to_company.duplicate_received(solicitation.duplicate_of, now=now)


def to_remind(*, now: datetime) -> list[int]:
    """The held requests of which staff are to be mailed again: once each working day of the territory."""
    alerts_due = Alert.objects.held_long(before=now - MAILED_AGAIN_AFTER)
    rows = alerts_due.select_related("solicitation__commune__department").order_by("raised_at", "pk")
    return [alert.solicitation_id for alert in rows if _is_to_remind(alert, now=now)]


def _is_to_remind(alert: Alert, *, now: datetime) -> bool:
    solicitation = alert.solicitation
    last = alert.reminded_at or alert.raised_at
    is_another_day = solicitation.today(last) < solicitation.today(now)
    return is_another_day and is_working_time(now, solicitation.commune)


@transaction.atomic(durable=True)
def remind_staff(pk: int, *, now: datetime) -> None:
    """Mail staff again about a request that is still held; a second call the same day does nothing."""
    solicitation = Solicitation.objects.locked(pk)
    alert = solicitation.alerts.held_long(before=now - MAILED_AGAIN_AFTER).first()
    if alert is None:
        return
    alert.solicitation, alert.reminded_at = solicitation, now
    alert.save(update_fields=["reminded_at"])
    to_staff.alert_again(alert, now=now)


@transaction.atomic(durable=True)
def release_when_due(pk: int, *, now: datetime) -> None:
    """Release a request that staff left held for four working hours; never a duplicate."""
    solicitation = Solicitation.objects.locked(pk)
    if solicitation.state != RequestState.HELD or solicitation.is_held_duplicate:
        return
    held_at, commune = solicitation.held_at, solicitation.commune
    if held_at and add_working_hours(held_at, settings.HELD_FOR, commune) > now:
        return
    release(solicitation, now=now)
    Event.objects.record(EventKind.RELEASED, solicitation, reason="Quatre heures ouvrées passées", at=now)
    solicitation.save()


def release(solicitation: Solicitation, *, now: datetime) -> None:
    """Let a locked, held request go on: it is routed next. Saves only the resolved alert."""
    solicitation.move_to(RequestState.SUBMITTED, at=now)
    solicitation.released_at = solicitation.routing_due_at = solicitation.clock_due_at = now
    solicitation.alerts.filter(cause=AlertCause.HELD).update(settled_at=now)
