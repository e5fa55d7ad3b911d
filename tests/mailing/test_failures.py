"""Classification of sending errors."""

import smtplib

import pytest
from anymail.exceptions import AnymailAPIError, AnymailRecipientsRefused, AnymailRequestsAPIError
from django.core.mail import BadHeaderError

from mailing.failures import Failure, classify, describe


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (AnymailRecipientsRefused(), Failure.REFUSED),
        (AnymailAPIError("429 Too Many Requests"), Failure.SERVER),
        (AnymailRequestsAPIError("503"), Failure.SERVER),
        (smtplib.SMTPSenderRefused(550, b"sender unknown", "us@example.org"), Failure.SERVER),
        (smtplib.SMTPAuthenticationError(535, b"bad password"), Failure.SERVER),
        (smtplib.SMTPServerDisconnected("closed"), Failure.SERVER),
        (TimeoutError(), Failure.SERVER),
        (BadHeaderError("no"), Failure.CONTENT),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value,
)
def test_classify(error, expected):
    assert classify(error) == expected


def test_description_is_one_line():
    error = smtplib.SMTPRecipientsRefused({"a@example.org": (550, b"5.1.1 no\r\nsuch user")})

    assert describe(error) == "550 5.1.1 no such user"
