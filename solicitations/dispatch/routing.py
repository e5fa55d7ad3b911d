"""Routing a request: decide, record, have the experts mailed."""

import logging
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import DatabaseError, transaction
from prometheus_client import Histogram

from companies.naf_editions import in_rev2
from experts.routing import loading
from experts.routing.decision import Decision, NeedDecision
from mailing.models import OutgoingEmail
from mailing.transactions import transaction_required
from solicitations.dispatch import alerts, holding, matching
from solicitations.dispatch.states import refresh_states, set_states
from solicitations.lifecycle import AlertCause, EventKind, HeldReason, MatchOrigin, MatchState, RequestState
from solicitations.models import Event, Need, Solicitation
from solicitations.notifications import to_company, to_experts
from solicitations.notifications.request_mails import LiveMatch

logger = logging.getLogger(__name__)

ROUTINGS = Histogram(
    "relais_routing_seconds",
    "Time to route a request, by outcome.",
    ["outcome"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5),
)
for _outcome in ("routed", "failed"):  # without a first sample at 0, the first increase is not seen
    ROUTINGS.labels(_outcome)
MANY_EXPERTS = 8
LATE_ROUTING = timedelta(minutes=1)
ROUTED_IN = frozenset({RequestState.SUBMITTED, RequestState.HELD})
ROUTING_RETRY_AFTER = timedelta(minutes=1)
# The columns of a request that a routing may change.
ROUTED_FIELDS = (
    "state", "progress", "held_reason", "held_at", "is_fallback", "routing_due_at", "routing_error",
    "routed_at", "clock_due_at",
)  # fmt: skip


@dataclass(frozen=True)
class LoadedRequest:
    """A request, its needs with their subjects, in order, and the codes of the institutions unticked."""

    solicitation: Solicitation
    needs: Sequence[Need]
    unticked: frozenset[str]


def route_safely(pk: int, *, now: datetime) -> None:
    """Route a request; a failure is recorded, left to the sweep, and not raised."""
    started = time.perf_counter()
    try:
        route(pk, now=now)
        ROUTINGS.labels("routed").observe(time.perf_counter() - started)
    except Exception as error:
        ROUTINGS.labels("failed").observe(time.perf_counter() - started)
        logger.exception("request %s could not be routed", pk)
        with suppress(DatabaseError):  # the database is down too: the request stays due
            Solicitation.objects.unrouted(now=now).filter(pk=pk).update(
                routing_error=type(error).__name__, routing_due_at=now + ROUTING_RETRY_AFTER
            )


@transaction.atomic(durable=True)
def route(pk: int, *, now: datetime) -> None:
    """Choose the experts, record the decision and mail them; a second call finds nothing to do.

    A held request gets its decision, for staff to read, and nobody is mailed.
    """
    solicitation = Solicitation.objects.locked(pk)
    # Not ``is_over``: a state that only a later version knows is left to that version.
    if solicitation.routing_due_at is None or solicitation.state not in ROUTED_IN:
        return
    loaded = _load(solicitation)
    decision = decide(loaded, now=now)
    _note(decision, loaded)
    if solicitation.state == RequestState.SUBMITTED and _would_reach_too_many(solicitation, decision):
        holding.hold(solicitation, HeldReason.MANY_EXPERTS, now=now)
    if solicitation.state == RequestState.SUBMITTED:
        _send_to_experts(loaded, decision, now=now)
    refresh_states(solicitation, decided=loaded.needs)
    solicitation.clock_due_at = now
    solicitation.save(update_fields=ROUTED_FIELDS)


def note_first(decision: Decision, loaded: LoadedRequest, *, now: datetime) -> None:
    """Set the decision and the states of a request not written yet, which is held if it has many experts."""
    _note(decision, loaded)
    states: dict[int, list[MatchState]] = {}
    if _would_reach_too_many(loaded.solicitation, decision):
        loaded.solicitation.move_to(RequestState.HELD, at=now, reason=HeldReason.MANY_EXPERTS)
    else:
        loaded.solicitation.routed_at = now
        for need, decided in zip(loaded.needs, decision.needs, strict=True):
            states[need.subject_id] = [MatchState.SENT] * len(decided.chosen)
    set_states(loaded.solicitation, loaded.needs, states)


@transaction_required
def send_first(decision: Decision, loaded: LoadedRequest, *, now: datetime) -> list[OutgoingEmail]:
    """Match a request just written with its experts; return their first mails, unsaved.

    Staff are alerted if it is held, or if a need has nobody.
    """
    if loaded.solicitation.state == RequestState.HELD:
        details = HeldReason.MANY_EXPERTS.label
        alerts.raise_alert(loaded.solicitation, AlertCause.HELD, details=details, now=now)
        return []
    matches = matching.make_first_matches(loaded.solicitation, loaded.needs, decision.needs, now=now)
    if any(not decided.chosen for decided in decision.needs):
        alerts.raise_alert(loaded.solicitation, AlertCause.NOBODY, now=now)
    if not matches:
        return []
    chosen = [choice for decided in decision.needs for choice in decided.chosen]
    live = [
        LiveMatch(match.pk, match.mailbox_id, choice.office_name)
        for match, choice in zip(matches, chosen, strict=True)
    ]
    subjects = [need.subject.label for need in loaded.needs]
    return to_experts.notified(matches, live=live, subjects=subjects, now=now)


def _note(decision: Decision, loaded: LoadedRequest) -> None:
    """Set the decision on the needs, and that routing is no longer due. Saves nothing."""
    for need, decided in zip(loaded.needs, decision.needs, strict=True):
        need.decision, need.is_fallback = decided.as_json(), decided.is_fallback
    loaded.solicitation.routing_due_at, loaded.solicitation.routing_error = None, ""


def _load(solicitation: Solicitation, *needs: Need) -> LoadedRequest:
    """The request with these needs; all of them without any."""
    unticked = solicitation.unticked_institutions.values_list("code", flat=True)
    asked = needs or solicitation.needs.select_related("subject").order_by("position", "pk")
    return LoadedRequest(solicitation, list(asked), frozenset(unticked))


def decide(
    loaded: LoadedRequest, *, now: datetime, without_offices: Collection[str] = frozenset()
) -> Decision:
    """Apply the rule to a request, with the directory as it is now, without the offices already asked."""
    return loading.decide(
        subjects=[need.subject.slug for need in loaded.needs],
        commune=loaded.solicitation.commune,
        facts=loaded.solicitation.facts,
        on=loaded.solicitation.today(now),
        without_institutions=loaded.unticked,
        without_offices=without_offices,
    )


def decide_today(need: Need, *, now: datetime) -> NeedDecision:
    """Apply the rule to one need of a request that was routed, with the directory as it is now."""
    return decide(_load(need.solicitation, need), now=now).needs[0]


def decide_again(need: Need, *, now: datetime) -> NeedDecision:
    """Apply steps 7 to 9 of the rule again, without the offices already asked."""
    asked = frozenset(need.matches.values_list("expert__office__code", flat=True))
    return decide(_load(need.solicitation, need), now=now, without_offices=asked).needs[0]


def _would_reach_too_many(solicitation: Solicitation, decision: Decision) -> bool:
    """True when a subject has many experts although the activity, which narrows them, is known or refused."""
    if solicitation.released_at or solicitation.routed_at:
        return False
    is_activity_known = bool(solicitation.naf) and in_rev2(solicitation.naf) is not None
    is_activity_answered = is_activity_known or solicitation.is_activity_refused
    return is_activity_answered and any(len(need.emails) > MANY_EXPERTS for need in decision.needs)


def _send_to_experts(loaded: LoadedRequest, decision: Decision, *, now: datetime) -> None:
    """Make the matches, mail the experts, alert staff if a need has none."""
    solicitation, needs = loaded.solicitation, loaded.needs
    is_first = solicitation.routed_at is None
    new = [
        match
        for need, decided in zip(needs, decision.needs, strict=True)
        for match in matching.make_matches(need, decided.chosen, origin=MatchOrigin.ROUTING, now=now)
    ]
    solicitation.routed_at = solicitation.routed_at or now
    Event.objects.record(EventKind.ROUTED, solicitation, at=now)
    matching.notify(new, now=now)
    if any(not decided.chosen for decided in decision.needs):
        alerts.raise_alert(solicitation, AlertCause.NOBODY, now=now)
    elif not is_first:
        solicitation.alerts.filter(cause=AlertCause.NOBODY).update(settled_at=now)
    elif now - solicitation.submitted_at > LATE_ROUTING:
        to_company.contacted(solicitation, now=now)
