"""Feedback pages: « Vous a-t-on rappelé ? », and the survey of three questions."""

from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from experts.accounts import limits
from owners.forms.opinion import SurveyForm, initial_answers
from owners.views.early_reports import too_early_message
from owners.views.pages import page_from_mail
from solicitations import links, progress
from solicitations.actions import feedback
from solicitations.lifecycle import ForbiddenMove
from solicitations.models import Solicitation, Survey

REQUEST_CANCELLED = "Cette demande est annulée : il n'y a plus rien à dire."


@page_from_mail(links.SURVEY)
@require_http_methods(["GET", "HEAD", "POST"])
def survey(request: HttpRequest, solicitation: Solicitation) -> HttpResponse:
    """Show and save the survey; answers may be corrected."""
    existing = Survey.objects.filter(solicitation=solicitation).first()
    form = SurveyForm(request.POST if request.method == "POST" else None, initial=initial_answers(existing))
    now = timezone.now()
    if request.method == "POST" and form.is_valid():
        if limits.MESSAGES_PER_SOLICITATION.is_over(str(solicitation.pk), now=now):
            return limits.too_many(request, back=request.path)
        feedback.answer_survey(solicitation, form.opinion(), now=now)
        return HttpResponseRedirect(f"{request.path}?merci")
    context = {
        "solicitation": solicitation,
        "subjects": progress.subjects(solicitation),
        "form": form,
        "survey": existing,
        "is_done": "merci" in request.GET and existing is not None and not form.errors,
        "time_zone": solicitation.time_zone,
        "survey_path": request.path,
    }
    return render(request, "owners/survey.html", context)


@page_from_mail(links.CALL_CHECK)
@require_http_methods(["GET", "HEAD", "POST"])
def call_check(request: HttpRequest, solicitation: Solicitation) -> HttpResponse:
    """Show who took the company's request and when, and ask whether they called: « Oui » or « Non »."""
    answer = request.POST.get("rappel", "")
    if request.method != "POST" or answer not in {"oui", "non"}:
        context = {
            "solicitation": solicitation,
            "progress": progress.build(solicitation),
            "time_zone": solicitation.time_zone,
            "path": request.path,
            "is_done": "merci" in request.GET,
        }
        return render(request, "owners/call_check.html", context)
    now = timezone.now()
    if answer == "non" and (sentence := too_early_message(solicitation, now=now)):
        messages.info(request, sentence)  # somebody else took the company's request since we asked
        return HttpResponseRedirect(request.path)
    messages.success(request, _record(solicitation, is_called=answer == "oui", now=now))
    return HttpResponseRedirect(f"{request.path}?merci")


def _record(solicitation: Solicitation, *, is_called: bool, now: datetime) -> str:
    """Record the answer; return a sentence that confirms it."""
    try:
        if is_called:
            feedback.report_called(solicitation, now=now)
            return "Merci, c'est noté : on vous a rappelé."
        feedback.report_not_called(solicitation, now=now)
    except ForbiddenMove:
        return REQUEST_CANCELLED
    except feedback.TooEarly:
        return "Vous nous l'avez déjà dit il y a moins d'un jour : les personnes concernées sont prévenues."
    return "Merci de l'avoir dit. Le conseiller, son responsable et l'équipe du service sont prévenus."
