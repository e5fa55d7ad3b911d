"""The one page of allauth that we serve in our own way."""

from typing import Any

from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.views import ActivateTOTPView
from django.http import HttpResponse


class EnrolmentView(ActivateTOTPView):
    def form_valid(self, form: Any) -> HttpResponse:
        """Show the recovery codes at once: the code just typed is proof enough that this is the person."""
        response: HttpResponse = super().form_valid(form)
        application = Authenticator.objects.get(user=self.request.user, type=Authenticator.Type.TOTP)
        post_authentication(self.request, application, reauthenticated=True)
        return response
