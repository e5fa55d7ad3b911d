"""Classification of sending errors of mail servers and providers, in four cases."""

import smtplib

from anymail.exceptions import AnymailRecipientsRefused
from django.core.exceptions import ValidationError
from django.db import models


class Failure(models.TextChoices):
    SERVER = "server", "serveur d’envoi indisponible"
    RECIPIENT = "recipient", "destinataire momentanément indisponible"
    REFUSED = "refused", "adresse refusée"
    CONTENT = "content", "mail impossible à rédiger"


def classify(error: Exception) -> Failure:
    """The case of an error raised while sending. Only errors about this recipient are final.

    Codes of RFC 5321: 55x refuses the recipient or the mail; 421 closes the service; 530 and 535 require a
    password. A refusal of our sender address or password is our fault, so the mail is tried again.
    """
    if isinstance(error, AnymailRecipientsRefused | ValidationError):
        return Failure.REFUSED
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return _case(next(iter(error.recipients.values()))[0])  # a mail has one recipient
    if isinstance(error, smtplib.SMTPDataError):
        return _case(error.smtp_code)
    return Failure.CONTENT if isinstance(error, ValueError | TypeError) else Failure.SERVER


def describe(error: Exception) -> str:
    """The error on one line: code and text of the server, or class and message of the exception."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return " ; ".join(_one_line(code, text) for code, text in error.recipients.values())
    if isinstance(error, smtplib.SMTPResponseException):
        return _one_line(error.smtp_code, error.smtp_error)
    return " ".join(f"{type(error).__name__} {error}".split())


def _case(code: int) -> Failure:
    if 550 <= code <= 559:
        return Failure.REFUSED
    if 422 <= code <= 459:
        return Failure.RECIPIENT
    return Failure.SERVER


def _one_line(code: int, text: bytes | str) -> str:
    decoded = text.decode(errors="replace") if isinstance(text, bytes) else text
    return " ".join(f"{code} {decoded}".split())
