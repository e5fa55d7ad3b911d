"""Forecast of the clock's work, for people to read; nothing is written."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from experts.accounts import seats
from solicitations import lifecycle
from solicitations.clock import due, plan, reminders
from solicitations.clock.steps import ORDER, Planned, Step
from solicitations.dispatch import routing
from solicitations.lifecycle import MatchState, NeedState
from solicitations.models import Match, Solicitation
from solicitations.models.request_querysets import SolicitationQuerySet
from solicitations.notifications import to_staff

TO_COMPANY = frozenset({Step.TELL_COMPANY, Step.CHECK_CALL, Step.SURVEY, Step.FOLLOW_UP})
TO_MANAGERS = frozenset({Step.TELL_MANAGER, Step.TELL_SILENCE, Step.ESCALATE_LEGAL})
TO_STAFF = frozenset({Step.TELL_SILENCE, Step.ESCALATE_LEGAL})


@dataclass(frozen=True)
class UpcomingStep:
    """One step to come; ``to`` is empty when nobody is mailed."""

    at: datetime
    step: Step
    to: tuple[str, ...]
    requests: tuple[Solicitation, ...]
    why: str


def coming(
    requests: SolicitationQuerySet, *, now: datetime, until: datetime, most: int
) -> list[UpcomingStep]:
    """The steps up to ``until`` of the oldest of these requests if nobody answers, in order."""
    due_soon = requests.filter(clock_due_at__lte=until).oldest_first().values_list("pk", flat=True)
    steps = [
        step
        for solicitation in plan.load(due_soon[:most])
        for planned in plan.plan(solicitation, now=now)
        if (step := due.at_most_one_a_day(planned, now=now)).runs_at <= until
    ]
    found = [upcoming for upcoming in _upcoming(steps, now=now) if upcoming.at <= until]
    return sorted(found, key=lambda upcoming: (upcoming.at, ORDER[upcoming.step]))


def _upcoming(steps: Iterable[Planned], *, now: datetime) -> Iterator[UpcomingStep]:
    """One per request, step and moment; reminders, one per person and day."""
    steps = list(steps)
    yield from _reminders([step for step in steps if step.step == Step.REMIND])

    def occasion(planned: Planned) -> tuple[int, int, datetime]:
        return planned.solicitation.pk, ORDER[planned.step], planned.runs_at

    others = sorted((step for step in steps if step.step != Step.REMIND), key=occasion)
    for _, group in groupby(others, key=occasion):
        together = list(group)
        first = together[0]
        to = tuple(dict.fromkeys(_recipients(together, now=now)))
        yield UpcomingStep(first.runs_at, first.step, to, (first.solicitation,), first.why)


def _reminders(steps: Iterable[Planned]) -> Iterator[UpcomingStep]:
    by_address: dict[str, list[Planned]] = {}
    for step in steps:
        if step.match:
            by_address.setdefault(step.match.mailbox.email.lower(), []).append(step)
    for address, planned in by_address.items():
        waiting = planned
        while waiting:
            at = min(step.runs_at for step in waiting)
            yield _reminder(address, [step for step in waiting if step.runs_at <= at], at=at)
            waiting = [due.move_to_next_day(step, of=at) for step in waiting if step.runs_at > at]


def _reminder(address: str, steps: Sequence[Planned], *, at: datetime) -> UpcomingStep:
    requests = tuple({step.solicitation.pk: step.solicitation for step in steps}.values())
    why = " ; ".join(dict.fromkeys(step.why for step in steps))
    return UpcomingStep(at, Step.REMIND, (address,), requests, why)


def _recipients(steps: Sequence[Planned], *, now: datetime) -> Iterator[str]:
    step, solicitation = steps[0].step, steps[0].solicitation
    if step in TO_COMPANY or (step == Step.EXPIRE and _leaves_unanswered(steps)):
        yield solicitation.email
    if step in TO_MANAGERS:
        silent_offices = {match.expert.office for each in steps for match in _silent(each)}
        offices = {
            office.pk: office for office in silent_offices if office.is_open_on(solicitation.today(now))
        }
        yield from (office.email for office in offices.values())
        yield from (manager.email for manager in seats.managers_of(offices, now=now))
    if step in TO_STAFF:
        yield from to_staff.staff_addresses(solicitation, now=now)
    if step == Step.WIDEN:
        for planned in steps:
            if planned.need:
                found = routing.decide_again(planned.need, now=now).emails
                yield from found
                if found and planned.uncovered:
                    yield solicitation.email


def _silent(planned: Planned) -> Iterator[Match]:
    """The matches whose manager is told: on a legal delay, all active ones of the need."""
    if planned.step == Step.ESCALATE_LEGAL and planned.need:
        yield from (match for match in planned.need.matches.all() if match.state in lifecycle.ACTIVE)
    elif planned.match:
        yield planned.match


def _leaves_unanswered(steps: Sequence[Planned]) -> bool:
    """Return ``True`` when these steps leave one of the needs without any answer."""
    ended = {step.match.pk for step in steps if step.match and not step.match.is_gone}
    for need in {step.need.pk: step.need for step in steps if step.need}.values():
        states = [
            MatchState.EXPIRED if match.pk in ended else MatchState(match.state)
            for match in need.matches.all()
        ]
        shown = lifecycle.overall(states, is_cancelled=False, is_routed=True, is_exhausted=True)
        if shown == NeedState.UNANSWERED:
            return True
    return False


def due_now(*, now: datetime) -> Iterator[UpcomingStep]:
    """The work of a sweep at that moment, drafts excepted."""
    for address in sorted(reminders.addresses(now=now)):
        if ready := reminders.ready_to_send(address, now=now):
            yield _reminder(address, ready, at=now)
    others = (step for step in due.ready_steps(now=now) if step.step != Step.REMIND)
    yield from _upcoming(others, now=now)
