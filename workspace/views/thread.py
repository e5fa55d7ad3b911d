"""Messages of an expert: to the other experts, within the institution, to the company."""

from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from mailing.models import refuses_mail
from solicitations import links
from solicitations.actions import expert_messages
from solicitations.conversation import reading_rights
from solicitations.forms import files
from solicitations.models import Mailbox
from solicitations.views import originals, served_files
from solicitations.views.served_files import takes_files
from workspace import typed_mentions, voices
from workspace.forms import InternalMessageForm, MessageForm, QuestionForm
from workspace.team import team_canned_answers
from workspace.views import canned_inserts
from workspace.views.answer import show
from workspace.views.link_access import expert_page, post_only, redirect_to_page

TOO_LATE_TO_WITHDRAW = (
    "Trop tard pour le retirer : quinze minutes sont passées. Écrivez plutôt un nouveau message."
)
WITHDRAWN = "Votre message est retiré de la page. Les courriels déjà partis ne se rattrapent pas."
ON_ITS_PAGE_ALONE = (
    "Votre question est sur la page de l'entreprise. Son adresse refuse nos courriels, aucun ne part\u00a0: "
    "appelez-la."
)
NO_LONGER = "Vous ne suivez plus cette demande : votre texte n'a pas été envoyé."


@takes_files(links.ANSWER)
@expert_page
@post_only
def message(request: HttpRequest, mailbox: Mailbox) -> HttpResponse:
    """Post a message in the experts' thread."""
    if canned_inserts.is_asked(request):
        return _with_canned(request, mailbox, MessageForm, "message")
    form = MessageForm(request.POST, request.FILES, auto_id="message_%s")
    found = typed_mentions.check(form, mailbox.solicitation)
    if not form.is_valid():
        return show(request, mailbox, refused={"message": form})
    try:
        expert_messages.post_message(mailbox, now=timezone.now(), **form.cleaned_data)
    except expert_messages.NotInThread:
        return _too_late(request, mailbox, form.cleaned_data["body"])
    except files.REFUSALS as refusal:
        form.add_error("attached", files.sentence(refusal))
        return show(request, mailbox, refused={"message": form})
    sentence = typed_mentions.sent_sentence("Votre message est envoyé aux autres experts.", found)
    return redirect_to_page(request, mailbox, sentence)


@expert_page
@require_safe
def original(request: HttpRequest, mailbox: Mailbox, pk: int) -> HttpResponse:
    """Show the original mail of a message, to those who may read the thread."""
    message = _text(mailbox, "message", pk)
    expert_messages.record_opened(mailbox, now=timezone.now())
    return originals.page(message, author=message.author, known={mailbox.email, message.sent_from})


def _text(mailbox: Mailbox, kind: str, pk: int) -> Any:
    """A text of the request that this mailbox may read; 404 otherwise."""
    if kind not in voices.TEXTS or not mailbox.matches.live().exists():
        raise Http404
    rows = voices.TEXTS[kind].objects.filter(solicitation=mailbox.solicitation_id)
    text: Any = get_object_or_404(rows.select_related("incoming"), pk=pk)
    if not reading_rights.of_mailbox(mailbox).may_read(text):
        raise Http404
    return text


@takes_files(links.ANSWER)
@expert_page
@post_only
def internal(request: HttpRequest, mailbox: Mailbox) -> HttpResponse:
    """Post a message to the institution: not by the link of a mail, which others may have."""
    if mailbox.used_by is None:
        raise Http404
    if canned_inserts.is_asked(request):
        return _with_canned(request, mailbox, InternalMessageForm, "internal")
    form = InternalMessageForm(request.POST, request.FILES, auto_id="internal_%s")
    found = typed_mentions.check(form, mailbox.solicitation, institution=mailbox.speaker().office.institution)
    if not form.is_valid():
        return show(request, mailbox, refused={"internal": form})
    try:
        expert_messages.post_internal_message(mailbox, now=timezone.now(), **form.cleaned_data)
    except expert_messages.NotInThread:
        return _too_late(request, mailbox, form.cleaned_data["body"])
    except files.REFUSALS as refusal:
        form.add_error("attached", files.sentence(refusal))
        return show(request, mailbox, refused={"internal": form})
    sentence = typed_mentions.sent_sentence(
        "Votre message est envoyé dans votre institution, et là seulement.", found
    )
    return redirect_to_page(request, mailbox, sentence)


@expert_page
def download(request: HttpRequest, mailbox: Mailbox, pk: int) -> HttpResponse:
    """Serve a file to those who may read the text that it came with."""
    columns = ("message", "internal_message", "question", "addition__question")
    file = get_object_or_404(mailbox.solicitation.files.select_related(*columns), pk=pk)
    is_reader = reading_rights.of_mailbox(mailbox).may_read(file.text)
    if not is_reader or not mailbox.matches.live().exists():
        raise Http404
    expert_messages.record_opened(mailbox, now=timezone.now())
    return served_files.response(file)


@expert_page
@post_only
def withdraw(request: HttpRequest, mailbox: Mailbox, kind: str, pk: int) -> HttpResponse:
    """« Retirer » a text that one wrote a few minutes ago."""
    try:
        expert_messages.withdraw(_text(mailbox, kind, pk), by=mailbox, now=timezone.now())
    except expert_messages.NotTheAuthor as error:
        raise Http404 from error
    except expert_messages.TooLateToWithdraw:
        return redirect_to_page(request, mailbox, TOO_LATE_TO_WITHDRAW, level=messages.WARNING)
    return redirect_to_page(request, mailbox, WITHDRAWN)


@takes_files(links.ANSWER)
@expert_page
@post_only
def question(request: HttpRequest, mailbox: Mailbox) -> HttpResponse:
    """« Demander une précision »."""
    if canned_inserts.is_asked(request):
        return _with_canned(request, mailbox, QuestionForm, "question")
    form = QuestionForm(request.POST, request.FILES, auto_id="question_%s")
    if not form.is_valid():
        return show(request, mailbox, refused={"question": form})
    try:
        expert_messages.ask(mailbox, now=timezone.now(), **form.cleaned_data)
    except expert_messages.NotInThread:
        return _too_late(request, mailbox, form.cleaned_data["body"])
    except files.REFUSALS as refusal:
        form.add_error("attached", files.sentence(refusal))
        return show(request, mailbox, refused={"question": form})
    if refuses_mail(mailbox.solicitation.email):
        return redirect_to_page(request, mailbox, ON_ITS_PAGE_ALONE, level=messages.WARNING)
    return redirect_to_page(request, mailbox, "Votre question est envoyée à l'entreprise.")


def _too_late(request: HttpRequest, mailbox: Mailbox, body: str) -> HttpResponse:
    messages.warning(request, NO_LONGER)
    return show(request, mailbox, unsent_text=body, status=409)


def _with_canned(request: HttpRequest, mailbox: Mailbox, form: type[Form], name: str) -> HttpResponse:
    """The page again, with the chosen text in the message."""
    initial = canned_inserts.initial(request, team_canned_answers.offered_to(mailbox), "body")
    return show(request, mailbox, refused={name: form(initial=initial, auto_id=f"{name}_%s")})
