"""allauth's views that we serve, under its own URL names; the others have no address."""

from allauth.account import views as account
from allauth.mfa.base import views as second_factor
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from django.contrib.auth.decorators import login_not_required
from django.urls import path

from experts.accounts.views import LoginCodeView, SecondFactorEnrolmentView

urlpatterns = [
    path("", login_not_required(account.request_login_code), name="account_login"),
    path("", login_not_required(account.request_login_code), name="account_request_login_code"),
    path("code/", LoginCodeView.as_view(), name="account_confirm_login_code"),
    path("fin/", login_not_required(account.logout), name="account_logout"),
    path("compte-inactif/", account.account_inactive, name="account_inactive"),
    path("second-facteur/", second_factor.authenticate, name="mfa_authenticate"),
    path("securite/", second_factor.index, name="mfa_index"),
    path("securite/confirmation/", second_factor.reauthenticate, name="mfa_reauthenticate"),
    path("securite/application/", SecondFactorEnrolmentView.as_view(), name="mfa_activate_totp"),
    path("securite/application/retrait/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("securite/codes/", codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("securite/codes/nouveaux/", codes.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("securite/codes/fichier/", codes.download_recovery_codes, name="mfa_download_recovery_codes"),
]
