"""allauth's sign-in code with our limits; enrolment of a second factor, followed by the recovery codes."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.decorators import login_stage_required
from allauth.account.stages import LoginByCodeStage
from allauth.account.views import ConfirmLoginCodeView, RequestLoginCodeView
from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.base.views import AuthenticateView, IndexView
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.views import ActivateTOTPView
from allauth.mfa.utils import is_mfa_enabled
from allauth.mfa.webauthn.views import AddWebAuthnView, remove_webauthn
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import FormView

from experts.accounts import limits, proconnect, seats, sign_in
from experts.accounts.sign_in import SignInProcess


class LoginEmailView(RequestLoginCodeView):
    def form_valid(self, form: Any) -> HttpResponse:
        """Mail the code, to an address that has an account or may have one."""
        sign_in.begin(self.request, form.cleaned_data["email"])
        response: HttpResponse = FormView.form_valid(self, form)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Both ways to sign in, ProConnect where the portal is registered there."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | {"has_proconnect": proconnect.is_configured()}


@method_decorator(
    login_stage_required(stage=LoginByCodeStage.key, redirect_urlname="account_login"), name="dispatch"
)
class LoginCodeView(ConfirmLoginCodeView):
    @method_decorator(never_cache)
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Resume our own process, which may make the account."""
        self.stage = request._login_stage  # type: ignore[attr-defined]  # noqa: SLF001 (allauth's decorator)
        process = SignInProcess.resume(self.stage)
        if process is None:
            return redirect("account_login")
        self._process = process
        return FormView.dispatch(self, request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        """Refuse another code when too many were asked for: allauth only counts those of one session."""
        email = self._process.state.get("email") or ""
        if self._action == "resend" and limits.are_codes_over(self.request, email, now=timezone.now()):
            messages.error(self.request, get_adapter().error_messages["rate_limited"])
            return redirect("account_confirm_login_code")
        response: HttpResponse = super().form_valid(form)
        return response


class SecondFactorEnrolmentView(ActivateTOTPView):
    def form_valid(self, form: Any) -> HttpResponse:
        """Count the code just typed as a recent authentication, which the recovery codes' page asks for."""
        response: HttpResponse = super().form_valid(form)
        application = Authenticator.objects.get(user=self.request.user, type=Authenticator.Type.TOTP)
        post_authentication(self.request, application, reauthenticated=True)
        return response


class SecondFactorView(AuthenticateView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Both ways, the key being shown to those who have one."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | {"has_key": is_mfa_enabled(self.stage.login.user, [Authenticator.Type.WEBAUTHN])}


class KeyEnrolmentView(AddWebAuthnView):
    def form_valid(self, form: Any) -> HttpResponse:
        """Count the key just used as a recent authentication, which the recovery codes' page asks for."""
        response: HttpResponse = super().form_valid(form)
        keys = Authenticator.objects.filter(user=self.request.user, type=Authenticator.Type.WEBAUTHN)
        post_authentication(self.request, keys.latest("pk"), reauthenticated=True)
        return response


def remove_key(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Remove one of one's own keys; 404 for another, before anything is asked."""
    get_object_or_404(Authenticator, pk=pk, user=request.user, type=Authenticator.Type.WEBAUTHN)
    response: HttpResponseBase = remove_webauthn(request, pk=pk)
    return response


class AccountView(IndexView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Second factors, and the posts and offices of the account."""
        now = timezone.now()
        posts = seats.posts_of(self.request.user, now=now).select_related("office")
        offices = seats.managed_offices(self.request.user, now=now)
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | {
            "posts": posts.order_by("office__name", "pk"),
            "offices": offices.order_by("name", "pk"),
        }
