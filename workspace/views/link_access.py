"""Access to the expert's pages: decorators, redirection, renewal of the link of a mail."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from experts.accounts import limits, seats
from experts.models import User
from mailing.prepared_queries import PreparedQuery
from solicitations import links
from solicitations.actions import expert_messages
from solicitations.models import Mailbox, Match
from solicitations.views.token_pages import TokenPages, TokenView
from workspace import need_cards

MailboxView = Callable[..., HttpResponse]


def answer_path(mailbox: Mailbox) -> str:
    """Path of the expert's page: that of the inbox when it is opened with an account."""
    if mailbox.used_by is not None:
        return reverse("workspace:request", args=[mailbox.pk])
    return urlsplit(links.answer_url(mailbox)).path


PAGES = TokenPages(
    row_of=links.mailbox_of,
    path_of=answer_path,
    url_name="workspace:answer",
    template="workspace/dead_link.html",
)
renew = PAGES.renewal(expert_messages.reissue_link)


def expert_page(view: MailboxView) -> TokenView:
    """Decorate a view of the request of a mailbox, opened by the link of a mail.

    The links of who left answer a sentence; those of a team go on while somebody serves there.
    ``by_account`` opens the same view to the accounts that work for this mailbox.
    """

    @wraps(view)
    def unless_left(request: HttpRequest, mailbox: Mailbox, **named: Any) -> HttpResponse:
        now = timezone.now()
        if has_left(mailbox, now=now):
            gone = [card for card in need_cards.cards_of(mailbox, now=now) if card.match.is_gone]
            return render(request, "workspace/left.html", {"mailbox": mailbox, "gone": gone}, status=410)
        return view(request, mailbox, **named)

    answered = PAGES.page(unless_left)
    answered.of_mailbox = view  # type: ignore[attr-defined]
    return answered


_SERVING = PreparedQuery(
    lambda mailbox, email, now: (
        seats.posts_at(email, now=now)
        .filter(office__in=Match.objects.filter(mailbox=mailbox).values("expert__office"))
        .values_list("pk")[:1]
    )
)


def has_left(mailbox: Mailbox, *, now: datetime) -> bool:
    """Return whether nobody at this address serves any more in the offices that were asked through it."""
    return not _SERVING.rows(mailbox=mailbox.pk, email=mailbox.email, now=now)


def by_account(view: TokenView) -> Callable[..., HttpResponse]:
    """Return the view of an expert's page for signed-in people; 404 for others than the mailbox's own."""
    of_mailbox: MailboxView = view.of_mailbox  # type: ignore[attr-defined]

    @never_cache
    def answered(request: HttpRequest, mailbox: int, **named: int) -> HttpResponse:
        own = own_mailbox(request, mailbox)
        if own is None:
            raise Http404
        return of_mailbox(request, own, **named)

    if largest := getattr(view, "max_body_bytes", 0):
        answered.max_body_bytes = largest  # type: ignore[attr-defined]
    return answered


_OWN = PreparedQuery(
    lambda pk, user, email, now: Mailbox.objects.select_related("solicitation__commune__department").filter(
        pk=pk,
        pk__in=Match.objects.filter(
            mailbox=pk, expert__in=seats.posts_held(user, email, now=now).values("pk")
        ).values("mailbox"),
    )
)


def own_mailbox(request: HttpRequest, pk: int) -> Mailbox | None:
    """The mailbox, used by the signed-in person; ``None`` when she has no post there."""
    user = request.user
    if not isinstance(user, User) or not user.is_active:
        return None
    mailbox = _OWN.first(pk=pk, user=user.pk, email=user.email, now=timezone.now())
    if mailbox is not None:
        mailbox.used_by = user
    return mailbox


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
    def wrapper(request: HttpRequest, mailbox: Mailbox, **named: Any) -> HttpResponse:
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
