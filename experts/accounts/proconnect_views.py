"""Sign-in through ProConnect, beside the mailed code: for known addresses only; it grants no permission."""

import logging
import secrets
import time
from dataclasses import asdict
from typing import Any

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from allauth.account.stages import LoginStageController
from allauth.account.views import LogoutView
from allauth.mfa.stages import AuthenticateStage
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from experts.accounts import access_log, limits, proconnect, proconnect_session, sign_in
from experts.accounts.adapter import AccountAdapter
from experts.models import AccessRecord, User

logger = logging.getLogger(__name__)

ATTEMPT = "proconnect_attempt"  # in the session
ATTEMPT_LIFE = 15 * 60  # seconds
UNAVAILABLE = "ProConnect ne répond pas pour le moment. Recevez plutôt un code par courriel."
STALE = "Cette connexion par ProConnect n'a pas abouti. Recommencez, ou recevez un code par courriel."
CANCELLED = "Vous n'êtes pas connecté : vous avez quitté ProConnect avant la fin."
REFUSED = "ProConnect n'a pas confirmé votre identité. Recommencez, ou recevez un code par courriel."


def _callback_url() -> str:
    return settings.SITE_URL + reverse("proconnect_callback")


@require_POST
@never_cache
@login_not_required
def begin(request: HttpRequest) -> HttpResponse:
    """Send the visitor to ProConnect, with secrets that her session keeps."""
    if not proconnect.is_configured():
        raise Http404
    if limits.CODES_PER_NETWORK.is_over(limits.address_of(request), now=timezone.now()):
        return limits.too_many(request, back=reverse("account_login"))
    try:
        server = proconnect.discover()
    except proconnect.Unavailable as failure:
        return _unavailable(request, failure)
    attempt = proconnect.Attempt.new()
    request.session[ATTEMPT] = {
        **asdict(attempt),
        "next": request.POST.get("next", "")[:2000],
        "at": time.time(),
    }
    url = proconnect.authorization_url(server, attempt, callback=_callback_url())
    return render(request, "account/to_proconnect.html", {"url": url, "is_leaving": False})


@require_safe
@never_cache
@login_not_required
def callback(request: HttpRequest) -> HttpResponse:
    """Sign in the person that ProConnect names, when an account or a post bears her address."""
    kept = request.session.pop(ATTEMPT, None)  # an answer is accepted once
    if not proconnect.is_configured():
        raise Http404
    if not _is_expected_answer(request, kept):
        return _to_sign_in(request, STALE)
    if "code" not in request.GET:
        return _to_sign_in(request, CANCELLED if request.GET.get("error") == "access_denied" else STALE)
    attempt = proconnect.Attempt(kept["state"], kept["nonce"], kept["verifier"])
    try:
        server = proconnect.discover()
        found = proconnect.identify(server, attempt, code=request.GET["code"], callback=_callback_url())
        validate_email(found.email)
    except proconnect.Unavailable as failure:
        return _unavailable(request, failure)
    except proconnect.NotProved as refusal:
        return _refused(request, str(refusal))
    except ValidationError:
        return _refused(request, "no address")
    return _sign_in(request, found, end_session=server.end_session, wanted=kept["next"])


class SignOutView(LogoutView):
    """allauth's page to sign out; who came by ProConnect is signed out there too."""

    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Close the session here, then at ProConnect."""
        url = proconnect_session.end_url(self.request)
        response: HttpResponse = super().post(*args, **kwargs)
        if url:
            return render(self.request, "account/to_proconnect.html", {"url": url, "is_leaving": True})
        return response


def _is_expected_answer(request: HttpRequest, kept: Any) -> bool:
    """Return whether this is the answer that the session awaits, from the server that was asked."""
    if not isinstance(kept, dict) or time.time() - kept["at"] > ATTEMPT_LIFE:
        return False
    if request.GET.get("iss", settings.PROCONNECT_ISSUER) != settings.PROCONNECT_ISSUER:
        return False
    return secrets.compare_digest(request.GET.get("state", "").encode(), kept["state"].encode())


def _sign_in(
    request: HttpRequest, found: proconnect.ProvedIdentity, *, end_session: str, wanted: str
) -> HttpResponse:
    """Sign in, second factor included unless ProConnect proves one."""
    now = timezone.now()
    user = User.objects.filter(email__iexact=found.email).first()
    if not sign_in.may_sign_in(request, found.email, user, now=now):
        kind = AccessRecord.Kind.PROCONNECT_REFUSED
        access_log.record(kind, user, details="l'adresse n'ouvre rien ici", now=now, request=request)
        context = {
            "email": found.email,
            "leave": proconnect_session.end_url_of(end_session, id_token=found.id_token),
        }
        return render(request, "account/proconnect_unknown.html", context, status=403)
    user = user or sign_in.open_account(found.email, now=now)
    proconnect_session.keep(request, user, found, end_session=end_session)
    record_authentication(request, user, method="proconnect")
    safe = wanted if AccountAdapter(request).is_safe_url(wanted) else None
    login = Login(user=user, email=found.email, redirect_url=safe)
    if found.has_second_factor:
        LoginStageController(request, login).set_handled(AuthenticateStage.key)
    response: HttpResponse = perform_login(request, login)
    return response


def _unavailable(request: HttpRequest, failure: proconnect.Unavailable) -> HttpResponse:
    logger.warning("proconnect unavailable: %s", failure)
    return _to_sign_in(request, UNAVAILABLE)


def _refused(request: HttpRequest, details: str) -> HttpResponse:
    kind = AccessRecord.Kind.PROCONNECT_REFUSED
    access_log.record(kind, None, details=details, now=timezone.now(), request=request)
    return _to_sign_in(request, REFUSED)


def _to_sign_in(request: HttpRequest, sentence: str) -> HttpResponse:
    messages.error(request, sentence)
    return redirect("account_login")
