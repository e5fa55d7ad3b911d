"""What staff do to a request: one act an address, then the page again, which says what was done."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone

from oversight import timeline
from oversight.forms import CloseForm, CorrectionForm, WithdrawForm
from oversight.views import detail
from oversight.views.access import StaffView, member, opened, staff_page
from solicitations import actions
from solicitations.lifecycle import ClosedReason, EventKind, ForbiddenMove
from solicitations.models import Solicitation
from territories.spoken_time import spoken_moment

MARKS = {
    "indesirable": (ClosedReason.SPAM, "La demande est classée indésirable : plus aucun courriel ne part."),
    "essai": (ClosedReason.TEST, "La demande est classée essai : plus aucun courriel ne part."),
}
NOTHING_SINCE = {EventKind.OPENED, EventKind.MAIL_OPENED}
Act = Callable[..., HttpResponse | None]


def act(view: Act) -> StaffView:
    """An act on a request that one may see: a stale page is told what happened, and changes nothing."""

    @wraps(view)
    def answered(request: HttpRequest, reference: str, **kwargs: object) -> HttpResponse:
        solicitation = opened(request, reference)
        if request.method != "POST":
            return redirect("oversight:request", reference)
        now = timezone.now()
        try:
            answer = view(request, solicitation, now, **kwargs)
        except ForbiddenMove:
            messages.warning(request, _meanwhile(solicitation, now=now))
            answer = None
        return answer or _back(request, solicitation)

    return staff_page(answered)


def _back(request: HttpRequest, solicitation: Solicitation) -> HttpResponseRedirect:
    if detail.visible_after(solicitation, member(request)):
        return redirect("oversight:request", solicitation.reference)
    messages.info(request, f"La demande {solicitation.reference} relève désormais d'une autre région.")
    return HttpResponseRedirect(reverse("oversight:list"))


def _meanwhile(solicitation: Solicitation, *, now: datetime) -> str:
    """What happened since the page was shown."""
    events = solicitation.events.exclude(kind__in=NOTHING_SINCE)
    last = (
        events.select_related("by_user", "by_mailbox", "match__expert__office").order_by("-at", "-pk").first()
    )
    if last is None:
        return "La demande a changé entre-temps : rien n'a été fait."
    when = spoken_moment(last.at, zone=solicitation.time_zone, now=now)
    what, author = EventKind(last.kind).label, timeline.author(last)
    return f"Rien n'a été fait, car la demande a changé entre-temps. {what}, {when} ({author})."


@act
def release(request: HttpRequest, solicitation: Solicitation, now: datetime) -> None:
    actions.release(solicitation, by=member(request), now=now)
    messages.success(request, "La demande est libérée : les référents la reçoivent.")


@act
def close(request: HttpRequest, solicitation: Solicitation, now: datetime) -> HttpResponse | None:
    form = CloseForm(request.POST, auto_id="clore-%s")
    if not form.is_valid():
        return detail.show(request, solicitation, refused=form, now=now)
    actions.close(solicitation, words=form.cleaned_data["words"], by=member(request), now=now)
    messages.success(request, "La demande est close : votre message part à l'entreprise.")
    return None


@act
def mark(request: HttpRequest, solicitation: Solicitation, now: datetime) -> None:
    if request.POST.get("marque") not in MARKS:
        raise Http404
    reason, sentence = MARKS[request.POST["marque"]]
    actions.mark(solicitation, reason, by=member(request), now=now)
    messages.success(request, sentence)


@act
def merge(request: HttpRequest, solicitation: Solicitation, now: datetime) -> None:
    actions.merge(solicitation, by=member(request), now=now)
    first = solicitation.duplicate_of
    messages.success(request, f"Le texte est ajouté à la demande {first}, et les référents le reçoivent.")


@act
def correct(request: HttpRequest, solicitation: Solicitation, now: datetime) -> HttpResponse | None:
    form = CorrectionForm(request.POST, solicitation=solicitation, auto_id="corriger-%s")
    if not form.is_valid():
        return detail.show(request, solicitation, refused=form, now=now)
    today = solicitation.today(now)
    actions.correct(
        solicitation,
        columns=form.columns(on=today),
        subjects=form.subjects(),
        by=member(request),
        now=now,
    )
    messages.success(
        request, "C'est corrigé. Les référents ont été désignés à nouveau ; les premiers restent."
    )
    return None


@act
def add_institution(request: HttpRequest, solicitation: Solicitation, now: datetime) -> HttpResponse | None:
    form: Form = detail.add_form(solicitation, request.POST, now=now)
    if not form.is_valid():
        return detail.show(request, solicitation, refused=form, now=now)
    cleaned = form.cleaned_data
    institution = cleaned["institution"]
    try:
        actions.add_institution(
            cleaned["need"], institution, reason=cleaned["reason"], by=member(request), now=now
        )
    except actions.NobodyThere:
        form.add_error(
            "institution", "Cette institution n'a personne pour ce besoin, ou a déjà reçu la demande."
        )
        return detail.show(request, solicitation, refused=form, now=now)
    messages.success(request, f"{institution.name} reçoit la demande.")
    return None


@act
def withdraw(request: HttpRequest, solicitation: Solicitation, now: datetime) -> HttpResponse | None:
    form = WithdrawForm(request.POST, solicitation=solicitation, auto_id="retirer-%s")
    if not form.is_valid():
        return detail.show(request, solicitation, refused=form, now=now)
    match = form.cleaned_data["match"]
    actions.withdraw(match, reason=form.cleaned_data["reason"], by=member(request), now=now)
    messages.success(request, f"{match.expert.office.name} n'a plus cette demande.")
    return None


@act
def settle(request: HttpRequest, solicitation: Solicitation, now: datetime, *, pk: int) -> None:
    actions.settle(get_object_or_404(solicitation.alerts, pk=pk), now=now)
    messages.success(request, "L'alerte est réglée.")
