"""Decorators and paths that the company's pages share."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial, wraps
from urllib.parse import urlsplit

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.cache import add_never_cache_headers, patch_cache_control
from django.views.decorators.http import require_http_methods

from experts.models import Theme
from solicitations import links
from solicitations.models import Solicitation
from solicitations.views.token_pages import TokenPages, TokenView


def follow_path(solicitation: Solicitation) -> str:
    """The owner's page, on this site."""
    return urlsplit(links.follow_url(solicitation)).path


def survey_path(solicitation: Solicitation) -> str:
    """The owner's three questions, on this site."""
    return urlsplit(links.survey_url(solicitation)).path


def thanks(solicitation: Solicitation) -> HttpResponseRedirect:
    """Redirect to the owner's page, with the thanks shown right after sending."""
    return HttpResponseRedirect(f"{follow_path(solicitation)}?merci")


def public_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Decorate a page open to all and not cached.

    Only the response to a POST may be kept by the browser: without it, « Back » would end on the browser's
    own error page.
    """

    @wraps(view)
    def answered(request: HttpRequest, *args: object, **named: object) -> HttpResponse:
        try:
            response = view(request, *args, **named)
        except Http404:
            if Theme.objects.listed().filter(slug=named.get("slug", "")).exists():
                return redirect("theme", named["slug"])  # a theme was meant
            raise
        if request.method == "POST":
            patch_cache_control(response, private=True, no_cache=True, max_age=0)
        else:
            add_never_cache_headers(response)
        return response

    return login_not_required(require_http_methods(["GET", "HEAD", "POST"])(answered))


OWNER = TokenPages(
    row_of=links.solicitation_of,
    path_of=follow_path,
    url_name="owners:follow",
    template="owners/dead_link.html",
)
owner_page = OWNER.page
posted = OWNER.post_only


def page_from_mail(purpose: str) -> Callable[[Callable[..., HttpResponse]], TokenView]:
    """Return the decorator of a page that a mail asks the owner to open: its token opens only that page."""
    return replace(OWNER, row_of=partial(links.solicitation_of, purpose=purpose), expired="over").page
