"""The rows that the clock wrote: mails and events; and the requests that it would advance."""

from datetime import datetime

from mailing.models import OutgoingEmail
from solicitations.clock import due
from solicitations.clock.steps import Step
from solicitations.lifecycle import CLOCK_EVENTS
from solicitations.models import Event, Solicitation


def recipients(template: str = "", *, since: datetime | None = None) -> list[str]:
    """Recipients of the mails of this template, in the order they were written."""
    rows = OutgoingEmail.objects.filter(cancelled_at=None).order_by("pk")
    if template:
        rows = rows.filter(template__endswith=f"/{template}")
    if since:
        rows = rows.filter(created_at__gte=since)
    return [row.to for row in rows]


def templates(*, since: datetime) -> list[str]:
    """Template names of the mails written since that moment."""
    rows = OutgoingEmail.objects.filter(created_at__gte=since, cancelled_at=None).order_by("pk")
    return [row.template.rpartition("/")[2] for row in rows]


def clock_events(solicitation: Solicitation) -> list[str]:
    """The clock's events of a request, in order."""
    events = Event.objects.filter(solicitation=solicitation, kind__in=CLOCK_EVENTS).in_order()
    return [event.kind for event in events]


def requests_to_advance(at: datetime) -> list[int]:
    """Ids of the requests for which a sweep would do a step other than a reminder."""
    ready = due.ready_steps(now=at)
    return sorted({planned.solicitation.pk for planned in ready if planned.step != Step.REMIND})


def context(template: str) -> dict:
    """The context of the last mail of this template."""
    return OutgoingEmail.objects.filter(template__endswith=f"/{template}").order_by("pk").last().context
