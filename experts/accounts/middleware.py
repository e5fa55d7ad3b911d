"""Small steps around every page: no staff without a second factor or for more than a day, and late work."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

Answer = Callable[[HttpRequest], HttpResponse]
SESSION_LIFE = timedelta(hours=12)
AFTER_ANSWER = "relais.after_answer"
# What somebody without a second factor may still open.
ENROLMENT = frozenset({"mfa_activate_totp", "account_logout"})


class SecondFactorMiddleware:
    """Send whoever is signed in without a second factor to its enrolment, whatever the page.

    allauth asks for the factor of those who have one before it signs them in. The demo asks for none.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """The sign-in's or the enrolment's address, or ``None`` when the page may be shown."""
        if settings.DEMO or not request.user.is_authenticated:
            return None
        if _is_over(request):
            logout(request)
            return redirect_to_login(request.get_full_path())
        if request.resolver_match and request.resolver_match.view_name in ENROLMENT:
            return None
        if is_mfa_enabled(request.user, [Authenticator.Type.TOTP]):
            return None
        return redirect("mfa_activate_totp")


def _is_over(request: HttpRequest) -> bool:
    """Whether the last proof of who is there, as allauth records it, is older than a working day."""
    proofs = request.session.get("account_authentication_methods", [])
    return bool(proofs) and time.time() - max(proof["at"] for proof in proofs) > SESSION_LIFE.total_seconds()


def after_answer(get_response: Answer) -> Answer:
    """Do what a view left with ``do_after_answer`` when its answer has been sent, in the same process."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        # The server calls these when the last byte has left; Django itself uses them to close files.
        response._resource_closers += request.META.get(AFTER_ANSWER, [])  # type: ignore[attr-defined]  # noqa: SLF001
        return response

    return middleware


def do_after_answer(request: HttpRequest, work: Callable[[], object]) -> None:
    """Leave ``work`` for when the answer to ``request`` has been sent."""
    request.META.setdefault(AFTER_ANSWER, []).append(work)
