"""Planned call-backs: an expert says at which day and hour the company will be called.

A plan is no contact: the clocks go on. The company is mailed a minute later, unless it was undone.
"""

from datetime import datetime, time, timedelta

from django import forms
from django.db import transaction

from solicitations.lifecycle import UNDO_DELAY, EventKind
from solicitations.models import Event, Mailbox, PlannedCall, Solicitation
from territories.spoken_time import spoken_moment
from workspace import call_mails

FIRST_HOUR, LAST_HOUR = time(7), time(20)
MAX_WAIT = timedelta(days=92)
DAY_EXPECTED = "Indiquez une date comme 03/05/2026."
HOUR_EXPECTED = "Indiquez une heure comme 14:30."


class NoActiveNeed(Exception):
    """Only who has a need to answer or to conclude may plan a call."""


class TooLateToUndoCall(Exception):
    """The plan did not change less than a minute ago."""


class CallPlanForm(forms.Form):
    """Day and hour of the call, where the company is."""

    day = forms.DateField(
        label="Jour",
        input_formats=["%Y-%m-%d", "%d/%m/%Y"],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": DAY_EXPECTED, "invalid": DAY_EXPECTED},
    )
    hour = forms.TimeField(
        label="Heure",
        input_formats=["%H:%M", "%H:%M:%S", "%Hh%M", "%H h %M", "%Hh", "%H h", "%H"],
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={"required": HOUR_EXPECTED, "invalid": HOUR_EXPECTED},
    )

    def __init__(self, *args: object, solicitation: Solicitation, now: datetime, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.time_zone, self.now = solicitation.time_zone, now

    def clean_hour(self) -> time:
        """Refuse the hours at which nobody is called."""
        hour: time = self.cleaned_data["hour"]
        if not FIRST_HOUR <= hour <= LAST_HOUR:
            raise forms.ValidationError("Choisissez une heure entre 7\u00a0h et 20\u00a0h.")
        return hour

    def clean(self) -> dict[str, object]:
        """Refuse a moment that is past, or too far."""
        cleaned = super().clean() or self.cleaned_data
        if not {"day", "hour"} <= cleaned.keys():
            return cleaned
        if self.starts_at() <= self.now:
            self.add_error("hour" if cleaned["day"] == self.now.astimezone(self.time_zone).date() else "day",
                           "Ce moment est passé : choisissez-en un à venir.")  # fmt: skip
        elif self.starts_at() > self.now + MAX_WAIT:
            self.add_error("day", "Choisissez un jour dans les trois mois.")
        return cleaned

    def starts_at(self) -> datetime:
        """The moment of the call, once day and hour are valid."""
        return datetime.combine(self.cleaned_data["day"], self.cleaned_data["hour"], tzinfo=self.time_zone)


@transaction.atomic(durable=True)
def plan(by: Mailbox, *, starts_at: datetime, now: datetime) -> None:
    """Plan the call, or move it. The same hour again changes nothing. Raises ``NoActiveNeed``."""
    call = _locked(by)
    if call.pk and not call.cancelled_at and call.starts_at == starts_at:
        return
    before = call.starts_at if call.pk and not call.cancelled_at else None
    _change(call, starts_at=starts_at, before=before, cancelled_at=None, by=by, now=now)


@transaction.atomic(durable=True)
def cancel(by: Mailbox, *, now: datetime) -> None:
    """Cancel the call; one that is not planned is left alone. Raises ``NoActiveNeed``."""
    call = _locked(by)
    if call.pk and not call.cancelled_at:
        _change(call, starts_at=call.starts_at, before=call.starts_at, cancelled_at=now, by=by, now=now)


@transaction.atomic(durable=True)
def undo(by: Mailbox, *, now: datetime) -> None:
    """Undo the last change of less than a minute ago. Raises ``NoActiveNeed``, ``TooLateToUndoCall``."""
    call = _locked(by)
    if not may_undo(call, now=now):
        raise TooLateToUndoCall
    was_planned = call.starts_at_before is not None
    _change(
        call,
        starts_at=call.starts_at_before or call.starts_at,
        before=None,
        cancelled_at=None if was_planned else now,
        by=by,
        now=now,
    )
    PlannedCall.objects.filter(pk=call.pk).update(changed_at=now - UNDO_DELAY)  # undone once


def may_undo(call: PlannedCall, *, now: datetime) -> bool:
    """True during the minute that follows a change."""
    return call.pk is not None and now - call.changed_at < UNDO_DELAY


@transaction.atomic(durable=True)
def drop_orphan(pk: int, *, now: datetime) -> None:
    """Cancel a call whose mailbox has nothing left to do; the company is told while its request goes on."""
    mailbox = Mailbox.objects.select_related("solicitation__commune").get(planned_call=pk)
    Solicitation.objects.locked(mailbox.solicitation_id)
    call = PlannedCall.objects.select_for_update().get(pk=pk)
    if call.cancelled_at or PlannedCall.objects.standing().filter(pk=pk).exists():
        return
    call.mailbox = mailbox
    _change(call, starts_at=call.starts_at, before=None, cancelled_at=now, by=None, now=now)


def _locked(by: Mailbox) -> PlannedCall:
    """The call of the mailbox, locked after its request; an unsaved one when it planned none."""
    solicitation = Solicitation.objects.locked(by.solicitation_id)
    if solicitation.refuses_answers or not by.matches.active().exists():
        raise NoActiveNeed
    call = PlannedCall.objects.select_for_update().filter(mailbox=by).first()
    call = call or PlannedCall(mailbox=by)
    call.mailbox = by
    return call


def _change(
    call: PlannedCall,
    *,
    starts_at: datetime,
    before: datetime | None,
    cancelled_at: datetime | None,
    by: Mailbox | None,
    now: datetime,
) -> None:
    if call.pk:
        call.sequence += 1
    call.starts_at, call.starts_at_before = starts_at, before
    call.cancelled_at, call.changed_at, call.reminded_at = cancelled_at, now, None
    call.save()
    solicitation = call.mailbox.solicitation
    event = Event.objects.record(
        EventKind.CALL_UNPLANNED if cancelled_at else EventKind.CALL_PLANNED,
        solicitation,
        by=by,
        reason=spoken_moment(starts_at, time_zone=solicitation.time_zone, now=None),
        at=now,
    )
    call_mails.tell_company(call, event=event, now=now)
