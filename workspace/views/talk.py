"""What an expert says: to the others, to the company, about oneself; and a fresh link."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_safe

from experts.accounts import limits
from experts.models import Expert
from solicitations import actions
from solicitations.models import Mailbox, Message
from solicitations.views import originals
from solicitations.views.company.pages import secret
from workspace.forms import DepartureForm, MessageForm, PhoneForm, QuestionForm
from workspace.views.answer import show
from workspace.views.pages import answer_path, back, dead_link, expert_page, posted, through

NO_LONGER = "Vous ne suivez plus cette demande : votre texte n'a pas été envoyé."


@expert_page
@posted
def message(request: HttpRequest, mailbox: Mailbox) -> HttpResponse:
    """A word in the experts' thread."""
    form = MessageForm(request.POST, auto_id="message_%s")
    if not form.is_valid():
        return show(request, mailbox, refused={"message": form})
    try:
        actions.post_message(mailbox, body=form.cleaned_data["body"], now=timezone.now())
    except actions.NotInThread:
        return _too_late(request, mailbox, form.cleaned_data["body"])
    return back(request, mailbox, "Votre message est envoyé aux autres experts.")


@expert_page
@require_safe
def original(request: HttpRequest, mailbox: Mailbox, pk: int) -> HttpResponse:
    """The mail that a message of the thread came as, for those who may read the thread."""
    if not mailbox.matches.live().exists():
        raise Http404
    thread = Message.objects.filter(solicitation=mailbox.solicitation_id).select_related("incoming")
    said = get_object_or_404(thread, pk=pk)
    actions.note_opened(mailbox, now=timezone.now())
    return originals.page(said, author=said.author, known={mailbox.email, said.sent_from})


@expert_page
@posted
def question(request: HttpRequest, mailbox: Mailbox) -> HttpResponse:
    """« Demander une précision »."""
    form = QuestionForm(request.POST, auto_id="question_%s")
    if not form.is_valid():
        return show(request, mailbox, refused={"question": form})
    try:
        actions.ask(mailbox, body=form.cleaned_data["body"], now=timezone.now())
    except actions.NotInThread:
        return _too_late(request, mailbox, form.cleaned_data["body"])
    return back(request, mailbox, "Votre question est envoyée à l'entreprise.")


def _too_late(request: HttpRequest, mailbox: Mailbox, body: str) -> HttpResponse:
    messages.warning(request, NO_LONGER)
    return show(request, mailbox, kept=body, status=409)


@expert_page
@posted
def phone(request: HttpRequest, mailbox: Mailbox, pk: int) -> HttpResponse:
    """« Corriger mon numéro »."""
    expert = _own_post(mailbox, pk)
    form = PhoneForm(request.POST, auto_id=f"phone{pk}_%s")
    if not form.is_valid():
        return show(request, mailbox, refused={("phone", pk): form})
    actions.correct_phone(expert, by=mailbox, phone=form.cleaned_data["phone"])
    return back(request, mailbox, f"Votre numéro est corrigé : {form.cleaned_data['phone']}.")


@expert_page
@posted
def departure(request: HttpRequest, mailbox: Mailbox, pk: int) -> HttpResponse:
    """« Je ne suis plus là »."""
    expert = _own_post(mailbox, pk)
    form = DepartureForm(request.POST, auto_id=f"departure{pk}_%s")
    if not form.is_valid():
        return show(request, mailbox, refused={("departure", pk): form})
    if expert.left_at is None:
        successor = form.cleaned_data["successor"]
        actions.report_departure(expert, by=mailbox, successor=successor, now=timezone.now())
    return back(
        request, mailbox, "Merci de l'avoir dit. Vous ne recevrez plus de demandes, l'équipe est prévenue."
    )


def _own_post(mailbox: Mailbox, pk: int) -> Expert:
    return get_object_or_404(Expert.objects.filter(matches__mailbox=mailbox).distinct(), pk=pk)


@secret
def renew(request: HttpRequest, token: str) -> HttpResponse:
    """A fresh link instead of an expired one, to the same mailbox."""
    if request.method != "POST":
        return redirect("workspace:answer", token)
    return through(
        request,
        token,
        lambda mailbox: HttpResponseRedirect(answer_path(mailbox)),
        if_expired=lambda mailbox: _renewed(request, mailbox),
    )


def _renewed(request: HttpRequest, mailbox: Mailbox) -> HttpResponse:
    now = timezone.now()
    if limits.LINKS_PER_ADDRESS.is_over(limits.address_of(request), now=now):
        return limits.too_many(request, back=request.path)
    actions.reissue_link(mailbox, now=now)
    return dead_link(request, "renewed", status=200)
