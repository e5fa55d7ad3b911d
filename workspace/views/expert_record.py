"""Changes that an expert makes to their own record: phone number, departure."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from directory.coverage_loss import loss_sentence, losses_of_departure
from directory.own_record.record_forms import DepartureForm, PhoneForm
from experts.models import Expert
from solicitations.models import Mailbox
from solicitations.views.token_pages import secret
from workspace import record_changes
from workspace.views.answer import show
from workspace.views.link_access import expert_page, post_only, redirect_to_page

CLOSED = "Cette demande est terminée pour vous : changez votre fiche depuis une demande en cours."


@expert_page
@post_only
def phone(request: HttpRequest, mailbox: Mailbox, pk: int) -> HttpResponse:
    """« Corriger mon numéro »."""
    expert = _own_post(mailbox, pk)
    form = PhoneForm(request.POST, auto_id=f"phone{pk}_%s")
    if not form.is_valid():
        return show(request, mailbox, refused={("phone", pk): form})
    number = form.cleaned_data["phone"]
    try:
        record_changes.correct_phone(expert, by=mailbox, phone=number, now=timezone.now())
    except record_changes.RecordClosed:
        return redirect_to_page(request, mailbox, CLOSED, level=messages.ERROR)
    return redirect_to_page(request, mailbox, f"Votre numéro est corrigé : {number}.")


@expert_page
@post_only
def departure(request: HttpRequest, mailbox: Mailbox, pk: int) -> HttpResponse:
    """« Je ne suis plus là »."""
    expert = _own_post(mailbox, pk)
    form = DepartureForm(request.POST, auto_id=f"departure{pk}_%s")
    if not form.is_valid():
        return show(request, mailbox, refused={("departure", pk): form})
    successor, now = form.cleaned_data["successor"], timezone.now()
    left_to_nobody = loss_sentence(losses_of_departure(expert, now=now))
    try:
        record_changes.report_departure(expert, by=mailbox, successor=successor, now=now)
    except record_changes.RecordClosed:
        return redirect_to_page(request, mailbox, CLOSED, level=messages.ERROR)
    if left_to_nobody:
        messages.warning(request, left_to_nobody)
    return redirect_to_page(
        request, mailbox, "Merci de l'avoir dit. Vous ne recevrez plus de demandes, l'équipe est prévenue."
    )


@login_not_required
def undo_change(request: HttpRequest, signed: str) -> HttpResponse:
    """« Ce n'était pas vous ? »: the way back from a change of the last day."""
    return _undo_change(request, signed)


@secret
def _undo_change(request: HttpRequest, token: str) -> HttpResponse:
    context: dict[str, object] = {"token": token}
    try:
        context["change"] = record_changes.read_change(token)
        if request.method == "POST":
            context["expert"] = record_changes.undo_record_change(token, now=timezone.now())
    except record_changes.TooLate:
        return render(request, "workspace/record_change.html", {"is_late": True}, status=410)
    return render(request, "workspace/record_change.html", context)


def _own_post(mailbox: Mailbox, pk: int) -> Expert:
    return get_object_or_404(Expert.objects.filter(matches__mailbox=mailbox).distinct(), pk=pk)
