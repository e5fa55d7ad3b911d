"""Middleware: second factor required, sessions limited to a working day, work done after the response."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers

from experts.accounts import proconnect_session, seats, sessions
from experts.models import User
from mailing.transactions import Locked, without_waiting

View = TypeVar("View", bound=Callable[..., HttpResponse])
GetResponse = Callable[[HttpRequest], HttpResponse]
SESSION_LIFE = timedelta(hours=12)
IDLE_LIFE = timedelta(minutes=30)  # of staff and managers
CLOSED = "Votre session s'est fermée d'elle-même : connectez-vous de nouveau."
AFTER_RESPONSE = "relais.after_response"
# Views that somebody without a second factor may still open.
ENROLMENT_VIEWS = frozenset({"mfa_activate_totp", "mfa_add_webauthn", "account_logout"})
FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
ENDED = "Votre compte n'ouvre plus rien ici. Si c'est une erreur, écrivez à l'équipe nationale."


class SecondFactorMiddleware:
    """End the sessions of accounts that open nothing any more, and require a second factor of the others.

    It is required of staff and of managers, and offered to experts: whoever lacks it is redirected to its
    enrolment page. allauth checks it, where there is one, before it signs in; what ProConnect has asked for
    counts as one. The demo requires none.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Redirect to the sign-in or enrolment page, or return ``None`` when the page may be shown."""
        turned_away = self._refused_page(request, view)
        request.is_let_in = turned_away is None  # type: ignore[attr-defined]  # read by ``keep_unsent_texts``
        return turned_away

    def _refused_page(self, request: HttpRequest, view: Callable[..., Any]) -> HttpResponse | None:
        user = request.user
        if not isinstance(user, User):
            return None
        work = seats.work_of(user, now=timezone.now())
        request.work = work  # type: ignore[attr-defined]  # read by ``seats.work_in`` and the header
        if not user.is_staff and work.is_empty:
            return _ended(request)
        if settings.DEMO:
            return None
        if _is_session_too_old(request) or _is_idle(request, user, work):
            logout(request)
            messages.info(request, CLOSED)
            return redirect_to_login(request.get_full_path())
        if not getattr(view, "is_polled", False):
            sessions.note_activity(request)
        return _enrolment(request, user, work)


def _is_idle(request: HttpRequest, user: User, work: seats.Work) -> bool:
    """Return whether a member of staff or a manager has opened no page for ``IDLE_LIFE``."""
    is_watched = user.is_staff or work.manages
    return is_watched and sessions.idle_seconds(request) > IDLE_LIFE.total_seconds()


def _ended(request: HttpRequest) -> HttpResponse:
    """End the session of an account that opens nothing any more, and say so."""
    logout(request)
    messages.info(request, ENDED)
    return redirect("account_login")


def _enrolment(request: HttpRequest, user: User, work: seats.Work) -> HttpResponse | None:
    """Redirect staff and managers to the enrolment of a second factor, when they have none."""
    if request.resolver_match and request.resolver_match.view_name in ENROLMENT_VIEWS:
        return None
    if not (user.is_staff or work.manages) or is_mfa_enabled(user, FACTORS):
        return None
    if proconnect_session.proves_second_factor(request, user):
        return None
    return redirect("mfa_activate_totp")


def polled(view: View) -> View:
    """Decorate a view that pages ask for by themselves: it does not keep an idle session open."""
    view.is_polled = True  # type: ignore[attr-defined]
    return view


def never_waits(view: View) -> View:
    """Decorate a view shown to everybody, even while the tables of sessions and accounts are locked."""
    view.never_waits = True  # type: ignore[attr-defined]
    return view


class UnreadSession(SessionBase):
    """A session whose row is locked: empty, and never written, so that the visitor's cookie stays."""

    def load(self) -> dict[str, Any]:
        return {}

    def is_empty(self) -> bool:
        return False


class NeverWaitMiddleware:
    """Make the visitor of a view that never waits anonymous, when session or account are locked."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Read session and account before any middleware that would wait for them."""
        if getattr(view, "never_waits", False) and settings.SESSION_COOKIE_NAME in request.COOKIES:
            try:
                with without_waiting():
                    bool(request.user)
            except Locked:
                request.session, request.user = UnreadSession(), AnonymousUser()
        return None


def _is_session_too_old(request: HttpRequest) -> bool:
    """Return whether the last authentication recorded by allauth is older than ``SESSION_LIFE``."""
    proofs = request.session.get("account_authentication_methods", [])
    return bool(proofs) and time.time() - max(proof["at"] for proof in proofs) > SESSION_LIFE.total_seconds()


def keep_unsent_texts(get_response: GetResponse) -> GetResponse:
    """Show the texts of a form sent by somebody who must first sign in, or add a second factor.

    A redirection would lose them: a session may end while its owner writes.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        is_redirected = isinstance(response, HttpResponseRedirect) and not getattr(
            request, "is_let_in", False
        )
        if request.method != "POST" or not is_redirected:
            return response
        texts = (text for name in request.POST for text in request.POST.getlist(name))
        kept = [text.strip() for text in texts if len(text.split()) > 1]
        if not kept:
            return response
        shown = render(
            request, "account/unsent_texts.html", {"texts": kept, "next": response["Location"]}, status=403
        )
        add_never_cache_headers(shown)
        return shown

    return middleware


def after_response(get_response: GetResponse) -> GetResponse:
    """Run the work given to ``run_after_response`` once the response is sent, in the same process."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        # The server calls these after the last byte is sent; Django itself uses them to close files.
        response._resource_closers += request.META.get(AFTER_RESPONSE, [])  # type: ignore[attr-defined]  # noqa: SLF001
        return response

    return middleware


def run_after_response(request: HttpRequest, work: Callable[[], object]) -> None:
    """Run ``work`` once the response to ``request`` is sent."""
    request.META.setdefault(AFTER_RESPONSE, []).append(work)
