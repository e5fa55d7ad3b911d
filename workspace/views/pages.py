"""What the expert's pages share: the link that opens them, the way back, the links that open nothing."""

from collections.abc import Callable
from functools import wraps
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone

from experts.accounts import limits
from experts.links import ForgedLink
from solicitations import links
from solicitations.links import ErasedLink, ExpiredLink, RevokedLink
from solicitations.models import Mailbox
from solicitations.views.company.pages import secret

TokenView = Callable[..., HttpResponse]


def answer_path(mailbox: Mailbox) -> str:
    """The expert's page, on this site."""
    return urlsplit(links.answer_url(mailbox)).path


def expert_page(view: TokenView) -> TokenView:
    """A view of the mailbox that a token opens; a link that opens nothing says why, and what to do."""

    @wraps(view)
    def answered(request: HttpRequest, token: str, **named: int) -> HttpResponse:
        return through(
            request,
            token,
            lambda mailbox: view(request, mailbox, **named),
            if_expired=lambda mailbox: dead_link(request, "expired", status=410, token=token),
        )

    return secret(answered)


def through(
    request: HttpRequest,
    token: str,
    go_on: Callable[[Mailbox], HttpResponse],
    *,
    if_expired: Callable[[Mailbox], HttpResponse],
) -> HttpResponse:
    """What a token opens: the mailbox, the way to a fresh link, or a page that says why not."""
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


def posted(view: TokenView) -> TokenView:
    """An act; its address opened by hand leads to the page."""

    @wraps(view)
    def answered(request: HttpRequest, mailbox: Mailbox, **named: int) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseRedirect(answer_path(mailbox))
        if limits.ACTS_PER_MAILBOX.is_over(str(mailbox.pk), now=timezone.now()):
            return limits.too_many(request, back=answer_path(mailbox))
        return view(request, mailbox, **named)

    return answered


def back(
    request: HttpRequest, mailbox: Mailbox, sentence: str, *, level: int = messages.SUCCESS
) -> HttpResponse:
    """The page again, with what was just done said on top."""
    messages.add_message(request, level, sentence)
    return HttpResponseRedirect(answer_path(mailbox))


def dead_link(request: HttpRequest, reason: str, *, status: int, token: str = "") -> HttpResponse:
    """The page of a link that opens nothing."""
    context = {"reason": reason, "token": token}
    return render(request, "workspace/dead_link.html", context, status=status)
