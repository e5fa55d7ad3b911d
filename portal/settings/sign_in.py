"""Sign-in of staff: allauth, codes by mail, second factor."""

# Staff sign in with a code sent by mail, then a second factor; nobody signs up.
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
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Relais Entreprises"
MFA_TOTP_TOLERANCE = 1  # a phone's clock may be thirty seconds off
