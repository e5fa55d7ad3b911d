"""allauth's views that we serve, under its own URL names; the others have no address."""

from allauth.account import views as account
from allauth.mfa.base import views as second_factor
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from django.contrib.auth.decorators import login_not_required
from django.urls import path

from experts.accounts import access_views, invitation_views, mailbox_views, proconnect_views
from experts.accounts.views import (
    AccountView,
    KeyEnrolmentView,
    LoginCodeView,
    LoginEmailView,
    SecondFactorEnrolmentView,
    SecondFactorView,
    remove_key,
)

urlpatterns = [
    path("", login_not_required(LoginEmailView.as_view()), name="account_login"),
    path("", login_not_required(LoginEmailView.as_view()), name="account_request_login_code"),
    path("code/", LoginCodeView.as_view(), name="account_confirm_login_code"),
    path("boite/", mailbox_views.confirm, name="confirm_mailbox"),
    path("boite/autre/", mailbox_views.ask, name="ask_mailbox"),
    path("invitation/<str:token>/", invitation_views.invitation, name="invitation"),
    path("fin/", login_not_required(proconnect_views.SignOutView.as_view()), name="account_logout"),
    path("proconnect/", proconnect_views.begin, name="proconnect"),
    path("proconnect/retour/", proconnect_views.callback, name="proconnect_callback"),
    path("compte-inactif/", account.account_inactive, name="account_inactive"),
    path("second-facteur/", SecondFactorView.as_view(), name="mfa_authenticate"),
    path("securite/", AccountView.as_view(), name="mfa_index"),
    path("securite/confirmation/", second_factor.reauthenticate, name="mfa_reauthenticate"),
    path("securite/acces/", access_views.own_access, name="own_access"),
    path("securite/sessions/fermer/", access_views.close_others, name="close_other_sessions"),
    path("securite/sessions/<int:pk>/fermer/", access_views.close_session, name="close_session"),
    path("securite/application/", SecondFactorEnrolmentView.as_view(), name="mfa_activate_totp"),
    path("securite/application/retrait/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("securite/cles/", webauthn.list_webauthn, name="mfa_list_webauthn"),
    path("securite/cles/nouvelle/", KeyEnrolmentView.as_view(), name="mfa_add_webauthn"),
    path("securite/cles/<int:pk>/retirer/", remove_key, name="mfa_remove_webauthn"),
    path("securite/cles/confirmation/", webauthn.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("securite/codes/", codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("securite/codes/nouveaux/", codes.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("securite/codes/fichier/", codes.download_recovery_codes, name="mfa_download_recovery_codes"),
]
