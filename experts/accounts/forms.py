"""allauth's sign-in forms, with our labels and error messages."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import ConfirmLoginCodeForm, RequestLoginCodeForm
from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm, BaseAuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from django.utils import timezone

from experts.accounts import access_log, limits, security_keys
from experts.models import AccessRecord
from mailing.form_fields import AddressField, LineField

ADDRESS_ERROR = "Indiquez une adresse électronique complète, par exemple prenom.nom@organisme.fr."
CODE_ERRORS = {
    "required": "Indiquez le code.",
    "max_length": "Ce code est trop long : recopiez-le à nouveau.",
}
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


class CountedTries(BaseAuthenticateForm):
    def clean_code(self) -> str:
        """Count the try, then judge it; the right code forgives the ones before."""
        now = timezone.now()
        if limits.is_factor_try_over(self.user, now=now):
            raise get_adapter().validation_error("too_many_login_attempts")
        try:
            code: str = super().clean_code()
        except forms.ValidationError:
            kind = AccessRecord.Kind.FACTOR_REFUSED
            access_log.record(kind, self.user, now=now, request=context.request)
            raise
        limits.forgive_factor_tries(self.user, now=now)
        return code


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


class CountedSignatures(AuthenticateWebAuthnForm):
    def clean_credential(self) -> Authenticator:
        """Verify the key's answer, and that no copy of the key has answered before; record a refusal."""
        response = self.cleaned_data["credential"]
        kind = AccessRecord.Kind.FACTOR_REFUSED
        try:
            key: Authenticator = super().clean_credential()
            security_keys.count_signature(key, response)
        except forms.ValidationError as refusal:
            access_log.record(kind, self.user, now=timezone.now(), request=context.request)
            if refusal.code != "incorrect_code":
                raise
            raise forms.ValidationError(KEY_ERROR) from refusal
        except security_keys.CopiedKey as copied:
            words = f"Clé «\u00a0{key}\u00a0», peut-être copiée"
            access_log.record(kind, self.user, now=timezone.now(), words=words, request=context.request)
            raise forms.ValidationError(COPIED_KEY_ERROR) from copied
        return key


class KeyForm(CountedSignatures):
    """The key asked for at sign-in."""


class KeyReauthenticationForm(CountedSignatures, ReauthenticateWebAuthnForm):
    """The key asked for before one's security is changed."""


class SharedMailboxForm(forms.Form):
    """The address of a mailbox that several people read."""

    mailbox = address_field("Adresse de la boîte partagée", autocomplete="off")


class OwnAddressForm(forms.Form):
    """The visitor's own address, when the one that got the mail is shared."""

    own = address_field("Votre propre adresse électronique", required=False)


class MailboxCodeForm(forms.Form):
    """The code sent to a shared mailbox; whoever reads the form judges it."""

    code = code_field(
        "Code reçu dans cette boîte", "Huit lettres, le tiret compte pour rien.", is_number=False
    )
