"""Taken needs put off until a day, when they come back on top."""

from datetime import date, datetime, timedelta

from django import forms
from django.db import transaction
from django.db.models import F, Q

from solicitations.lifecycle import MatchState
from solicitations.models import Mailbox, Match
from workspace.models import PutOff

MAX_DELAY = timedelta(days=366)
# What was put off before the need was handed over, undone, or taken again no longer counts.
IS_CURRENT = Q(state=MatchState.TAKEN, put_off__at__gte=F("taken_at"))


class NotTaken(Exception):
    """Only a need that was taken may be put off."""


class PutOffForm(forms.Form):
    """Day until which a need is put off: tomorrow to a year; empty to take it up again."""

    until = forms.DateField(
        label="Jusqu'au",
        required=False,
        input_formats=["%Y-%m-%d", "%d/%m/%Y"],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "Indiquez une date comme 03/05/2026."},
    )

    def __init__(self, *args: object, today: date, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.today = today

    def clean_until(self) -> date | None:
        """Refuse a day that is not to come."""
        until: date | None = self.cleaned_data["until"]
        if until and not self.today < until <= self.today + MAX_DELAY:
            raise forms.ValidationError("Choisissez un jour à venir, dans l'année.")
        return until


def current(match: Match) -> PutOff | None:
    """Return the day that the need is put off until; ``None`` without any. Needs ``put_off`` loaded."""
    found: PutOff | None = getattr(match, "put_off", None)
    is_current = found and is_since_taking(found.at, state=match.state, taken_at=match.taken_at)
    return found if is_current else None


def is_since_taking(at: datetime | None, *, state: str, taken_at: datetime | None) -> bool:
    """Return whether a need was put off since it was taken last: ``IS_CURRENT``, of one that is loaded."""
    return bool(state == MatchState.TAKEN and at and taken_at and at >= taken_at)


@transaction.atomic(durable=True)
def put_off(match: Match, *, until: date | None, by: Mailbox, now: datetime) -> None:
    """Put a taken need off until a day, or take it up again without one. Raises ``NotTaken``."""
    locked = Match.objects.select_for_update(of=("self",)).get(pk=match.pk)
    if locked.state != MatchState.TAKEN:
        raise NotTaken
    if until is None:
        PutOff.objects.filter(match=locked).delete()
        return
    PutOff.objects.update_or_create(match=locked, defaults={"until": until, "by": by.used_by, "at": now})
