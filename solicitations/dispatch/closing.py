"""Closing a request that nobody has to answer any more."""

from datetime import datetime

from solicitations.dispatch import alerts, states
from solicitations.lifecycle import EventKind, NeedState, RequestState, closing_reason
from solicitations.models import Event, Match, Solicitation


def refresh(solicitation: Solicitation, *, now: datetime) -> None:
    """Refresh the states of a locked request and of its needs, close or reopen it, and save it.

    It closes when it was routed and nobody has to answer any more. A need that all declined waits for its
    fallback; an uncovered one waits for staff, or for the clock.
    """
    states.refresh_states(solicitation)
    _close_or_reopen(solicitation, now=now)
    solicitation.clock_due_at = now
    solicitation.save()


def _close_or_reopen(solicitation: Solicitation, *, now: datetime) -> None:
    if solicitation.alerts.open().exists():
        alerts.resolve_obsolete(solicitation, now=now)
    if Match.objects.active().filter(need__solicitation=solicitation).exists():
        if solicitation.state == RequestState.CLOSED:
            solicitation.move_to(RequestState.SUBMITTED, at=now)
            Event.objects.record(EventKind.REOPENED, solicitation, at=now)
        return
    if solicitation.state != RequestState.SUBMITTED or solicitation.routed_at is None:
        return
    waits = {NeedState.UNCOVERED, NeedState.RECEIVED}
    needs = list(solicitation.needs.all())
    for need in needs:
        if need.state in waits or (need.state == NeedState.DECLINED and need.exhausted_at is None):
            return
    reason = closing_reason([NeedState(need.state) for need in needs])
    solicitation.move_to(RequestState.CLOSED, at=now, reason=reason)
    Event.objects.record(EventKind.CLOSED, solicitation, reason=reason.label, at=now)
