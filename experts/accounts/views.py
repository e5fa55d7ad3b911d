"""allauth's enrolment of a second factor, followed by the recovery codes."""

from typing import Any

from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.views import ActivateTOTPView
from django.http import HttpResponse


class SecondFactorEnrolmentView(ActivateTOTPView):
    def form_valid(self, form: Any) -> HttpResponse:
        """Count the code just typed as a recent authentication, which the recovery codes' page asks for."""
        response: HttpResponse = super().form_valid(form)
        application = Authenticator.objects.get(user=self.request.user, type=Authenticator.Type.TOTP)
        post_authentication(self.request, application, reauthenticated=True)
        return response
