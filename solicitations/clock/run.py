"""Do the steps of a request that are due, in one transaction, with their events."""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from django.conf import settings
from django.db import DatabaseError, transaction

from solicitations.clock import due, mails, plan
from solicitations.clock.mails import ManagerCause
from solicitations.clock.steps import Planned, Step
from solicitations.dispatch import alerts, closing, matching, routing
from solicitations.lifecycle import AlertCause, EventKind, MatchOrigin, MatchState
from solicitations.models import Event, Match, Need, Solicitation, Survey
from solicitations.models.matches import bound_by_legal_clock
from solicitations.notifications import to_company

logger = logging.getLogger(__name__)
OFFICE_CLOSED = "L'antenne est fermée\u00a0: seule la région est prévenue"

NOBODY_ELSE = "Personne d'autre à solliciter"


def advance_safely(pk: int, *, now: datetime) -> None:
    """Advance a request; a failure is recorded on it, tried again later, and does not stop the sweep."""
    try:
        advance(pk, now=now)
    except Exception as error:
        logger.exception("the clock of request %s failed", pk)
        with suppress(DatabaseError):  # the database is down too: the request stays due
            schedule_retry(pk, error, now=now)


def schedule_retry(pk: int, error: Exception, *, now: datetime) -> None:
    """Record why the clock of a request failed, and when it is tried again."""
    retry_at = now + settings.CLOCK_RETRY_AFTER
    Solicitation.objects.filter(pk=pk).update(
        clock_error=type(error).__name__, clock_retry_at=retry_at, clock_due_at=retry_at
    )


@transaction.atomic(durable=True)
def advance(pk: int, *, now: datetime) -> None:
    """Do the ready steps of a request, except reminders, and store when the next one is due.

    A second call finds none.
    """
    solicitation = Solicitation.objects.locked(pk)
    [loaded] = plan.load([pk])
    ready = [step for step in plan.plan(loaded, now=now) if step.is_ready(now=now)]
    for step, work in WORK.items():
        if steps := [planned for planned in ready if planned.step == step]:
            work(solicitation, steps, now=now)
    if ready:
        [loaded] = plan.load([pk])
    solicitation.clock_due_at = due.next_at(loaded, now=now)
    if not solicitation.awaits_retry(now=now):
        solicitation.clock_error, solicitation.clock_retry_at = "", None
    solicitation.save(update_fields=["clock_due_at", "clock_error", "clock_retry_at"])


def record_step(planned: Planned, kind: EventKind, *, now: datetime, reason: str = "") -> Event:
    """Record a step and its reason, so that it is not done again."""
    return Event.objects.record(
        kind, planned.solicitation, match=planned.match, reason=reason or planned.why, at=now
    )


def _matches(steps: Sequence[Planned]) -> list[Match]:
    """The active matches of these steps, with their experts."""
    pks = [planned.match.pk for planned in steps if planned.match]
    return list(Match.objects.active().with_people().filter(pk__in=pks).in_order())


def _needs(steps: Sequence[Planned]) -> list[Need]:
    return [planned.need for planned in steps if planned.need]


def _tell_company(solicitation: Solicitation, steps: Sequence[Planned], *, now: datetime) -> None:
    events = [record_step(planned, EventKind.COMPANY_TOLD, now=now) for planned in steps]
    mails.where_things_stand(solicitation, _needs(steps), events=events, now=now)


def _tell_managers(solicitation: Solicitation, steps: Sequence[Planned], *, now: datetime) -> None:
    events = [record_step(planned, EventKind.MANAGER_TOLD, now=now) for planned in steps]
    mails.to_managers(solicitation, _matches(steps), ManagerCause.WAITING, events=events, now=now)


def _widen(solicitation: Solicitation, steps: Sequence[Planned], *, now: datetime) -> None:
    """Send the needs to the experts that the rule finds without the offices already asked."""
    made: list[Match] = []
    for planned in steps:
        if planned.need is None:
            continue
        decided = routing.decide_again(planned.need, now=now)
        # The first experts that the need reaches: its delays start now.
        origin = MatchOrigin.ROUTING if planned.uncovered else MatchOrigin.ESCALATION
        new = matching.make_matches(planned.need, decided.chosen, origin=origin, now=now)
        if new and decided.is_fallback:
            planned.need.is_fallback = True
            planned.need.save(update_fields=["is_fallback"])
        record_step(planned, EventKind.WIDENED, reason=_offices(new) or NOBODY_ELSE, now=now)
        made += new
    matching.notify(made, now=now)
    closing.refresh(solicitation, now=now)
    if any(match.origin == MatchOrigin.ROUTING for match in made):
        _resolve_nobody(solicitation, now=now)
        to_company.contacted(solicitation, now=now)


def _resolve_nobody(solicitation: Solicitation, *, now: datetime) -> None:
    """Resolve the alert « nobody found » once all needs have an expert."""
    if not solicitation.needs.uncovered().exists():
        solicitation.alerts.open().filter(cause=AlertCause.NOBODY).update(settled_at=now)


def _offices(matches: Sequence[Match]) -> str:
    return ", ".join(sorted({match.expert.office.name for match in matches}))


def _tell_region(solicitation: Solicitation, steps: Sequence[Planned], *, now: datetime) -> None:
    """Add an alert to the region's list, without a mail."""
    for planned in steps:
        record_step(planned, EventKind.REGION_TOLD, now=now)
    details = ", ".join(need.subject.label for need in _needs(steps))
    alerts.raise_alert(solicitation, AlertCause.LATE, details=details, by_mail=False, now=now)


def _escalate_legal(solicitation: Solicitation, steps: Sequence[Planned], *, now: datetime) -> None:
    """Tell the managers of all experts who have the need, and the region."""
    events = [record_step(planned, EventKind.LEGAL_ESCALATED, now=now) for planned in steps]
    rows = Match.objects.filter(need__in=[need.pk for need in _needs(steps)]).with_people().in_order()
    bound = [
        match
        for _, of_need in groupby(rows, attrgetter("need_id"))
        for match in bound_by_legal_clock(of_need)
    ]
    matches = [match for match in bound if match.state in {MatchState.SENT, MatchState.TAKEN}]
    mails.to_managers(solicitation, matches, ManagerCause.LEGAL, events=events, now=now)
    details = ", ".join(need.subject.label for need in _needs(steps))
    alerts.raise_alert(solicitation, AlertCause.LEGAL, details=details, now=now)


def _check_call(solicitation: Solicitation, steps: Sequence[Planned], *, now: datetime) -> None:
    events = [record_step(planned, EventKind.CALL_CHECKED, now=now) for planned in steps]
    mails.call_check(solicitation, _matches(steps), events=events, now=now)


def _tell_silence(solicitation: Solicitation, steps: Sequence[Planned], *, now: datetime) -> None:
    matches, day = _matches(steps), solicitation.today(now)
    why = {match.pk: OFFICE_CLOSED for match in matches if not match.expert.office.is_open_on(day)}
    events = [
        record_step(
            step, EventKind.MANAGER_TOLD, reason=why.get(step.match.pk, "") if step.match else "", now=now
        )
        for step in steps
    ]
    for planned in steps:
        record_step(planned, EventKind.REGION_TOLD, now=now)
    mails.to_managers(solicitation, matches, ManagerCause.SILENT, events=events, now=now)
    details = ", ".join(f"{match.person} ({match.expert.office.name})" for match in matches)
    alerts.raise_alert(solicitation, AlertCause.SILENT, details=details, now=now)


def _expire(solicitation: Solicitation, steps: Sequence[Planned], *, now: datetime) -> None:
    """Expire the matches, give up the needs that reach nobody, and mail the company the unanswered ones."""
    events = [expire(match, now=now) for match in _matches(steps)]
    events += [_give_up(need, planned.why, now=now) for planned in steps if (need := planned.uncovered)]
    closing.refresh(solicitation, now=now)
    _resolve_nobody(solicitation, now=now)
    concerned = solicitation.needs.filter(pk__in=[need.pk for need in _needs(steps)])
    unanswered = concerned.unanswered().select_related("subject").order_by("position", "pk")
    if needs := list(unanswered):
        mails.unanswered(solicitation, needs, events=events, now=now)


def _give_up(need: Need, why: str, *, now: datetime) -> Event:
    """Stop looking for experts; staff may still add one."""
    need.exhausted_at = now
    need.save(update_fields=["exhausted_at"])
    return Event.objects.record(EventKind.EXHAUSTED, need.solicitation, reason=why, at=now)


def expire(match: Match, *, now: datetime) -> Event:
    """Expire one match of a locked request; its expert may still answer."""
    before = match.state
    match.move_to(MatchState.EXPIRED, at=now)
    match.save()
    return Event.objects.record_move(match, before, at=now)


def _survey(solicitation: Solicitation, steps: Sequence[Planned], *, now: datetime) -> None:
    Survey.objects.create(solicitation=solicitation, asked_at=now)
    solicitation.surveyed_at = now
    solicitation.save(update_fields=["surveyed_at"])
    for planned in steps:
        record_step(planned, EventKind.SURVEYED, now=now)
    mails.survey(solicitation, now=now)


def _follow_up(solicitation: Solicitation, steps: Sequence[Planned], *, now: datetime) -> None:
    for planned in steps:
        record_step(planned, EventKind.FOLLOWED_UP, now=now)
    mails.follow_up_point(solicitation, now=now)


WORK: dict[Step, Callable[..., None]] = {
    Step.TELL_COMPANY: _tell_company,
    Step.TELL_MANAGER: _tell_managers,
    Step.WIDEN: _widen,
    Step.TELL_REGION: _tell_region,
    Step.ESCALATE_LEGAL: _escalate_legal,
    Step.CHECK_CALL: _check_call,
    Step.TELL_SILENCE: _tell_silence,
    Step.EXPIRE: _expire,
    Step.SURVEY: _survey,
    Step.FOLLOW_UP: _follow_up,
}
