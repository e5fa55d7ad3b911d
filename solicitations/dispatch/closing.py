"""Closing a request that nobody has to answer any more."""

from datetime import datetime

from solicitations.dispatch import alerts
from solicitations.lifecycle import EventKind, NeedState, RequestState, closing_reason
from solicitations.models import Event, Match, Solicitation


def close_if_done(solicitation: Solicitation, *, now: datetime) -> None:
    """Close a locked, routed request that nobody has to answer any more, or reopen it. Saves the event alone.

    A need that all declined waits for its fallback; an uncovered one waits for staff, or for the clock.
    """
    if solicitation.alerts.standing().exists():
        alerts.settle_alerts(solicitation, now=now)
    if Match.objects.active().filter(need__solicitation=solicitation).exists():
        if solicitation.state == RequestState.CLOSED:
            solicitation.move_to(RequestState.SUBMITTED, at=now)
            Event.objects.create(solicitation=solicitation, kind=EventKind.REOPENED, at=now)
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
    Event.objects.create(solicitation=solicitation, kind=EventKind.CLOSED, reason=reason.label, at=now)
