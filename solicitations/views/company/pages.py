"""What the pages opened by a secret link share."""

from collections.abc import Callable
from functools import wraps
from urllib.parse import urlsplit

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers, patch_cache_control
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from experts.tokens import ForgedLink
from solicitations import links
from solicitations.links import ErasedLink, ExpiredLink, RevokedLink
from solicitations.models import Solicitation

OwnerView = Callable[[HttpRequest, Solicitation], HttpResponse]
TokenView = Callable[..., HttpResponse]
FormView = Callable[[HttpRequest, str], HttpResponse]


def follow_path(solicitation: Solicitation) -> str:
    """The owner's page, on this site."""
    return urlsplit(links.follow_url(solicitation)).path


def survey_path(solicitation: Solicitation) -> str:
    """The owner's three questions, on this site."""
    return urlsplit(links.survey_url(solicitation)).path


def thanks(solicitation: Solicitation) -> HttpResponseRedirect:
    """The owner's page, as one who has just sent sees it."""
    return HttpResponseRedirect(f"{follow_path(solicitation)}?merci")


def form_page(view: FormView) -> FormView:
    """A step of the form, open to all and stored nowhere.

    The answer to a POST alone may be kept by the browser: « Back » would find nothing to show of it
    otherwise, and end on an error of the browser's own.
    """

    @wraps(view)
    def answered(request: HttpRequest, slug: str) -> HttpResponse:
        response = view(request, slug)
        if request.method == "POST":
            patch_cache_control(response, private=True, no_cache=True, max_age=0)
        else:
            add_never_cache_headers(response)
        return response

    return login_not_required(require_http_methods(["GET", "HEAD", "POST"])(answered))


def secret(view: TokenView) -> TokenView:
    """A page that nobody indexes, stores, or names elsewhere."""

    @wraps(view)
    def answered(request: HttpRequest, token: str, **named: int) -> HttpResponse:
        response = view(request, token, **named)
        response["X-Robots-Tag"] = "noindex, nofollow"
        response["Referrer-Policy"] = "same-origin"
        return response

    return login_not_required(never_cache(answered))


def owner_page(view: Callable[..., HttpResponse]) -> TokenView:
    """A view of the request that a token opens; a link that opens nothing says why, and what to do."""

    @wraps(view)
    def answered(request: HttpRequest, token: str, **named: int) -> HttpResponse:
        return through(
            request,
            token,
            lambda solicitation: view(request, solicitation, **named),
            if_expired=lambda _: dead_link(request, "expired", status=410, token=token),
        )

    return secret(answered)


def asked_page(purpose: str) -> Callable[[OwnerView], TokenView]:
    """A page of its own, which a mail asks the owner to open: its token opens nothing else."""

    def decorated(view: OwnerView) -> TokenView:
        @wraps(view)
        def answered(request: HttpRequest, token: str) -> HttpResponse:
            return through(
                request,
                token,
                lambda solicitation: view(request, solicitation),
                if_expired=lambda _: dead_link(request, "over", status=410),
                purpose=purpose,
            )

        return secret(answered)

    return decorated


def through(
    request: HttpRequest,
    token: str,
    go_on: Callable[[Solicitation], HttpResponse],
    *,
    if_expired: Callable[[Solicitation], HttpResponse],
    purpose: str = links.FOLLOW,
) -> HttpResponse:
    """What an owner's token opens: the request, the way to a fresh link, or a page that says why not."""
    try:
        solicitation = links.solicitation_of(token, now=timezone.now(), purpose=purpose)
    except ForgedLink:
        return dead_link(request, "forged", status=404)
    except RevokedLink:
        return dead_link(request, "revoked", status=410)
    except ErasedLink:
        return dead_link(request, "erased", status=410)
    except ExpiredLink as expired:
        return if_expired(expired.row)  # type: ignore[arg-type]
    return go_on(solicitation)


def posted(view: OwnerView) -> OwnerView:
    """An act; its address opened by hand leads to the page."""

    @wraps(view)
    def answered(request: HttpRequest, solicitation: Solicitation) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseRedirect(follow_path(solicitation))
        return view(request, solicitation)

    return answered


def dead_link(request: HttpRequest, reason: str, *, status: int, token: str = "") -> HttpResponse:
    """The page of a link that opens nothing."""
    context = {"reason": reason, "token": token}
    return render(request, "solicitations/company/dead_link.html", context, status=status)
