"""« Prévoir un rappel »: say, move, cancel the hour of a call; its file for the expert's calendar."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from solicitations.models import Mailbox, PlannedCall
from territories.spoken_time import spoken_moment
from workspace import call_mails, call_planning
from workspace.call_planning import CallPlanForm
from workspace.views.answer import call_plan_form, show
from workspace.views.link_access import expert_page, post_only, redirect_to_page

OLDER_PAGE = (
    "Cet appel a changé depuis que vous avez ouvert la page. Rien n'a été changé : voici où il en est."
)
NO_LONGER = "Vous n'avez plus de besoin en cours ici : rien n'a été changé."


@expert_page
@post_only
def plan_call(request: HttpRequest, mailbox: Mailbox) -> HttpResponse:
    """Plan the call, or move it; posted from an older page, it changes nothing."""
    now = timezone.now()
    form: CallPlanForm = call_plan_form(mailbox, request.POST, now=now)
    if not form.is_valid():
        return show(request, mailbox, refused={"call_plan": form})
    starts_at = form.starts_at()
    if _is_stale(request, mailbox, starts_at):
        return redirect_to_page(request, mailbox, OLDER_PAGE, level=messages.WARNING)
    try:
        call_planning.plan(mailbox, starts_at=starts_at, now=now)
    except call_planning.NoActiveNeed:
        return redirect_to_page(request, mailbox, NO_LONGER, level=messages.WARNING)
    when = spoken_moment(starts_at, time_zone=mailbox.solicitation.time_zone, now=now)
    return redirect_to_page(request, mailbox, f"Appel prévu {when}. L'entreprise le saura dans une minute.")


@expert_page
@post_only
def cancel_call(request: HttpRequest, mailbox: Mailbox) -> HttpResponse:
    """Cancel the call."""
    return _act(request, mailbox, call_planning.cancel, "L'appel prévu est annulé.")


@expert_page
@post_only
def undo_call(request: HttpRequest, mailbox: Mailbox) -> HttpResponse:
    """Undo the last change, for a minute."""
    return _act(request, mailbox, call_planning.undo, "C'est annulé : l'entreprise n'en saura rien.")


def _act(request: HttpRequest, mailbox: Mailbox, act: Any, done: str) -> HttpResponse:
    if _is_stale(request, mailbox):
        return redirect_to_page(request, mailbox, OLDER_PAGE, level=messages.WARNING)
    try:
        act(mailbox, now=timezone.now())
    except call_planning.NoActiveNeed:
        return redirect_to_page(request, mailbox, NO_LONGER, level=messages.WARNING)
    except call_planning.TooLateToUndoCall:
        late = "Plus d'une minute a passé : changez l'heure, ou annulez l'appel."
        return redirect_to_page(request, mailbox, late, level=messages.WARNING)
    return redirect_to_page(request, mailbox, done)


def _is_stale(request: HttpRequest, mailbox: Mailbox, starts_at: datetime | None = None) -> bool:
    """True when the call changed since the page was opened; a second click on the same hour is no change."""
    call = PlannedCall.objects.filter(mailbox=mailbox).first()
    if call and starts_at and call.starts_at == starts_at and not call.cancelled_at:
        return False
    return _tag(call) != request.POST.get("seen_call", _tag(None))


def _tag(call: PlannedCall | None) -> str:
    return str(call.sequence) if call else ""


@expert_page
@require_safe
def calendar_file(request: HttpRequest, mailbox: Mailbox) -> HttpResponse:
    """Download the call for one's own calendar."""
    now = timezone.now()
    call = PlannedCall.objects.upcoming(now=now).filter(mailbox=mailbox).first()
    if call is None:
        raise Http404
    call.mailbox = mailbox
    response = HttpResponse(
        call_mails.expert_file(call, now=now), content_type="text/calendar; charset=utf-8"
    )
    response["Content-Disposition"] = 'attachment; filename="rappel.ics"'
    return response
