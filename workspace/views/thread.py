"""Messages of an expert to the other experts, and questions to the company."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from solicitations.actions import expert_messages
from solicitations.models import Mailbox, Message
from solicitations.views import originals
from workspace.forms import MessageForm, QuestionForm
from workspace.views.answer import show
from workspace.views.link_access import expert_page, post_only, redirect_to_page

NO_LONGER = "Vous ne suivez plus cette demande : votre texte n'a pas été envoyé."


@expert_page
@post_only
def message(request: HttpRequest, mailbox: Mailbox) -> HttpResponse:
    """Post a message in the experts' thread."""
    form = MessageForm(request.POST, auto_id="message_%s")
    if not form.is_valid():
        return show(request, mailbox, refused={"message": form})
    try:
        expert_messages.post_message(mailbox, body=form.cleaned_data["body"], now=timezone.now())
    except expert_messages.NotInThread:
        return _too_late(request, mailbox, form.cleaned_data["body"])
    return redirect_to_page(request, mailbox, "Votre message est envoyé aux autres experts.")


@expert_page
@require_safe
def original(request: HttpRequest, mailbox: Mailbox, pk: int) -> HttpResponse:
    """Show the original mail of a message, to those who may read the thread."""
    if not mailbox.matches.live().exists():
        raise Http404
    thread = Message.objects.filter(solicitation=mailbox.solicitation_id).select_related("incoming")
    said = get_object_or_404(thread, pk=pk)
    expert_messages.record_opened(mailbox, now=timezone.now())
    return originals.page(said, author=said.author, known={mailbox.email, said.sent_from})


@expert_page
@post_only
def question(request: HttpRequest, mailbox: Mailbox) -> HttpResponse:
    """« Demander une précision »."""
    form = QuestionForm(request.POST, auto_id="question_%s")
    if not form.is_valid():
        return show(request, mailbox, refused={"question": form})
    try:
        expert_messages.ask(mailbox, body=form.cleaned_data["body"], now=timezone.now())
    except expert_messages.NotInThread:
        return _too_late(request, mailbox, form.cleaned_data["body"])
    return redirect_to_page(request, mailbox, "Votre question est envoyée à l'entreprise.")


def _too_late(request: HttpRequest, mailbox: Mailbox, body: str) -> HttpResponse:
    messages.warning(request, NO_LONGER)
    return show(request, mailbox, unsent_text=body, status=409)
