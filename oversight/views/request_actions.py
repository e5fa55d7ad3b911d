"""Actions of staff on a request: each has its address, and redirects to the page with a message."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone

from experts.accounts.staff_access import StaffView, staff_page, staff_user
from oversight import timeline
from oversight.forms import RequestCorrectionForm, WithdrawForm
from oversight.staff_forms import CloseForm
from oversight.views import request_detail
from oversight.views.access import get_request_or_404
from solicitations.actions import expert_answers, staff_actions
from solicitations.lifecycle import ClosedReason, EventKind, ForbiddenMove
from solicitations.models import Solicitation
from territories.spoken_time import spoken_moment

MARKS = {
    "indesirable": (ClosedReason.SPAM, "La demande est classée indésirable : plus aucun courriel ne part."),
    "essai": (ClosedReason.TEST, "La demande est classée essai : plus aucun courriel ne part."),
}
FILL_IN = "reprendre"  # the button of the canned answers
ActionView = Callable[..., HttpResponse | None]


def staff_action(view: ActionView) -> StaffView:
    """Decorate an action on a visible request; from a stale page, it changes nothing and says why."""

    @wraps(view)
    def wrapper(request: HttpRequest, reference: str, **kwargs: object) -> HttpResponse:
        solicitation = get_request_or_404(request, reference)
        if request.method != "POST":
            return redirect("oversight:request", reference)
        now = timezone.now()
        try:
            answer = view(request, solicitation, now, **kwargs)
        except ForbiddenMove:
            messages.warning(request, _describe_last_change(solicitation, now=now))
            answer = None
        return answer or _redirect(request, solicitation)

    return staff_page(wrapper)


def _redirect(request: HttpRequest, solicitation: Solicitation) -> HttpResponseRedirect:
    if request_detail.visible_after(solicitation, staff_user(request)):
        return redirect("oversight:request", solicitation.reference)
    messages.info(request, f"La demande {solicitation.reference} relève désormais d'une autre région.")
    return HttpResponseRedirect(reverse("oversight:list"))


def _describe_last_change(solicitation: Solicitation, *, now: datetime) -> str:
    """Sentence about the last event of the request, for somebody who posted from a stale page."""
    events = solicitation.events.exclude(kind__in=timeline.OPENINGS)
    last = (
        events.select_related("by_user", "by_mailbox", "match__expert__office").order_by("-at", "-pk").first()
    )
    if last is None:
        return "La demande a changé entre-temps : rien n'a été fait."
    when = spoken_moment(last.at, time_zone=solicitation.time_zone, now=now)
    what, author = EventKind(last.kind).label, timeline.author(last)
    return f"Rien n'a été fait, car la demande a changé entre-temps. {what}, {when} ({author})."


@staff_action
def release(request: HttpRequest, solicitation: Solicitation, now: datetime) -> None:
    staff_actions.release(solicitation, by=staff_user(request), now=now)
    messages.success(request, "La demande est libérée : les référents la reçoivent.")


@staff_action
def close(request: HttpRequest, solicitation: Solicitation, now: datetime) -> HttpResponse | None:
    """Close with a message; the button that fills it in with a canned answer only shows the form again."""
    form = CloseForm(request.POST, solicitation=solicitation, auto_id="clore-%s")
    if FILL_IN in request.POST:
        filled = CloseForm(initial=form.filled_in(), solicitation=solicitation, auto_id="clore-%s")
        return request_detail.show(request, solicitation, refused=filled, now=now)
    if not form.is_valid():
        return request_detail.show(request, solicitation, refused=form, now=now)
    staff_actions.close(solicitation, message=form.cleaned_data["words"], by=staff_user(request), now=now)
    messages.success(request, "La demande est close : votre message part à l'entreprise.")
    return None


@staff_action
def mark(request: HttpRequest, solicitation: Solicitation, now: datetime) -> None:
    if request.POST.get("marque") not in MARKS:
        raise Http404
    reason, sentence = MARKS[request.POST["marque"]]
    staff_actions.mark(solicitation, reason, by=staff_user(request), now=now)
    messages.success(request, sentence)


@staff_action
def merge(request: HttpRequest, solicitation: Solicitation, now: datetime) -> None:
    """Merge into the first request; when it is another region's, only alert that region."""
    user, first = staff_user(request), solicitation.duplicate_of
    try:
        staff_actions.merge(solicitation, by=user, now=now)
    except staff_actions.OtherRegion:
        staff_actions.tell_other_region(solicitation, by=user, now=now)
        messages.info(
            request,
            f"La demande {first} relève d'une autre région : rien n'y a été écrit. "
            "Son équipe est prévenue ; libérez ou closez celle-ci selon sa réponse.",
        )
        return
    messages.success(request, f"Le texte est ajouté à la demande {first}, et les référents le reçoivent.")


@staff_action
def correct(request: HttpRequest, solicitation: Solicitation, now: datetime) -> HttpResponse | None:
    form = RequestCorrectionForm(request.POST, solicitation=solicitation, auto_id="corriger-%s")
    if not form.is_valid():
        return request_detail.show(request, solicitation, refused=form, now=now)
    today = solicitation.today(now)
    staff_actions.correct(
        solicitation,
        columns=form.columns(on=today),
        subjects=form.subjects(),
        by=staff_user(request),
        now=now,
    )
    messages.success(
        request, "C'est corrigé. Les référents ont été désignés à nouveau ; les premiers restent."
    )
    return None


@staff_action
def add_institution(request: HttpRequest, solicitation: Solicitation, now: datetime) -> HttpResponse | None:
    form: Form = request_detail.add_form(solicitation, request.POST, now=now)
    if not form.is_valid():
        return request_detail.show(request, solicitation, refused=form, now=now)
    cleaned = form.cleaned_data
    institution = cleaned["institution"]
    try:
        staff_actions.add_institution(
            cleaned["need"], institution, reason=cleaned["reason"], by=staff_user(request), now=now
        )
    except expert_answers.NobodyThere:
        form.add_error(
            "institution", "Cette institution n'a personne pour ce besoin, ou a déjà reçu la demande."
        )
        return request_detail.show(request, solicitation, refused=form, now=now)
    messages.success(request, f"{institution.name} reçoit la demande.")
    return None


@staff_action
def withdraw(request: HttpRequest, solicitation: Solicitation, now: datetime) -> HttpResponse | None:
    form = WithdrawForm(request.POST, solicitation=solicitation, auto_id="retirer-%s")
    if not form.is_valid():
        return request_detail.show(request, solicitation, refused=form, now=now)
    match = form.cleaned_data["match"]
    staff_actions.withdraw(match, reason=form.cleaned_data["reason"], by=staff_user(request), now=now)
    messages.success(request, f"{match.expert.office.name} n'a plus cette demande.")
    return None


@staff_action
def resolve_alert(request: HttpRequest, solicitation: Solicitation, now: datetime, *, pk: int) -> None:
    staff_actions.resolve_alert(get_object_or_404(solicitation.alerts, pk=pk), now=now)
    messages.success(request, "L'alerte est réglée.")
