"""Feedback of the company: called back or not, useful or not."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.db import transaction

from solicitations.actions.company_requests import lock_for_company
from solicitations.dispatch import alerts
from solicitations.lifecycle import AlertCause, EventKind, ForbiddenMove, RequestState
from solicitations.models import Event, Solicitation, Survey
from solicitations.models.surveys import Outcome, Usefulness
from solicitations.notifications import to_experts, to_managers

REPORTED_AGAIN_AFTER = timedelta(hours=24)


class TooEarly(Exception):
    """The company reported this less than a day ago: experts, managers and staff were notified."""


@dataclass(frozen=True)
class Opinion:
    """A company's answers to the survey."""

    was_called: bool
    usefulness: Usefulness
    outcome: Outcome
    comment: str = ""


@transaction.atomic(durable=True)
def report_not_called(solicitation: Solicitation, *, now: datetime) -> None:
    """Record that nobody called the company; notify the experts, their offices' managers and staff.

    Raises ``TooEarly`` within a day, ``ForbiddenMove`` once the request is cancelled, spam or a test.
    """
    locked = lock_for_company(solicitation)
    earlier = locked.events.filter(kind=EventKind.STILL_WAITING, at__gt=now - REPORTED_AGAIN_AFTER)
    if earlier.exists():
        raise TooEarly
    event = Event.objects.record(EventKind.STILL_WAITING, locked, by=locked, at=now)
    to_experts.not_called(locked, event=event, now=now)
    to_managers.not_called(locked, event=event, now=now)
    alerts.raise_alert(locked, AlertCause.NOT_CALLED, details=locked.phone, now=now)


@transaction.atomic(durable=True)
def report_called(solicitation: Solicitation, *, now: datetime) -> None:
    """Record that the company was called, once, and resolve the alert about it.

    Raises ``ForbiddenMove`` once the request is cancelled, spam or a test.
    """
    locked = lock_for_company(solicitation)
    reports = locked.events.filter(kind__in=[EventKind.CALLED, EventKind.STILL_WAITING])
    last = reports.in_order().last()
    if last is not None and last.kind == EventKind.CALLED:
        return
    Event.objects.record(EventKind.CALLED, locked, by=locked, at=now)
    locked.alerts.open().filter(cause=AlertCause.NOT_CALLED).update(settled_at=now)


@transaction.atomic(durable=True)
def answer_survey(solicitation: Solicitation, opinion: Opinion, *, now: datetime) -> None:
    """Save the answers to the survey; answering again corrects them. Raises ``ForbiddenMove`` once erased.

    The experts who took a need and their managers read the answers; a negative one alerts the region.
    """
    locked = Solicitation.objects.locked(solicitation.pk)
    if locked.state == RequestState.ANONYMISED:
        raise ForbiddenMove(RequestState(locked.state), RequestState.SUBMITTED)
    survey, is_unasked = Survey.objects.get_or_create(solicitation=locked, defaults={"asked_at": now})
    if is_unasked:
        locked.surveyed_at = now
        locked.save(update_fields=["surveyed_at"])
    if survey.answered_at is not None and survey.opinion() == asdict(opinion):
        return
    for name, value in asdict(opinion).items():
        setattr(survey, name, value)
    survey.answered_at = now
    survey.save()
    Event.objects.record(EventKind.SURVEY_ANSWERED, locked, by=locked, at=now)
    to_experts.survey_answered(survey, now=now)
    to_managers.survey_answered(survey, now=now)
    if survey.is_negative:
        details = " ; ".join(f"{question} : {answer}" for question, answer in survey.answers().items())
        alerts.raise_alert(locked, AlertCause.UNHAPPY, details=details, now=now)
    else:
        locked.alerts.open().filter(cause=AlertCause.UNHAPPY).update(settled_at=now)
