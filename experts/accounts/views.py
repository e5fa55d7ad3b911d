"""allauth's sign-in code with our limits; enrolment of a second factor, followed by the recovery codes."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.views import ConfirmLoginCodeView
from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.views import ActivateTOTPView
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from experts.accounts import limits


class LoginCodeView(ConfirmLoginCodeView):
    def form_valid(self, form: Any) -> HttpResponse:
        """Refuse another code when too many were asked for: allauth counts those of one session only."""
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
