"""Pages of the outbox: outgoing mails, their recipient, occasion, state and content.

The demo shows them to everybody, links included. Elsewhere staff see their region's mails, with links and
codes masked, and each opening of a mail about a confidential request is recorded.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.header import decode_header, make_header
from email.utils import parseaddr
from functools import wraps

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from experts.accounts.pagination import page_of
from experts.accounts.staff_access import is_staff
from mailing import message_builder
from mailing.models import NoContent, OutgoingEmail, OutgoingState
from mailing.rendering import Rendered, render_subject
from oversight import filters, permissions
from oversight.request_rows import Badge
from oversight.timeline import occasion
from solicitations import links
from solicitations.actions import staff_actions
from solicitations.models import Solicitation

PAGE = 40
View = Callable[..., HttpResponse]
# Shape of each state, as a code of ``brand/_badge_state.html``.
SHAPES = {
    OutgoingState.WAITING: "waiting",
    OutgoingState.LATE: "unanswered",
    OutgoingState.SENT: "helped",
    OutgoingState.REFUSED: "uncovered",
    OutgoingState.CANCELLED: "cancelled",
}
# Links of a mail open outside the frame; they only work in the demo.
SANDBOX_OF_DEMO = "allow-top-navigation-by-user-activation"
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none';"
    " frame-ancestors 'self'; sandbox"
)
BASE = '<base target="_top">'


@dataclass(frozen=True)
class OutboxLine:
    """One mail in the list; ``reference`` is empty when it is about no request or several."""

    email: OutgoingEmail
    subject: str
    occasion: str
    state: Badge
    reference: str


@dataclass(frozen=True)
class Envelope:
    """Addresses of a mail as its recipient sees them; ``reply_to`` is empty when it is the sender's."""

    sender: str
    reply_to: str


def outbox_page(view: View) -> View:
    """Decorate a view for everybody in the demo, for staff elsewhere, that browsers do not store."""

    @wraps(view)
    def wrapper(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if not settings.DEMO and not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not settings.DEMO and not is_staff(request.user):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return login_not_required(never_cache(wrapper))


@require_safe
@outbox_page
def outbox(request: HttpRequest) -> HttpResponse:
    """List the outgoing mails that the user may see, the newest first."""
    filtered = filters.MailFilter(request.GET, queryset=permissions.visible_mails(request.user))
    page = page_of(filtered.qs.newest_first(), request.GET, size=PAGE)
    context = {
        "form": filtered.form,
        "is_searched": any(filtered.form.cleaned_data.values()),
        "page": page,
        "lines": lines(page.rows),
    }
    return render(request, "oversight/outbox/list.html", context)


def lines(emails: Sequence[OutgoingEmail]) -> list[OutboxLine]:
    """Add the references of their requests to the mails. One query."""
    pks = {email.pk: permissions.request_of(email) for email in emails}
    requests = Solicitation.objects.filter(pk__in=[pk for pk in pks.values() if pk])
    references = dict(requests.values_list("pk", "reference"))
    return [line(email, references.get(pks[email.pk] or 0, "")) for email in emails]


def line(email: OutgoingEmail, reference: str) -> OutboxLine:
    """Build the line of one mail."""
    state = Badge(SHAPES[email.state], str(email.state.label))
    return OutboxLine(
        email=email, subject=subject(email), occasion=occasion(email), state=state, reference=reference
    )


def subject(email: OutgoingEmail) -> str:
    """Subject line of a mail; a code and the subjects of a confidential request stay out of lists.

    Empty when it was not stored.
    """
    if email.is_secret or email.is_erased:
        return ""
    if email.context.get("is_confidential"):
        return "Demande confidentielle"
    return render_subject(email.template, email.context)


def envelope(email: OutgoingEmail, rendered: Rendered) -> Envelope:
    """Sender and reply address; outside the demo, what lets one write in a person's name is masked."""
    message = message_builder.build_message(email, rendered)
    name, address = parseaddr(message.extra_headers.get("From", message.from_email))
    replies = ", ".join(message.reply_to)
    if not settings.DEMO:
        replies = links.WRITTEN_REPLY_ADDRESS.sub("reponse+…", replies)
    return Envelope(sender=f"{make_header(decode_header(name))} <{address}>", reply_to=replies)


@require_safe
@outbox_page
def outbox_mail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one mail: recipient and dates, text, and HTML in a frame."""
    email = get_object_or_404(permissions.visible_mails(request.user), pk=pk)
    record_opening(request, email)
    shown = content(email)
    context = {
        "line": lines([email])[0],
        "content": shown,
        "envelope": envelope(email, shown) if shown else None,
        "may_resend": permissions.may_resend(request.user, email),
        "sandbox": sandbox(),
    }
    return render(request, "oversight/outbox/mail.html", context)


@require_safe
@outbox_page
@xframe_options_sameorigin
def outbox_html(request: HttpRequest, pk: int) -> HttpResponse:
    """Serve the HTML of a mail for the frame, under its own policy: no script, no external content."""
    email = get_object_or_404(permissions.visible_mails(request.user), pk=pk)
    record_opening(request, email)
    shown = content(email)
    if shown is None:
        return HttpResponse(status=404)
    html = shown.html.replace('target="_blank"', "").replace("<head>", f"<head>{BASE}", 1)
    response = HttpResponse(html)
    response["Content-Security-Policy"] = f"{POLICY} {sandbox()}".strip()
    return response


def sandbox() -> str:
    """Sandbox attribute of the frame: nothing is allowed, except to follow a clicked link in the demo."""
    return SANDBOX_OF_DEMO if settings.DEMO else ""


def content(email: OutgoingEmail) -> Rendered | None:
    """Content of a mail, links masked outside the demo; ``None`` when it was not stored, or is not for staff.

    What people of one institution write to each other is theirs.
    """
    if email.context.get("is_internal") and not settings.DEMO:
        return None
    try:
        rendered = email.rendered()
    except NoContent:
        return None
    return rendered if settings.DEMO else rendered.masked()


def record_opening(request: HttpRequest, email: OutgoingEmail) -> None:
    """Record that staff open a mail about a confidential request; the demo's visitors are not recorded."""
    if not is_staff(request.user):
        return
    solicitation = Solicitation.objects.filter(pk=permissions.request_of(email) or 0).first()
    if solicitation is not None:
        staff_actions.record_mail_opened(solicitation, key=email.key, by=request.user, now=timezone.now())


@require_POST
@outbox_page
def resend(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a mail again, as a new row."""
    email = get_object_or_404(permissions.visible_mails(request.user), pk=pk)
    if not permissions.may_resend(request.user, email):
        raise PermissionDenied
    try:
        address = staff_actions.resend(email, now=timezone.now())
    except staff_actions.RecipientGone:
        messages.warning(request, f"Rien ne part : {email.to} n'est plus l'adresse d'un référent présent.")
    else:
        messages.success(request, f"Le courriel repart à {address}.")
    return redirect("oversight:outbox_mail", pk)
