"""The owner's page after sending: the answer of each institution, and the owner's actions."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from experts import contacts
from experts.accounts import limits
from experts.wording import distress
from owners.expected_calls import expected_call, is_slow_to_leave
from owners.forms.follow_up import AdditionForm, AddressForm, CorrectionForm, ReplyForm
from owners.views import planned_calls
from owners.views.early_reports import too_early_message
from owners.views.pages import OWNER, follow_path, owner_page, posted, survey_path
from solicitations import links, progress, wording
from solicitations.actions import company_requests, expert_messages, feedback
from solicitations.forms import files
from solicitations.lifecycle import AlertCause, EventKind, ForbiddenMove
from solicitations.models import AddressChange, Question, Solicitation, Survey
from solicitations.models.conversation import WITHDRAWAL_DELAY
from solicitations.views import legal, originals, served_files
from solicitations.views.served_files import takes_files

MAX_NUMBER_LENGTH = 18
OVER = "Cette demande est annulée ou terminée : elle ne peut plus être changée."


@owner_page
@require_safe
def follow(request: HttpRequest, solicitation: Solicitation) -> HttpResponse:
    """Show the progress of the request."""
    return show(request, solicitation)


@owner_page
@require_safe
def legal_answer(request: HttpRequest, solicitation: Solicitation) -> HttpResponse:
    """The labour-law question and what was answered, to print."""
    answers, page = progress.build(solicitation).legal_answers, follow_path(solicitation)
    if not answers:
        return redirect(page)
    added = solicitation.additions.order_by("at", "pk")
    return legal.answer_page(request, solicitation, answers, additions=added, back=page)


@owner_page
@require_safe
def original(request: HttpRequest, solicitation: Solicitation, pk: int) -> HttpResponse:
    """The original mail of a text that the owner sent by mail."""
    added = get_object_or_404(solicitation.additions.select_related("incoming"), pk=pk)
    return originals.page(added, author=solicitation.contact_name)


@takes_files(links.FOLLOW)
@owner_page
@posted
def add(request: HttpRequest, solicitation: Solicitation) -> HttpResponse:
    """Add a text for all the experts, or answer one question."""
    question = _question(request, solicitation)
    typed = (request.POST, request.FILES)
    form = ReplyForm(*typed, question=question) if question else AdditionForm(*typed)
    if not form.is_valid():
        return show(request, solicitation, addition=form)
    now = timezone.now()
    if limits.MESSAGES_PER_SOLICITATION.is_over(str(solicitation.pk), now=now):
        return limits.too_many(request, back=follow_path(solicitation))
    try:
        company_requests.add_information(solicitation, question=question, now=now, **form.cleaned_data)
    except ForbiddenMove:
        return back_to_page(request, solicitation, warning=OVER)
    except files.REFUSALS as refusal:
        form.add_error("attached", files.sentence(refusal))
        return show(request, solicitation, addition=form)
    if isinstance(form, ReplyForm):
        return back_to_page(request, solicitation, success=f"Votre réponse est envoyée à {form.readers}.")
    return back_to_page(request, solicitation, success="Vos informations sont ajoutées à votre demande.")


def _question(request: HttpRequest, solicitation: Solicitation) -> Question | None:
    """The question that a post answers; ``None`` for a text to all the experts; 404 for an unknown one."""
    pk = request.POST.get("question", "")
    if not pk:
        return None
    if not pk.isdecimal() or len(pk) > MAX_NUMBER_LENGTH:
        raise Http404
    return get_object_or_404(solicitation.questions, pk=pk)


@owner_page
def download(request: HttpRequest, solicitation: Solicitation, pk: int) -> HttpResponse:
    """Serve a file of the owner's own voice: what it sent, or what an expert sent to it."""
    own = solicitation.files.filter(message=None, internal_message=None)
    return served_files.response(get_object_or_404(own, pk=pk))


@owner_page
@posted
def withdraw(request: HttpRequest, solicitation: Solicitation, pk: int) -> HttpResponse:
    """Withdraw a text written a few minutes ago."""
    text = get_object_or_404(solicitation.additions, pk=pk)
    try:
        expert_messages.withdraw(text, by=solicitation, now=timezone.now())
    except expert_messages.TooLateToWithdraw:
        sentence = "Trop tard pour le retirer : quinze minutes sont passées. Écrivez plutôt un nouveau texte."
        return back_to_page(request, solicitation, warning=sentence)
    return back_to_page(
        request,
        solicitation,
        success="Votre texte est retiré de la page. Les courriels déjà partis ne se rattrapent pas.",
    )


@owner_page
@posted
def correct(request: HttpRequest, solicitation: Solicitation) -> HttpResponse:
    """Correct the phone number, the hours, and the way of being answered."""
    form = CorrectionForm(request.POST)
    if not form.is_valid():
        return show(request, solicitation, correction=form)
    now, cleaned = timezone.now(), form.cleaned_data
    if limits.MESSAGES_PER_SOLICITATION.is_over(str(solicitation.pk), now=now):
        return limits.too_many(request, back=follow_path(solicitation))
    try:
        company_requests.correct_contact(solicitation, now=now, **cleaned)
    except ForbiddenMove:
        return back_to_page(request, solicitation, warning=OVER)
    return back_to_page(request, solicitation, success="C'est à jour : les conseillers le savent.")


@owner_page
@posted
def insist(request: HttpRequest, solicitation: Solicitation) -> HttpResponse:
    """Report « Toujours pas rappelé », once a call may be called late."""
    now = timezone.now()
    if sentence := too_early_message(solicitation, now=now):
        return back_to_page(request, solicitation, info=sentence)
    try:
        feedback.report_not_called(solicitation, now=now)
    except ForbiddenMove:
        return back_to_page(request, solicitation, warning=OVER)
    except feedback.TooEarly:
        sentence = (
            "Vous nous l'avez déjà dit il y a moins d'un jour : les personnes concernées sont prévenues."
        )
        return back_to_page(request, solicitation, info=sentence)
    return back_to_page(
        request, solicitation, success="C'est noté : les personnes concernées sont prévenues."
    )


@owner_page
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, solicitation: Solicitation) -> HttpResponse:
    """Ask for a confirmation, then cancel."""
    if request.method != "POST":
        context = {"solicitation": solicitation, "follow_path": follow_path(solicitation)}
        return render(request, "owners/cancel.html", context)
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


def back_to_page(request: HttpRequest, solicitation: Solicitation, **sentences: str) -> HttpResponseRedirect:
    """Redirect to the owner's page, with a message on top; ``sentences``: by level.

    A page that was opened from a mail stays so: it says more of a repeated request.
    """
    for level, sentence in sentences.items():
        getattr(messages, level)(request, sentence)
    before = QueryDict(request.headers.get("Referer", "").partition("?")[2]).get(links.BY_MAIL, "")
    path = follow_path(solicitation)
    if links.came_by_mail(before, solicitation):
        path += f"?{links.BY_MAIL}={before}"
    return HttpResponseRedirect(path)


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
        "wish": solicitation.contact_wish,
    }
    where = _request_context(request, solicitation, now=now)
    context = {
        **where,
        **_conversation(solicitation, where["progress"].questions, addition, now=now),
        "address_form": address or AddressForm(),
        "correction_form": correction or CorrectionForm(initial=given),
        "refused": addition or correction or address,
        "is_new": "merci" in request.GET,
        "follow_path": follow_path(solicitation),
    }
    return render(request, "owners/follow.html", context)


def _conversation(
    solicitation: Solicitation,
    questions: Iterable[Question],
    posted_form: AdditionForm | None,
    *,
    now: datetime,
) -> dict[str, Any]:
    """Texts of the conversation, and the form of each answer, or ``posted_form``, which is invalid."""
    rows = solicitation.additions.select_related("question").prefetch_related("files")
    added = list(rows.order_by("at", "pk"))
    answered = posted_form.question if isinstance(posted_form, ReplyForm) else None
    asked: list[dict[str, Any]] = [
        {
            "question": question,
            "form": posted_form if question == answered else ReplyForm(question=question),
            "answers": [row for row in added if row.question == question],
        }
        for question in questions
    ]
    recent = now - WITHDRAWAL_DELAY
    texts = [row.body for row in added if row.at >= recent]
    if solicitation.submitted_at and solicitation.submitted_at >= recent:
        texts.append(solicitation.description)
    return {
        "is_distress": any(map(distress.is_told_in, texts)),
        "addition_form": posted_form if posted_form and not answered else AdditionForm(),
        "additions": [row for row in added if row.question is None],
        "asked": asked,
        "unanswered": [one for one in asked if one["question"].is_waiting],
        "withdrawable": [row for row in added if row.at >= recent and not row.withdrawn_at],
    }


def _request_context(request: HttpRequest, solicitation: Solicitation, *, now: datetime) -> dict[str, Any]:
    """The part of the page's context that says where the request stands."""
    today = solicitation.today(now)
    # The sender may have typed somebody else's address: only a mailed link shows the first request.
    is_theirs = links.came_by_mail(request.GET.get(links.BY_MAIL, ""), solicitation)
    first = solicitation.repeated_request() if is_theirs else None
    reminders = solicitation.events.filter(kind=EventKind.COMPANY_TOLD)
    refused = solicitation.alerts.open().filter(cause=AlertCause.ACKNOWLEDGEMENT_REFUSED)
    return {
        "solicitation": solicitation,
        "progress": progress.build(solicitation),
        "expected_call": expected_call(solicitation, now=now),
        "planned_calls": planned_calls.announced_calls(solicitation, now=now),
        "time_zone": solicitation.time_zone,
        "callback": wording.callback(solicitation),
        "company_lines": wording.company_lines(solicitation, today=today),
        "survey": Survey.objects.filter(solicitation=solicitation).first(),
        "survey_path": survey_path(solicitation),
        "first": first,
        "first_path": follow_path(first) if first else "",
        "is_slow": is_slow_to_leave(solicitation, now=now),
        "reminded_at": reminders.order_by("at", "pk").values_list("at", flat=True).last(),
        "linked": [(row, follow_path(row)) for row in progress.linked_to(solicitation)],
        "address_waits": AddressChange.objects.pending(now=now).filter(solicitation=solicitation).exists(),
        "is_address_refused": refused.exists(),
        "region_contact": contacts.region_contact(solicitation.commune.region, on=today),
    }
