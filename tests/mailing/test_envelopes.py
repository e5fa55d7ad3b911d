"""Headers: one conversation, nobody adds a line."""

import pytest
from django.core.exceptions import ValidationError

from mailing.envelopes import seal
from mailing.rendering import Rendered
from tests.mailing.factories import OutgoingEmailFactory

CONTENT = Rendered(subject="Sujet", text="Texte\n", html="<p>Texte</p>")


def sealed(**values):
    return seal(OutgoingEmailFactory.build(**values), CONTENT).message()


def test_mails_of_one_thread_answer_the_same_root(settings):
    settings.REPLY_DOMAIN = "example.org"
    first, second = sealed(thread="request-7"), sealed(thread="request-7")

    assert first["Message-ID"] != second["Message-ID"]
    for message in (first, second):
        assert message["In-Reply-To"] == message["References"] == "<request-7@example.org>"


def test_the_same_row_keeps_its_message_id():
    email = OutgoingEmailFactory.build()

    assert seal(email, CONTENT).message()["Message-ID"] == seal(email, CONTENT).message()["Message-ID"]


def test_a_mail_alone_answers_nothing():
    message = sealed()

    assert message["In-Reply-To"] is None
    assert message["List-Id"] is None
    assert message["Auto-Submitted"] == "auto-generated"


def test_what_a_person_wrote_is_not_said_to_be_automatic():
    assert sealed(is_automatic=False)["Auto-Submitted"] is None


def test_list_headers():
    message = sealed(list_id="demande-7.example.org", unsubscribe_url="https://example.org/stop/")

    assert message["List-Id"] == "<demande-7.example.org>"
    assert message["List-Unsubscribe"] == "<https://example.org/stop/>"


def test_names_of_the_sender_add_no_header(settings):
    settings.DEFAULT_FROM_EMAIL = "Relais <relais@example.org>"
    message = sealed(from_name='Chambre, "de" métiers\r\nBcc: x@example.org', reply_to="a@example.org")

    assert message["Bcc"] is None
    assert "relais@example.org" in message["From"]
    assert message["Reply-To"] == "a@example.org"


@pytest.mark.parametrize("to", ["", "nobody", "a@b@c", "a@example.org\nBcc: x@example.org", "é@example.org"])
def test_what_is_no_address_is_refused(to):
    with pytest.raises(ValidationError):
        sealed(to=to)


def test_no_header_of_our_own_invention_but_what_the_logs_call_it():
    invented = [
        name for name in sealed(thread="request-7", request_id="8f2c") if name.lower().startswith("x-")
    ]

    assert invented == ["X-Request-ID"]
    assert sealed(request_id="8f2c")["X-Request-ID"] == "8f2c"
