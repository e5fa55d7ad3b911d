"""Changes that an expert makes to their own record: phone number, departure."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone

from experts.models import Expert
from solicitations.actions import expert_messages
from solicitations.models import Mailbox
from workspace.forms import DepartureForm, PhoneForm
from workspace.views.answer import show
from workspace.views.link_access import expert_page, post_only, redirect_to_page


@expert_page
@post_only
def phone(request: HttpRequest, mailbox: Mailbox, pk: int) -> HttpResponse:
    """« Corriger mon numéro »."""
    expert = _own_post(mailbox, pk)
    form = PhoneForm(request.POST, auto_id=f"phone{pk}_%s")
    if not form.is_valid():
        return show(request, mailbox, refused={("phone", pk): form})
    expert_messages.correct_phone(expert, by=mailbox, phone=form.cleaned_data["phone"])
    return redirect_to_page(request, mailbox, f"Votre numéro est corrigé : {form.cleaned_data['phone']}.")


@expert_page
@post_only
def departure(request: HttpRequest, mailbox: Mailbox, pk: int) -> HttpResponse:
    """« Je ne suis plus là »."""
    expert = _own_post(mailbox, pk)
    form = DepartureForm(request.POST, auto_id=f"departure{pk}_%s")
    if not form.is_valid():
        return show(request, mailbox, refused={("departure", pk): form})
    if expert.left_at is None:
        successor = form.cleaned_data["successor"]
        expert_messages.report_departure(expert, by=mailbox, successor=successor, now=timezone.now())
    return redirect_to_page(
        request, mailbox, "Merci de l'avoir dit. Vous ne recevrez plus de demandes, l'équipe est prévenue."
    )


def _own_post(mailbox: Mailbox, pk: int) -> Expert:
    return get_object_or_404(Expert.objects.filter(matches__mailbox=mailbox).distinct(), pk=pk)
