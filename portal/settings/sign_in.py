"""Sign-in: allauth, codes by mail, second factor, ProConnect."""

from datetime import timedelta

from environs import Env

env = Env()

# People sign in with a code sent by mail, staff and managers with a second factor too; nobody signs up.
ACCOUNT_ADAPTER = "experts.accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "request_login_code": "experts.accounts.forms.LoginEmailForm",
    "confirm_login_code": "experts.accounts.forms.LoginCodeForm",
}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 15 * 60  # seconds
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_RATE_LIMITS = False  # ours are exact: experts/accounts/limits.py
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
MFA_ADAPTER = "experts.accounts.adapter.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": "experts.accounts.forms.SecondFactorForm",
    "reauthenticate": "experts.accounts.forms.ReauthenticationForm",
    "activate_totp": "experts.accounts.forms.SecondFactorEnrolmentForm",
    "add_webauthn": "experts.accounts.forms.KeyEnrolmentForm",
    "authenticate_webauthn": "experts.accounts.forms.KeyForm",
    "reauthenticate_webauthn": "experts.accounts.forms.KeyReauthenticationForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "Relais Entreprises"
MFA_TOTP_TOLERANCE = 1  # a phone's clock may be thirty seconds off

# ProConnect, when the environment names it: docs/proconnect.md.
PROCONNECT_ISSUER = env.str("PROCONNECT_ISSUER", "")
PROCONNECT_CLIENT_ID = env.str("PROCONNECT_CLIENT_ID", "")
PROCONNECT_CLIENT_SECRET = env.str("PROCONNECT_CLIENT_SECRET", "")
# The levels that prove a second factor.
PROCONNECT_SECOND_FACTOR_ACR: list[str] = env.list(
    "PROCONNECT_SECOND_FACTOR_ACR",
    [
        "eidas2",
        "eidas3",
        "https://proconnect.gouv.fr/assurance/self-asserted-2fa",
        "https://proconnect.gouv.fr/assurance/consistency-checked-2fa",
    ],
)
# The levels asked for, best first: without a second factor, ours is asked.
PROCONNECT_ACR_VALUES: list[str] = env.list(
    "PROCONNECT_ACR_VALUES", [*PROCONNECT_SECOND_FACTOR_ACR, "eidas1"]
)
PROCONNECT_TIMEOUT = timedelta(seconds=3)  # of each exchange
