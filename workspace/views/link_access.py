"""Access to the expert's pages by the link of a mail: decorators, redirection, renewal of the link."""

from collections.abc import Sequence
from functools import wraps
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone

from experts.accounts import limits
from solicitations import links
from solicitations.actions import expert_messages
from solicitations.models import Mailbox, Match
from solicitations.views.token_pages import TokenPages, TokenView


def answer_path(mailbox: Mailbox) -> str:
    """Path of the expert's page."""
    return urlsplit(links.answer_url(mailbox)).path


PAGES = TokenPages(
    row_of=links.mailbox_of,
    path_of=answer_path,
    url_name="workspace:answer",
    template="workspace/dead_link.html",
)
expert_page = PAGES.page
renew = PAGES.renewal(expert_messages.reissue_link)


@expert_page
def elsewhere(request: HttpRequest, mailbox: Mailbox, rest: str) -> HttpResponse:
    """Redirect to the page an address below it that names nothing."""
    return HttpResponseRedirect(answer_path(mailbox))


@login_not_required
def without_token(request: HttpRequest) -> HttpResponse:
    """The page of an invalid link, for an address cut before its secret part."""
    return PAGES.dead_link(request, "forged", status=404)


def post_only(view: TokenView) -> TokenView:
    """Decorate a view that only accepts POST, within a rate limit; GET redirects to the page."""

    @wraps(view)
    def wrapper(request: HttpRequest, mailbox: Mailbox, **named: int) -> HttpResponse:
        if limits.ACTS_PER_MAILBOX.is_over(str(mailbox.pk), now=timezone.now()):
            return limits.too_many(request, back=answer_path(mailbox))
        return view(request, mailbox, **named)

    return PAGES.post_only(wrapper)


def undo_tag(match: Match) -> str:
    """The tag of a message that announces an answer: the page shows the button to undo it there."""
    return f"undo-{match.pk}"


def redirect_to_page(
    request: HttpRequest,
    mailbox: Mailbox,
    sentence: str,
    *,
    level: int = messages.SUCCESS,
    undo: Sequence[Match] = (),
) -> HttpResponse:
    """Redirect to the page, which shows this sentence, with a button that undoes the answer on each match."""
    messages.add_message(request, level, sentence, extra_tags=" ".join(undo_tag(match) for match in undo))
    return HttpResponseRedirect(answer_path(mailbox))
