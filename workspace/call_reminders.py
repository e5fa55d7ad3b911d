"""Reminders of planned calls, and the end of those whose expert has nothing left to do."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from solicitations.lifecycle import UNDO_DELAY
from solicitations.models import Match, PlannedCall
from territories.models import Commune
from territories.working_time import OPENS, is_working_day
from workspace import call_mails

MIN_LEAD = timedelta(hours=1)
MAX_LEAD = timedelta(days=7)  # a long week-end and a holiday lie within


def remind_at(starts_at: datetime, commune: Commune) -> datetime:
    """The last 8:00 of a working day that comes an hour or more before the call, where the company is."""
    local = starts_at.astimezone(commune.time_zone)
    on: date = local.date()
    while not is_working_day(on, commune) or _morning(on, local) > local - MIN_LEAD:
        on -= timedelta(days=1)
    return _morning(on, local)


def _morning(on: date, local: datetime) -> datetime:
    return datetime.combine(on, OPENS, tzinfo=local.tzinfo)


def to_remind(*, now: datetime) -> list[int]:
    """Calls whose reminder is due: planned before that morning, and not begun."""
    rows = PlannedCall.objects.upcoming(now=now).filter(reminded_at=None, starts_at__lte=now + MAX_LEAD)
    due = []
    for call in rows.select_related("mailbox__solicitation__commune").order_by("starts_at", "pk"):
        at = remind_at(call.starts_at, call.mailbox.solicitation.commune)
        if call.changed_at < at <= now:
            due.append(call.pk)
    return due


@transaction.atomic(durable=True)
def remind(pk: int, *, now: datetime) -> None:
    """Remind the expert of one call, once; it may have been cancelled or moved meanwhile."""
    rows = PlannedCall.objects.upcoming(now=now).filter(pk=pk, reminded_at=None)
    call = rows.select_for_update(of=("self",), skip_locked=True).first()
    if call is None or pk not in to_remind(now=now):
        return
    call.reminded_at = now
    call.save(update_fields=["reminded_at"])
    call_mails.remind_expert(call, now=now)


def orphans(*, now: datetime) -> QuerySet[PlannedCall, int]:
    """Calls to come whose mailbox has had nothing to do for a minute: an answer may be undone until then."""
    recent = Match.objects.filter(ended_at__gt=now - UNDO_DELAY).values("mailbox")
    rows = PlannedCall.objects.filter(cancelled_at=None, starts_at__gt=now).exclude(mailbox__in=recent)
    standing = PlannedCall.objects.standing().values("pk")
    return rows.exclude(pk__in=standing).order_by("pk").values_list("pk", flat=True)
