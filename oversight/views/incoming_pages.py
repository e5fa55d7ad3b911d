"""Pages « Courrier reçu »: incoming mails, the state of each and its reason."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from experts.accounts.pagination import page_of
from experts.accounts.staff_access import staff_page, staff_user
from mailing.models import IncomingEmail, IncomingEmailQuerySet, IncomingState, id_in
from oversight import filters, permissions
from oversight.request_rows import Badge
from solicitations import links
from solicitations.actions import expert_messages, held_replies, staff_actions
from solicitations.conversation import replies
from solicitations.lifecycle import Voice
from solicitations.models import Solicitation
from solicitations.views import originals

PAGE = 40
COUNTED = timedelta(days=30)
# Shape of each state, as a code of ``brand/_badge_state.html``.
SHAPES = {
    IncomingState.RECEIVED: "waiting",
    IncomingState.ACCEPTED: "helped",
    IncomingState.HELD: "uncovered",
    IncomingState.REFUSED: "cancelled",
}


@dataclass(frozen=True)
class IncomingMailLine:
    """One mail in the list; ``reference`` is empty when its request is unknown."""

    email: IncomingEmail
    state: Badge
    reference: str


@require_safe
@staff_page
def incoming(request: HttpRequest) -> HttpResponse:
    """List the incoming mails that the user may see, the newest first."""
    visible = permissions.visible_incoming(staff_user(request)).defer("raw")
    filtered = filters.IncomingFilter(request.GET, queryset=visible)
    page = page_of(filtered.qs.newest_first(), request.GET, size=PAGE)
    context = {
        "form": filtered.form,
        "is_searched": any(filtered.form.cleaned_data.values()),
        "counters": _counters(visible),
        "page": page,
        "lines": _lines(page.rows),
    }
    return render(request, "oversight/incoming/list.html", context)


def _counters(visible: IncomingEmailQuerySet) -> list[tuple[str, int, str]]:
    """Mails of the last days that staff should check: filter's value, count, label."""
    lately = visible.filter(received_at__gt=timezone.now() - COUNTED)
    return [
        (IncomingState.HELD, lately.held().count(), "Retenus, à vérifier"),
        (filters.MACHINE, lately.refused_as_automatic().count(), "Écartés comme automatiques"),
    ]


def _lines(emails: Sequence[IncomingEmail]) -> list[IncomingMailLine]:
    """Add the references of their requests to the mails. One query."""
    pks = {email.pk: id_in(email.about, "request") for email in emails}
    requests = Solicitation.objects.filter(pk__in=[pk for pk in pks.values() if pk])
    references = dict(requests.values_list("pk", "reference"))
    return [
        IncomingMailLine(
            email=email,
            state=Badge(SHAPES[IncomingState(email.state)], str(IncomingState(email.state).label)),
            reference=references.get(pks[email.pk] or 0, ""),
        )
        for email in emails
    ]


@require_safe
@staff_page
def incoming_mail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one mail: its state and reason, its text, and the possible decisions.

    Of a mail that people of one institution write to each other, staff judge the sender, and read no word.
    """
    email = _opened(request, pk)
    reply = replies.read_mail(email, replies.writer_of(email))
    is_inner = f"voice:{Voice.INSTITUTION.value}" in email.about and not settings.DEMO
    context = {
        "line": _lines([email])[0],
        "reply": reply,
        "is_inner": is_inner,
        "text": "" if is_inner else links.without_secrets(reply.text),
        "original": None if is_inner else originals.read(email),
    }
    return render(request, "oversight/incoming/mail.html", context)


def _opened(request: HttpRequest, pk: int) -> IncomingEmail:
    """Get the mail and record its opening when it is about a confidential request."""
    email = get_object_or_404(permissions.visible_incoming(staff_user(request)), pk=pk)
    solicitation = Solicitation.objects.filter(pk=id_in(email.about, "request") or 0).first()
    if solicitation is not None:
        key = f"incoming:{email.pk}"
        staff_actions.record_mail_opened(solicitation, key=key, by=staff_user(request), now=timezone.now())
    return email


@staff_page
def publish(request: HttpRequest, pk: int) -> HttpResponse:
    """Publish the text of a mail that was held or refused."""
    return _decide(
        request, pk, held_replies.publish_reply, "Le texte est publié, et les destinataires le reçoivent."
    )


@staff_page
def set_aside(request: HttpRequest, pk: int) -> HttpResponse:
    """Refuse a held mail."""
    return _decide(
        request, pk, held_replies.set_reply_aside, "Le courriel est écarté : personne ne le reçoit."
    )


def _decide(request: HttpRequest, pk: int, act: Callable[..., None], done: str) -> HttpResponse:
    email = get_object_or_404(permissions.visible_incoming(staff_user(request)).defer("raw"), pk=pk)
    if request.method != "POST":
        return redirect("oversight:incoming_mail", pk)
    try:
        act(email, by=staff_user(request), now=timezone.now())
    except held_replies.AlreadyResolved:
        messages.info(request, "Rien n'a été fait : ce courriel a déjà été traité.")
    except expert_messages.NotInThread:
        messages.warning(request, "Rien n'a été fait : la demande n'accepte plus de texte de cette personne.")
    else:
        messages.success(request, done)
    return redirect("oversight:incoming_mail", pk)
