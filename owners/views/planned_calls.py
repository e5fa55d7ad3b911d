"""Calls planned with the owner, on its page and as a file for its calendar."""

from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from experts.models import Expert
from owners.views.pages import owner_page
from solicitations import call_calendar, progress
from solicitations.models import PlannedCall, Solicitation


def announced_calls(solicitation: Solicitation, *, now: datetime) -> list[tuple[PlannedCall, Expert]]:
    """The calls to come that the company was told of, with who calls."""
    if progress.says_received_only(solicitation):
        return []
    calls = PlannedCall.objects.mailed_to_company(now=now).filter(mailbox__solicitation=solicitation)
    rows = calls.select_related("mailbox").order_by("starts_at", "pk")
    return [(call, call.mailbox.speaker()) for call in rows]


@owner_page
@require_safe
def calendar_file(request: HttpRequest, solicitation: Solicitation, pk: int) -> HttpResponse:
    """Download a call for one's own calendar: the same event as in the mail that announced it."""
    now = timezone.now()
    found = next((row for row in announced_calls(solicitation, now=now) if row[0].pk == pk), None)
    if found is None:
        raise Http404
    call, expert = found
    call.mailbox.solicitation = solicitation
    written = call_calendar.company_file(
        call, person=expert.name, office=expert.office.name, phone=expert.public_phone, now=now
    )
    response = HttpResponse(written, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="rendez-vous.ics"'
    return response
