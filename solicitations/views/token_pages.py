"""Pages that the token of a mailed link opens, for one person and about one request."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Generic, TypeVar

from django.contrib.auth.decorators import login_not_required
from django.core.handlers.exception import response_for_exception
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache

from experts.accounts import limits
from experts.tokens import ForgedLink
from solicitations.links import ErasedLink, ExpiredLink, RevokedLink
from solicitations.models import Mailbox, Solicitation

TokenView = Callable[..., HttpResponse]
Row = TypeVar("Row", Mailbox, Solicitation)


def secret(view: TokenView) -> TokenView:
    """Decorate a page with a token in its address: not indexed, not stored, not sent as a referrer.

    Nor is the page that says that something below that address does not exist.
    """

    @wraps(view)
    def answered(request: HttpRequest, token: str, **named: int | str) -> HttpResponse:
        try:
            response = view(request, token, **named)
        except Http404 as error:
            response = response_for_exception(request, error)
        response["X-Robots-Tag"] = "noindex, nofollow"
        response["Referrer-Policy"] = "same-origin"
        return response

    return login_not_required(never_cache(answered))


@dataclass(frozen=True, kw_only=True)
class TokenPages(Generic[Row]):
    """The pages that one kind of link opens.

    ``row_of`` returns the row of a token, or raises why there is none; ``path_of`` and ``url_name`` give the
    main page; ``template`` is the page of an invalid link, ``expired`` its reason when the link is too old.
    """

    row_of: Callable[..., Row]
    path_of: Callable[[Row], str]
    url_name: str
    template: str
    expired: str = "expired"

    def page(self, view: Callable[..., HttpResponse]) -> TokenView:
        """Decorate a view of the row; an invalid link gets a page that says why, and what to do."""

        @wraps(view)
        def answered(request: HttpRequest, token: str, **named: int | str) -> HttpResponse:
            return self._open(
                request,
                token,
                lambda row: view(request, row, **named),
                if_expired=lambda _: self.dead_link(request, self.expired, status=410, token=token),
            )

        return secret(answered)

    def post_only(self, view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        """Decorate an action, below ``page``; any other method than POST redirects to the main page."""

        @wraps(view)
        def answered(request: HttpRequest, row: Row, **named: int | str) -> HttpResponse:
            if request.method != "POST":
                return HttpResponseRedirect(self.path_of(row))
            return view(request, row, **named)

        return answered

    def renewal(self, reissue: Callable[..., None]) -> TokenView:
        """Return the view that mails a new link in place of an expired one, to the same mailbox."""

        def renew(request: HttpRequest, token: str) -> HttpResponse:
            if request.method != "POST":
                return redirect(self.url_name, token)
            return self._open(
                request,
                token,
                lambda row: HttpResponseRedirect(self.path_of(row)),
                if_expired=lambda row: self._renewed(request, row, reissue),
            )

        return secret(renew)

    def dead_link(self, request: HttpRequest, reason: str, *, status: int, token: str = "") -> HttpResponse:
        """Return the page of an invalid link."""
        return render(request, self.template, {"reason": reason, "token": token}, status=status)

    def _open(
        self,
        request: HttpRequest,
        token: str,
        opened: Callable[[Row], HttpResponse],
        *,
        if_expired: Callable[[Row], HttpResponse],
    ) -> HttpResponse:
        """Return the page of the token's row; for an expired or invalid link, the page that says so."""
        try:
            row = self.row_of(token, now=timezone.now())
        except ForgedLink:
            return self.dead_link(request, "forged", status=404)
        except RevokedLink:
            return self.dead_link(request, "revoked", status=410)
        except ErasedLink:
            return self.dead_link(request, "erased", status=410)
        except ExpiredLink as expired:
            return if_expired(expired.row)  # type: ignore[arg-type]
        return opened(row)

    def _renewed(self, request: HttpRequest, row: Row, reissue: Callable[..., None]) -> HttpResponse:
        now = timezone.now()
        if limits.LINKS_PER_ADDRESS.is_over(limits.address_of(request), now=now):
            return limits.too_many(request, back=request.path)
        reissue(row, now=now)
        return self.dead_link(request, "renewed", status=200)
