"""The moment stored with each request: the sweep asks the planner then, at its next step or earlier.

Each change of a request sets it to now, the sweep puts it off to the next step, and the nightly recount
brings it forward where settings, holidays or subjects have changed.
"""

import gc
import logging
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import datetime
from itertools import islice

from django.db.models import Q

from solicitations.clock import mails, plan
from solicitations.clock.steps import Clock, Planned, Step
from solicitations.models import Mailbox, Solicitation
from solicitations.models.request_querysets import SolicitationQuerySet

logger = logging.getLogger(__name__)

CHUNK = 50


def ready_steps(*, now: datetime) -> Iterator[Planned]:
    """The ready steps of the requests that are due; a request whose plan fails is skipped."""
    for solicitation in loaded(Solicitation.objects.clock_due(now=now)):
        try:
            steps = plan.plan(solicitation, now=now)
        except Exception:
            logger.exception("request %s could not be planned", solicitation.pk)
            continue
        yield from (step for step in steps if step.is_ready(now=now))


def loaded(requests: SolicitationQuerySet) -> Iterator[Solicitation]:
    """Yield these requests, loaded by ``plan.load`` a few at a time.

    A request and its needs name each other, so that Python frees them only by its collector: it is called
    after each full chunk, and looks at nothing older than this loop.
    """
    pks = requests.values_list("pk", flat=True).iterator(chunk_size=CHUNK)
    chunk = list(islice(pks, CHUNK))
    with _older_objects_left_alone() if len(chunk) == CHUNK else nullcontext():
        while chunk:
            rows = plan.load(sorted(chunk, reverse=True))
            while rows:
                yield rows.pop()
            if len(chunk) == CHUNK:
                gc.collect()
            chunk = list(islice(pks, CHUNK))


@contextmanager
def _older_objects_left_alone() -> Iterator[None]:
    """Exclude older objects from garbage collections: scanning those of a process takes 0.1 s."""
    if gc.get_freeze_count():  # the process has done so already
        yield
        return
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def next_at(solicitation: Solicitation, *, now: datetime) -> datetime | None:
    """The moment of the next step of a request that ``plan.load`` brought; ``None`` when none is left."""
    asked_at = max(now, solicitation.clock_retry_at or now)
    steps = (step for step in plan.plan(solicitation, now=asked_at) if step.is_next)
    return min((at_most_one_a_day(step, now=asked_at).runs_at for step in steps), default=None)


def bring_forward(solicitation: Solicitation, *, now: datetime) -> None:
    """Store the planner's moment when it is earlier than the stored one; no lock: an earlier one is safe."""
    at = next_at(solicitation, now=now)
    if at is not None and (solicitation.clock_due_at is None or at < solicitation.clock_due_at):
        later = Q(clock_due_at=None) | Q(clock_due_at__gt=at)
        Solicitation.objects.filter(later, pk=solicitation.pk).update(clock_due_at=at)


def at_most_one_a_day(step: Planned, *, now: datetime) -> Planned:
    """Move a due reminder to the next day when its person has had today's reminder mail."""
    if step.step != Step.REMIND or step.runs_at > now or step.match is None:
        return step
    first = Mailbox.objects.at(step.match.mailbox.email).order_by("pk").first()
    is_reminded = first is not None and mails.is_reminded(first, step.solicitation.today(now))
    return move_to_next_day(step, of=now) if is_reminded else step


def move_to_next_day(step: Planned, *, of: datetime) -> Planned:
    """Move a reminder to the day after ``of``, the day of another one to the same person."""
    clock = Clock(step.solicitation.commune, of)
    return replace(step, runs_at=clock.runs_at(max(step.runs_at, clock.next_day(of))))
