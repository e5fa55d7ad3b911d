"""The owner's page after sending: the answer of each institution, and the owner's actions."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from experts import contacts
from experts.accounts import limits
from solicitations import links, progress, wording
from solicitations.actions import company_requests, feedback
from solicitations.expected_calls import ExpectedCall, expected_call, is_slow_to_leave
from solicitations.forms.follow_up import AdditionForm, AddressForm, CorrectionForm
from solicitations.lifecycle import AlertCause, ForbiddenMove
from solicitations.models import AddressChange, Solicitation, Survey
from solicitations.views import legal, originals
from solicitations.views.company.pages import OWNER, follow_path, owner_page, posted, survey_path
from territories.spoken_time import spoken_moment

OVER = "Cette demande est annulée ou terminée : elle ne peut plus être changée."


@owner_page
@require_safe
def follow(request: HttpRequest, solicitation: Solicitation) -> HttpResponse:
    """Show the progress of the request."""
    return show(request, solicitation)


@owner_page
@require_safe
def legal_answer(request: HttpRequest, solicitation: Solicitation) -> HttpResponse:
    """The labour-law question and what was answered, to print."""
    answers, page = progress.of(solicitation).legal_answers, follow_path(solicitation)
    return legal.answer_page(request, solicitation, answers, back=page) if answers else redirect(page)


@owner_page
@require_safe
def original(request: HttpRequest, solicitation: Solicitation, pk: int) -> HttpResponse:
    """The original mail of a text that the owner sent by mail."""
    added = get_object_or_404(solicitation.additions.select_related("incoming"), pk=pk)
    return originals.page(added, author=solicitation.contact_name)


@owner_page
@posted
def add(request: HttpRequest, solicitation: Solicitation) -> HttpResponse:
    """Add a text, or the answer to a question."""
    form = AdditionForm(request.POST)
    if not form.is_valid():
        return show(request, solicitation, addition=form)
    now = timezone.now()
    if limits.MESSAGES_PER_REQUEST.is_over(str(solicitation.pk), now=now):
        return limits.too_many(request, back=follow_path(solicitation))
    try:
        company_requests.add_information(solicitation, body=form.cleaned_data["body"], now=now)
    except ForbiddenMove:
        return back_to_page(request, solicitation, warning=OVER)
    return back_to_page(request, solicitation, success="Vos informations sont ajoutées à votre demande.")


@owner_page
@posted
def correct(request: HttpRequest, solicitation: Solicitation) -> HttpResponse:
    """Correct the phone number and the hours."""
    form = CorrectionForm(request.POST)
    if not form.is_valid():
        return show(request, solicitation, correction=form)
    now, cleaned = timezone.now(), form.cleaned_data
    if limits.MESSAGES_PER_REQUEST.is_over(str(solicitation.pk), now=now):
        return limits.too_many(request, back=follow_path(solicitation))
    try:
        company_requests.correct_contact(
            solicitation, phone=cleaned["phone"], days=cleaned["days"], hours=cleaned["hours"], now=now
        )
    except ForbiddenMove:
        return back_to_page(request, solicitation, warning=OVER)
    return back_to_page(request, solicitation, success="Votre numéro et vos horaires sont à jour.")


@owner_page
@posted
def insist(request: HttpRequest, solicitation: Solicitation) -> HttpResponse:
    """Report « Toujours pas rappelé », once a call may be called late."""
    now = timezone.now()
    expected = expected_call(solicitation, now=now)
    is_shown_over = solicitation.is_over and not progress.says_received_only(solicitation)
    if not expected.is_late and not is_shown_over:
        return back_to_page(request, solicitation, info=_too_early(expected, solicitation, now=now))
    try:
        feedback.report_not_called(solicitation, now=now)
    except ForbiddenMove:
        return back_to_page(request, solicitation, warning=OVER)
    except feedback.TooSoon:
        sentence = (
            "Vous nous l'avez déjà dit il y a moins d'un jour : les personnes concernées sont prévenues."
        )
        return back_to_page(request, solicitation, info=sentence)
    return back_to_page(
        request, solicitation, success="C'est noté : les personnes concernées sont prévenues."
    )


@owner_page
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, solicitation: Solicitation) -> HttpResponse:
    """Ask for a confirmation, then cancel."""
    if request.method != "POST":
        context = {"solicitation": solicitation, "follow_path": follow_path(solicitation)}
        return render(request, "solicitations/company/cancel.html", context)
    try:
        company_requests.cancel(solicitation, now=timezone.now())
    except ForbiddenMove:
        return back_to_page(request, solicitation, warning=OVER)
    return back_to_page(
        request, solicitation, success="Votre demande est annulée. Les conseillers sont prévenus."
    )


@owner_page
def elsewhere(request: HttpRequest, solicitation: Solicitation, rest: str) -> HttpResponse:
    """Redirect to the page an address below it that names nothing."""
    return redirect(follow_path(solicitation))


renew = OWNER.renewal(company_requests.renew_link)


def _too_early(expected: ExpectedCall, solicitation: Solicitation, *, now: datetime) -> str:
    """Say when a call may be expected, to who reports that nobody called."""
    if expected.by is None:
        return "Personne n'a encore à vous appeler : cette page le dira dès que votre demande sera transmise."
    by = spoken_moment(expected.by, zone=solicitation.time_zone, now=now)
    return f"Il est encore tôt : comptez jusqu'à {by}. Passé ce moment, dites-le-nous ici."


def back_to_page(request: HttpRequest, solicitation: Solicitation, **sentences: str) -> HttpResponseRedirect:
    """Redirect to the owner's page, with a message on top; ``sentences``: by level."""
    for level, sentence in sentences.items():
        getattr(messages, level)(request, sentence)
    return HttpResponseRedirect(follow_path(solicitation))


def show(
    request: HttpRequest,
    solicitation: Solicitation,
    *,
    addition: AdditionForm | None = None,
    correction: CorrectionForm | None = None,
    address: AddressForm | None = None,
) -> HttpResponse:
    """The owner's page, with an invalid form when one was posted."""
    now = timezone.now()
    given = {
        "phone": solicitation.phone,
        "days": solicitation.callback_days,
        "hours": solicitation.callback_hours,
    }
    context = {
        **_request_context(request, solicitation, now=now),
        "addition_form": addition or AdditionForm(),
        "address_form": address or AddressForm(),
        "correction_form": correction or CorrectionForm(initial=given),
        "refused": addition or correction or address,
        "is_new": "merci" in request.GET,
        "follow_path": follow_path(solicitation),
    }
    return render(request, "solicitations/company/follow.html", context)


def _request_context(request: HttpRequest, solicitation: Solicitation, *, now: datetime) -> dict[str, Any]:
    """The part of the page's context that says where the request stands."""
    today = solicitation.today(now)
    # The sender may have typed somebody else's address: only a mailed link shows the first request.
    is_theirs = links.came_by_mail(request.GET.get(links.BY_MAIL, ""), solicitation)
    first = solicitation.repeated_request() if is_theirs else None
    refused = solicitation.alerts.open().filter(cause=AlertCause.ACKNOWLEDGEMENT_REFUSED)
    return {
        "solicitation": solicitation,
        "progress": progress.of(solicitation),
        "expected_call": expected_call(solicitation, now=now),
        "zone": solicitation.time_zone,
        "callback": wording.callback(solicitation),
        "company_lines": wording.company_lines(solicitation, today=today),
        "survey": Survey.objects.filter(solicitation=solicitation).first(),
        "survey_path": survey_path(solicitation),
        "first": first,
        "first_path": follow_path(first) if first else "",
        "is_slow": is_slow_to_leave(solicitation, now=now),
        "linked": [(row, follow_path(row)) for row in progress.linked_to(solicitation)],
        "address_waits": AddressChange.objects.pending(now=now).filter(solicitation=solicitation).exists(),
        "is_address_refused": refused.exists(),
        "region_contact": contacts.region_contact(solicitation.commune.region, on=today),
    }
