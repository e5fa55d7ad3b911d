"""The request of an inbox's line: its expert's page, or what its manager reads of it."""

from datetime import datetime
from typing import cast

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from experts.accounts import seats
from experts.models import CannedAnswer, User
from solicitations import wording
from solicitations.actions import expert_messages
from solicitations.conversation import reading_rights
from solicitations.forms import files
from solicitations.lifecycle import EventKind
from solicitations.models import Event, InternalMessage, Mailbox, Match, Message, OfficeManager
from solicitations.views import served_files
from workspace import need_texts, reading, typed_mentions
from workspace import request_page as page_content
from workspace.forms import InternalMessageForm
from workspace.team import team_canned_answers
from workspace.views import canned_inserts, thread
from workspace.views.answer import answer
from workspace.views.inbox_neighbours import around
from workspace.views.link_access import own_mailbox

open_own = answer.of_mailbox  # type: ignore[attr-defined]


@never_cache
def request_page(request: HttpRequest, mailbox: int) -> HttpResponse:
    """Show the request to its expert, or to a manager of the expert's office; 404 for anybody else."""
    own = own_mailbox(request, mailbox)
    if own is not None:
        response: HttpResponse = open_own(request, own)
        return response
    return _show_to_manager(request, managed_mailbox(request, mailbox))


def managed_mailbox(request: HttpRequest, pk: int) -> Mailbox:
    """The mailbox of an expert of an office that the signed-in person manages. Raises ``Http404``."""
    user = request.user
    if not isinstance(user, User):
        raise Http404
    offices = seats.managed_offices(user, now=timezone.now()).values("pk")
    of_offices = Match.objects.filter(expert__office__in=offices).values("mailbox")
    found = Mailbox.objects.select_related("solicitation__commune__department")
    mailbox = found.filter(pk=pk, pk__in=of_offices).first()
    if mailbox is None:
        raise Http404
    return mailbox


def manager_of(mailbox: Mailbox, user: User, *, now: datetime) -> OfficeManager:
    """The person who manages an office of the mailbox, for the institution of that office."""
    offices = seats.managed_offices(user, now=now)
    offices = offices.filter(pk__in=mailbox.matches.values("expert__office"))
    office = offices.select_related("institution").order_by("pk")[0]
    return OfficeManager(user, office.institution, mailbox.solicitation)


@never_cache
@require_POST
def internal(request: HttpRequest, mailbox: int) -> HttpResponse:
    """Post a message to the institution: an expert of it, or a manager in her own name."""
    if own := own_mailbox(request, mailbox):
        answered: HttpResponse = thread.internal.of_mailbox(request, own)
        return answered
    managed, now = managed_mailbox(request, mailbox), timezone.now()
    manager = manager_of(managed, cast("User", request.user), now=now)
    if canned_inserts.is_asked(request):
        initial = canned_inserts.initial(request, _offered(manager), "body")
        filled = InternalMessageForm(initial=initial, auto_id="internal_%s")
        return _show_to_manager(request, managed, form=filled)
    form = InternalMessageForm(request.POST, request.FILES, auto_id="internal_%s")
    found = typed_mentions.check(form, managed.solicitation, institution=manager.institution)
    if not form.is_valid():
        return _show_to_manager(request, managed, form=form)
    try:
        expert_messages.post_internal_message(manager, now=now, **form.cleaned_data)
    except files.REFUSALS as refusal:
        form.add_error("attached", files.sentence(refusal))
        return _show_to_manager(request, managed, form=form)
    except expert_messages.NotInThread:
        messages.warning(request, "Cette demande n'accepte plus de message : rien n'a été envoyé.")
    else:
        sent = "Votre message est envoyé dans votre institution, et là seulement."
        messages.success(request, typed_mentions.sent_sentence(sent, found))
    return redirect("workspace:request", managed.pk)


internal.max_body_bytes = files.MAX_BODY_BYTES  # type: ignore[attr-defined]


@never_cache
def download(request: HttpRequest, mailbox: int, pk: int) -> HttpResponse:
    """Serve a file to an expert, or to a manager who may read the text that it came with."""
    if own := own_mailbox(request, mailbox):
        answered: HttpResponse = thread.download.of_mailbox(request, own, pk=pk)  # type: ignore[attr-defined]
        return answered
    managed, now = managed_mailbox(request, mailbox), timezone.now()
    columns = ("message", "internal_message", "question", "addition__question")
    file = get_object_or_404(managed.solicitation.files.select_related(*columns), pk=pk)
    offices = seats.managed_offices(cast("User", request.user), now=now)
    rights = reading_rights.of_manager(managed.solicitation, offices)
    if isinstance(file.text, Message) or not rights.may_read(file.text):
        raise Http404
    record_manager_opened(managed, by=cast("User", request.user), now=now)
    return served_files.response(file)


@never_cache
@require_POST
def withdraw(request: HttpRequest, mailbox: int, kind: str, pk: int) -> HttpResponse:
    """« Retirer » a text: an expert's own, or a manager's to her institution."""
    if own := own_mailbox(request, mailbox):
        answered: HttpResponse = thread.withdraw.of_mailbox(request, own, kind=kind, pk=pk)  # type: ignore[attr-defined]
        return answered
    managed, now = managed_mailbox(request, mailbox), timezone.now()
    manager = manager_of(managed, cast("User", request.user), now=now)
    written = InternalMessage.objects.filter(solicitation=managed.solicitation, by_user=manager.user)
    if kind != "interne":
        raise Http404
    try:
        expert_messages.withdraw(get_object_or_404(written, pk=pk), by=manager, now=now)
    except expert_messages.NotTheAuthor as error:
        raise Http404 from error
    except expert_messages.TooLateToWithdraw:
        messages.warning(request, thread.TOO_LATE_TO_WITHDRAW)
    else:
        messages.success(request, thread.WITHDRAWN)
    return redirect("workspace:request", managed.pk)


def _offered(manager: OfficeManager) -> QuerySet[CannedAnswer]:
    return team_canned_answers.offered_by([manager.institution.pk])


def _show_to_manager(
    request: HttpRequest, mailbox: Mailbox, *, form: InternalMessageForm | None = None
) -> HttpResponse:
    assert isinstance(request.user, User)  # noqa: S101 (checked with the mailbox)
    now, solicitation = timezone.now(), mailbox.solicitation
    record_manager_opened(mailbox, by=request.user, now=now)
    manager = manager_of(mailbox, request.user, now=now)
    page = page_content.build(mailbox, now=now, manager=manager)
    context = {
        "mailbox": mailbox,
        "solicitation": solicitation,
        "time_zone": solicitation.time_zone,
        "page": page,
        "cards": [*page.cards, *page.gone],
        "people": sorted({card.match.person for card in (*page.cards, *page.gone)}),
        "ended": need_texts.ending_sentence(solicitation, now=now),
        "company_lines": wording.company_lines(solicitation, today=solicitation.today(now)),
        "callback": wording.callback(solicitation),
        "wish": wording.contact_wish(solicitation),
        "path": reverse("workspace:request", args=[mailbox.pk]),
        "internal_form": form or InternalMessageForm(auto_id="internal_%s"),
        "canned": _offered(manager),
        "neighbours": around(request, mailbox.pk),
    }
    return render(request, "workspace/inbox/managed_request.html", context)


@transaction.atomic(durable=True)
def record_manager_opened(mailbox: Mailbox, *, by: User, now: datetime) -> None:
    """Record that a manager read a request: each time in its journal, when it is confidential."""
    reading.mark_read(mailbox, by=by, now=now)
    if mailbox.solicitation.is_confidential:
        Event.objects.record(EventKind.OPENED, mailbox.solicitation, by=by, at=now)
