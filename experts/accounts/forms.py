"""allauth's sign-in forms, with our labels and error messages."""

from collections.abc import Callable
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import ConfirmLoginCodeForm, RequestLoginCodeForm
from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm, BaseAuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, AuthenticateWebAuthnForm, ReauthenticateWebAuthnForm
from django import forms
from django.utils import timezone

from experts.accounts import access_log, limits, security_keys
from experts.models import AccessRecord, User
from mailing.form_fields import AddressField, LineField

ADDRESS_ERROR = "Indiquez une adresse électronique complète, par exemple prenom.nom@organisme.fr."
CODE_ERRORS = {
    "required": "Indiquez le code.",
    "max_length": "Ce code est trop long : recopiez-le à nouveau.",
}
# What the library raises on an answer that no key writes.
MALFORMED = (TypeError, ValueError, KeyError, AttributeError, RecursionError)
APPLICATION_CODE = "Code de votre application"
KEY_ERROR = "Cette clé n'a pas été reconnue. Essayez encore, ou saisissez un code."
COPIED_KEY_ERROR = (
    "Cette clé est refusée\u00a0: son compteur a reculé, une copie en existe peut-être. Connectez-vous par "
    "un code, retirez-la de votre compte, et prévenez l'équipe nationale."
)


def code_field(label: str, help_text: str, *, is_number: bool) -> LineField:
    attrs = {"autocomplete": "one-time-code", "autocapitalize": "characters", "spellcheck": "false"}
    if is_number:
        attrs = {"autocomplete": "one-time-code", "inputmode": "numeric"}
    return LineField(
        label=label,
        help_text=help_text,
        max_length=40,
        widget=forms.TextInput(attrs=attrs),
        error_messages=CODE_ERRORS,
    )


def address_field(label: str, *, required: bool = True, autocomplete: str = "email") -> AddressField:
    return AddressField(
        label=label,
        required=required,
        help_text="Format attendu : prenom.nom@organisme.fr",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": autocomplete}),
        error_messages={
            "required": ADDRESS_ERROR,
            "invalid": ADDRESS_ERROR,
            "max_length": "Vérifiez cette adresse : elle est trop longue.",
        },
    )


class LoginEmailForm(RequestLoginCodeForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"] = address_field("Votre adresse électronique professionnelle")

    def clean_email(self) -> str:
        """Count the request, then look for the account."""
        if limits.are_codes_over(context.request, self.cleaned_data["email"], now=timezone.now()):
            raise get_adapter().validation_error("too_many_login_attempts")
        email: str = super().clean_email()
        return email


class LoginCodeForm(ConfirmLoginCodeForm):
    code = code_field("Code reçu par courriel", "Huit lettres, le tiret compte pour rien.", is_number=False)

    def clean_code(self) -> str:
        """Count the try, then judge it: of tries sent at the same time, those in excess are not judged."""
        session = context.request.session.session_key or ""
        if limits.is_code_try_over(session, self.expected_code or "", now=timezone.now()):
            raise get_adapter().validation_error("too_many_login_attempts")
        code: str = super().clean_code()
        return code


def counted(user: User, judge: Callable[[], Any]) -> Any:
    """Count the try of a second factor, then judge it; the right one forgives the ones before."""
    now = timezone.now()
    if limits.is_factor_try_over(user, now=now):
        raise get_adapter().validation_error("too_many_login_attempts")
    try:
        found = judge()
    except forms.ValidationError as refusal:
        details = (refusal.params or {}).get("details", "")
        access_log.record(
            AccessRecord.Kind.FACTOR_REFUSED, user, now=now, details=details, request=context.request
        )
        raise
    limits.forgive_factor_tries(user, now=now)
    return found


def judged_key(judge: Callable[[], Any]) -> Any:
    """Judge a key's answer; one that no browser would write is refused as a wrong one."""
    try:
        return judge()
    except (forms.ValidationError, *MALFORMED) as refusal:
        raise forms.ValidationError(KEY_ERROR) from refusal


class CountedTries(BaseAuthenticateForm):
    def clean_code(self) -> str:
        code: str = counted(self.user, super().clean_code)
        return code


class KeyAnswerField(forms.JSONField):
    """A security key's answer; brackets without end are none."""

    widget = forms.HiddenInput

    def __init__(self) -> None:
        super().__init__(error_messages={"required": KEY_ERROR})

    def to_python(self, value: Any) -> Any:
        return judged_key(lambda: super(KeyAnswerField, self).to_python(value))

    def bound_data(self, data: Any, initial: Any) -> None:
        """Nothing: an answer serves once, the page shown again asks for another."""


class SecondFactorForm(CountedTries, AuthenticateForm):
    code = code_field(APPLICATION_CODE, "Six chiffres, ou l'un de vos codes de secours.", is_number=True)


class ReauthenticationForm(CountedTries, ReauthenticateForm):
    code = code_field(APPLICATION_CODE, "Six chiffres, ou l'un de vos codes de secours.", is_number=True)


class SecondFactorEnrolmentForm(ActivateTOTPForm):
    code = code_field(
        "Code de votre application", "Les six chiffres qu'elle montre maintenant.", is_number=True
    )


class KeyEnrolmentForm(AddWebAuthnForm):
    name = LineField(
        label="Nom de la clé",
        help_text="Pour la reconnaître, par exemple « clé du trousseau ».",
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    credential = KeyAnswerField()

    def clean(self) -> dict[str, Any]:
        """Refuse, with a sentence, anything but the answer of a security key."""
        cleaned: dict[str, Any] = judged_key(super().clean)
        return cleaned


class KeyForm(AuthenticateWebAuthnForm):
    """The key asked for at sign-in."""

    credential = KeyAnswerField()

    def clean_credential(self) -> Authenticator:
        """Count the try, then verify the key's answer, and that no copy of the key has answered before."""
        response, verify = self.cleaned_data["credential"], super().clean_credential

        def judge() -> Authenticator:
            key: Authenticator = judged_key(verify)
            try:
                security_keys.count_signature(key, response)
            except security_keys.CopiedKey as copied:
                details = f"Clé «\u00a0{key}\u00a0», peut-être copiée"
                raise forms.ValidationError(COPIED_KEY_ERROR, params={"details": details}) from copied
            return key

        key: Authenticator = counted(self.user, judge)
        return key


class KeyReauthenticationForm(KeyForm, ReauthenticateWebAuthnForm):
    """The key asked for before one's security is changed."""


class SharedMailboxForm(forms.Form):
    """The address of a mailbox that several people read."""

    mailbox = address_field("Adresse de la boîte partagée", autocomplete="off")


class OwnAddressForm(forms.Form):
    """The visitor's own address, asked for when the code was mailed to a shared mailbox."""

    own = address_field("Votre propre adresse électronique", required=False)


class MailboxCodeForm(forms.Form):
    """The code sent to a shared mailbox; whoever reads the form judges it."""

    code = code_field(
        "Code reçu dans cette boîte", "Huit lettres, le tiret compte pour rien.", is_number=False
    )
