"""Access to the expert's pages by the link of a mail: decorators, redirection, invalid and expired links."""

from collections.abc import Callable
from functools import wraps
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone

from experts.accounts import limits
from experts.tokens import ForgedLink
from solicitations import actions, links
from solicitations.links import ErasedLink, ExpiredLink, RevokedLink
from solicitations.models import Mailbox
from solicitations.views.company.pages import secret

TokenView = Callable[..., HttpResponse]


def answer_path(mailbox: Mailbox) -> str:
    """Path of the expert's page."""
    return urlsplit(links.answer_url(mailbox)).path


def expert_page(view: TokenView) -> TokenView:
    """Decorate a view of the mailbox that the token opens; other links get a page that says why not."""

    @wraps(view)
    def wrapper(request: HttpRequest, token: str, **named: int) -> HttpResponse:
        return open_link(
            request,
            token,
            lambda mailbox: view(request, mailbox, **named),
            if_expired=lambda mailbox: dead_link(request, "expired", status=410, token=token),
        )

    return secret(wrapper)


def open_link(
    request: HttpRequest,
    token: str,
    go_on: Callable[[Mailbox], HttpResponse],
    *,
    if_expired: Callable[[Mailbox], HttpResponse],
) -> HttpResponse:
    """Call ``go_on`` with the token's mailbox, or ``if_expired``; other tokens get ``dead_link``."""
    try:
        mailbox = links.mailbox_of(token, now=timezone.now())
    except ForgedLink:
        return dead_link(request, "forged", status=404)
    except RevokedLink:
        return dead_link(request, "revoked", status=410)
    except ErasedLink:
        return dead_link(request, "erased", status=410)
    except ExpiredLink as expired:
        return if_expired(expired.row)  # type: ignore[arg-type]
    return go_on(mailbox)


def post_only(view: TokenView) -> TokenView:
    """Decorate a view that only accepts POST, within a rate limit; GET redirects to the page."""

    @wraps(view)
    def wrapper(request: HttpRequest, mailbox: Mailbox, **named: int) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseRedirect(answer_path(mailbox))
        if limits.ACTS_PER_MAILBOX.is_over(str(mailbox.pk), now=timezone.now()):
            return limits.too_many(request, back=answer_path(mailbox))
        return view(request, mailbox, **named)

    return wrapper


def redirect_to_page(
    request: HttpRequest, mailbox: Mailbox, sentence: str, *, level: int = messages.SUCCESS
) -> HttpResponse:
    """Redirect to the page, which shows this sentence."""
    messages.add_message(request, level, sentence)
    return HttpResponseRedirect(answer_path(mailbox))


def dead_link(request: HttpRequest, reason: str, *, status: int, token: str = "") -> HttpResponse:
    """Show why a link opens nothing: forged, revoked, erased, expired or renewed."""
    context = {"reason": reason, "token": token}
    return render(request, "workspace/dead_link.html", context, status=status)


@secret
def renew(request: HttpRequest, token: str) -> HttpResponse:
    """Send a new link to the same mailbox instead of an expired one."""
    if request.method != "POST":
        return redirect("workspace:answer", token)
    return open_link(
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
