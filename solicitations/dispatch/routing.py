"""Routing a request: decide, record, have the experts mailed."""

import logging
import secrets
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import DatabaseError, transaction
from prometheus_client import Histogram

from companies.naf_editions import in_rev2
from experts.routing import loading
from experts.routing.decision import Decision, NeedDecision
from mailing.prepared_queries import PreparedQuery
from solicitations.dispatch import alerts, holding, matching
from solicitations.dispatch.states import refresh_states
from solicitations.lifecycle import AlertCause, EventKind, HeldReason, MatchOrigin, MatchState, RequestState
from solicitations.models import Event, Mailbox, Match, Need, Solicitation
from solicitations.notifications import to_company

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
_LOCKED = PreparedQuery(
    lambda pk: Solicitation.objects.select_for_update().filter(pk=pk).values_list("state", "routing_due_at")
)
# The columns of a request that a routing may change.
ROUTED_FIELDS = (
    "state", "progress", "held_reason", "held_at", "is_fallback", "routing_due_at", "routing_error",
    "routed_at", "clock_due_at",
)  # fmt: skip
# Seconds that the last routings of this process took, and one to begin with.
_durations = deque([0.02], maxlen=100)


@dataclass(frozen=True)
class LoadedRequest:
    """A request, its needs with their subjects, in order, and the codes of the institutions unticked."""

    solicitation: Solicitation
    needs: Sequence[Need]
    unticked: frozenset[str]


def route_safely(pk: int, *, now: datetime, just_sent: LoadedRequest | None = None) -> None:
    """Route a request; a failure is recorded and left to the sweep, and never reaches the visitor.

    ``just_sent``: the request as this process has just written it, which spares reading it again.
    """
    started = time.perf_counter()
    try:
        route(pk, now=now, just_sent=just_sent)
        took = time.perf_counter() - started
        ROUTINGS.labels("routed").observe(took)
        _durations.append(took)
    except Exception as error:
        ROUTINGS.labels("failed").observe(time.perf_counter() - started)
        logger.exception("request %s could not be routed", pk)
        with suppress(DatabaseError):  # the database is down too: the request stays due
            Solicitation.objects.unrouted(now=now).filter(pk=pk).update(
                routing_error=type(error).__name__, routing_due_at=now + ROUTING_RETRY_AFTER
            )


def usual_duration() -> float:
    """Return the seconds that one of the last routings took, drawn at random."""
    return secrets.choice(list(_durations))


@transaction.atomic(durable=True)
def route(pk: int, *, now: datetime, just_sent: LoadedRequest | None = None) -> None:
    """Choose the experts, record the decision and mail them; a second call finds nothing to do.

    A held request gets its decision, for staff to read, and nobody is mailed.
    """
    if just_sent is None or not _is_as_sent(just_sent.solicitation):
        just_sent = None
    solicitation = just_sent.solicitation if just_sent else Solicitation.objects.locked(pk)
    # Not ``is_over``: a state that only a later version knows is left to that version.
    if solicitation.routing_due_at is None or solicitation.state not in ROUTED_IN:
        return
    loaded = just_sent or _load(solicitation)
    needs = loaded.needs
    decision = _decide(loaded, now=now)
    for need, decided in zip(needs, decision.needs, strict=True):
        need.decision, need.is_fallback = decided.as_json(), decided.is_fallback
    solicitation.routing_due_at, solicitation.routing_error = None, ""
    if solicitation.state == RequestState.SUBMITTED and _would_reach_too_many(solicitation, decision):
        holding.hold(solicitation, HeldReason.MANY_EXPERTS, now=now)
    # Before the first routing there is no match; later ones are read.
    states: dict[int, list[MatchState]] | None = None if solicitation.routed_at else {}
    if solicitation.state == RequestState.SUBMITTED:
        for match in _send_to_experts(solicitation, needs, decision, now=now):
            if states is not None:
                states.setdefault(match.need_id, []).append(MatchState.SENT)
    refresh_states(solicitation, decided=needs, states=states)
    solicitation.clock_due_at = now
    solicitation.save(update_fields=ROUTED_FIELDS)


def _is_as_sent(sent: Solicitation) -> bool:
    """Lock the request; return whether it still waits for its first routing, as when it was sent."""
    return _LOCKED.first(pk=sent.pk) == (sent.state, sent.routing_due_at)


def _load(solicitation: Solicitation, *needs: Need) -> LoadedRequest:
    """The request with these needs; all of them without any."""
    unticked = solicitation.unticked_institutions.values_list("code", flat=True)
    asked = needs or solicitation.needs.select_related("subject").order_by("position", "pk")
    return LoadedRequest(solicitation, list(asked), frozenset(unticked))


def _decide(loaded: LoadedRequest, *, now: datetime) -> Decision:
    return loading.decide(
        subjects=[need.subject.slug for need in loaded.needs],
        commune=loaded.solicitation.commune,
        facts=loaded.solicitation.facts,
        on=loaded.solicitation.today(now),
        without_institutions=loaded.unticked,
    )


def decide_today(need: Need, *, now: datetime) -> NeedDecision:
    """Apply the rule to one need of a request that was routed, with the directory as it is now."""
    return _decide(_load(need.solicitation, need), now=now).needs[0]


def decide_again(need: Need, *, now: datetime) -> NeedDecision:
    """Apply steps 7 to 9 of the rule again, without the offices already asked."""
    solicitation = need.solicitation
    [decided] = loading.decide(
        subjects=[need.subject.slug],
        commune=solicitation.commune,
        facts=solicitation.facts,
        on=solicitation.today(now),
        without_institutions=frozenset(solicitation.unticked_institutions.values_list("code", flat=True)),
        without_offices=frozenset(need.matches.values_list("expert__office__code", flat=True)),
    ).needs
    return decided


def _would_reach_too_many(solicitation: Solicitation, decision: Decision) -> bool:
    """True when a subject has many experts although the activity, which narrows them, is known or refused."""
    if solicitation.released_at or solicitation.routed_at:
        return False
    is_activity_known = bool(solicitation.naf) and in_rev2(solicitation.naf) is not None
    is_activity_answered = is_activity_known or solicitation.is_activity_refused
    return is_activity_answered and any(len(need.emails) > MANY_EXPERTS for need in decision.needs)


def _send_to_experts(
    solicitation: Solicitation, needs: Sequence[Need], decision: Decision, *, now: datetime
) -> list[Match]:
    """Make the matches, mail the experts, alert staff if a need has none; return the new matches."""
    is_first = solicitation.routed_at is None
    mailboxes: dict[str, Mailbox] | None = {} if is_first else None
    new = [
        match
        for need, decided in zip(needs, decision.needs, strict=True)
        for match in matching.make_matches(
            need, decided.chosen, origin=MatchOrigin.ROUTING, mailboxes=mailboxes, now=now
        )
    ]
    solicitation.routed_at = solicitation.routed_at or now
    Event.objects.record(EventKind.ROUTED, solicitation, at=now)
    subjects = [need.subject.label for need in needs]
    matching.notify(new, subjects=subjects, is_first=is_first, now=now)
    if any(not decided.chosen for decided in decision.needs):
        alerts.raise_alert(solicitation, AlertCause.NOBODY, now=now)
    elif not is_first:
        solicitation.alerts.filter(cause=AlertCause.NOBODY).update(settled_at=now)
    elif now - solicitation.submitted_at > LATE_ROUTING:
        to_company.contacted(solicitation, now=now)
    return new
