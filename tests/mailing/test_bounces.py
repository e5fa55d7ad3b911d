"""Refusals that come back after a mail server has accepted a mail."""

from datetime import timedelta

import pytest
from django.db import transaction

from mailing import bounces, delivery, reception, return_path
from mailing.failures import Failure
from mailing.models import Channel, IncomingEmail, OutgoingEmail, OutgoingState, Reason
from tests.mailing.factories import OutgoingEmailFactory

pytestmark = pytest.mark.django_db

REPORT = """From: MAILER-DAEMON@mx.example.org
Subject: Undelivered Mail Returned to Sender
Message-ID: <report@mx.example.org>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: text/plain

{text}

--B
Content-Type: {type}

Reporting-MTA: dns; mx.example.org

{fields}

--B--
"""
NO_MAILBOX = "Final-Recipient: rfc822; x@example.org\nAction: failed\nStatus: 5.1.1\n"
PLAIN = "From: {sender}\nSubject: failure notice\nMessage-ID: <report@mx.example.org>\n{more}\n{text}\n"


@pytest.fixture(autouse=True)
def nobody_told(settings):
    settings.MAILING_INCOMING_TASKS = []
    settings.MAILING_REFUSED_TASKS = []


@pytest.fixture
def sent(now) -> OutgoingEmail:
    return OutgoingEmailFactory(sent_at=now, about=["request:7", "mailbox:31"])


def report(fields: str = NO_MAILBOX, *, text: str = "Sorry.", of: str = "message/delivery-status") -> str:
    return REPORT.format(fields=fields, text=text, type=of)


def plain(text: str, *, sender: str = "MAILER-DAEMON@mx.example.org", more: str = "") -> str:
    return PLAIN.format(text=text, sender=sender, more=more)


def receive(raw: str, recipient: str, *, now) -> tuple[bool, IncomingEmail]:
    """Store and process a mail; returns whether it was resolved, and the mail."""
    [email] = reception.store(raw.encode(), channel=Channel.PIPE, recipient=recipient, now=now)
    with transaction.atomic():
        is_resolved = bounces.process(email, now=now)
    return is_resolved, email


REFUSALS = {
    "Postfix": (report(), "5.1.1"),
    "with the server's answer": (
        report(NO_MAILBOX + "Diagnostic-Code: smtp; 550 5.1.1 <x@example.org>: no such\n  mailbox\n"),
        "smtp; 550 5.1.1 <x@example.org>: no such mailbox",
    ),
    "given up after days": (
        report("Final-Recipient: rfc822; x\nAction: failed\nStatus: 4.4.1\n"),
        "4.4.1",
    ),
    "in capitals, international": (
        report("ACTION: FAILED\nSTATUS: 5.2.1\n", of="message/global-delivery-status"),
        "5.2.1",
    ),
    "second of two": (report("Action: relayed\nStatus: 2.0.0\n\n" + NO_MAILBOX), "5.1.1"),
    "Exim": (
        plain("550 5.1.1 unknown user", more="X-Failed-Recipients: x@example.org\n"),
        "550 5.1.1 unknown user",
    ),
    "qmail": (
        plain(
            "Hi. This is the qmail-send program at mx.example.org.\n\n<x@example.org>:\nSorry, no mailbox."
        ),
        bounces.NO_WORDS,
    ),
    "without an enhanced code": (
        plain("RCPT TO:<x@example.org>: host mx said: 550 user unknown"),
        "550 user unknown",
    ),
    "from nobody, as HTML": (
        plain(
            "<p>Votre message n'a pas été remis.</p><p>550 5.1.1 inconnu</p>",
            sender="noreply@mx.example.org",
            more="Return-Path: <>\nContent-Type: text/html; charset=utf-8\n",
        ),
        "550 5.1.1 inconnu",
    ),
    "a text": (plain("Remote host said: 550-5.7.1 Message blocked"), "550-5.7.1 Message blocked"),
}
OTHERS = {
    "delay": report("Final-Recipient: rfc822; x\nAction: delayed\nStatus: 4.4.1\n"),
    "delivered": report("Action: delivered\nStatus: 2.0.0\n"),
    "delay as a text": plain("550 5.4.1 for now: delivery will be retried for 3 days"),
    "absence from nobody": plain(
        "Je suis absente, appelez le 550.", sender="lea@example.org", more="Return-Path: <>\n"
    ),
    "absence": plain("Je suis absente.", sender="lea@example.org", more="Auto-Submitted: auto-replied\n"),
    "a person who quotes a code": plain("J'ai reçu 550 5.1.1, que faire ?", sender="lea@example.org"),
    "parts in parts": "".join(
        f'Content-Type: multipart/mixed; boundary="b{depth}"\n\n--b{depth}\n' for depth in range(3000)
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_mail_given_up_later_is_refused_as_at_once(name, sent, now):
    raw, text = REFUSALS[name]

    is_resolved, email = receive(raw, return_path.address_of(sent), now=now + timedelta(hours=1))

    assert is_resolved
    assert (email.state, email.reason, email.about) == ("refused", Reason.BOUNCE, sent.about)
    sent.refresh_from_db()
    assert (sent.state, sent.failure, sent.last_error) == (OutgoingState.REFUSED, Failure.REFUSED, text)
    assert sent.refused_at == now + timedelta(hours=1)
    assert sent in OutgoingEmail.objects.refused()


@pytest.mark.parametrize("name", OTHERS)
def test_mail_that_says_no_final_failure_leaves_the_mail_sent(name, sent, now):
    receive(OTHERS[name], return_path.address_of(sent), now=now)

    sent.refresh_from_db()
    assert sent.state == OutgoingState.SENT


@pytest.mark.parametrize(
    "change",
    [
        lambda address: address.replace(address[28:48], "0" * 20),
        lambda address: address.replace(address[28:48], address[28:47]),
        lambda address: address.replace(address[7:27], "0" * 20),
    ],
    ids=["signature", "length", "another mail"],
)
def test_forged_address_refuses_nothing(change, sent, now):
    receive(report(), change(return_path.address_of(sent)), now=now)

    sent.refresh_from_db()
    assert sent.state == OutgoingState.SENT


def test_address_in_capitals_or_of_a_replaced_key_is_known(sent, now, settings):
    address = return_path.address_of(sent).upper()
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another key", [settings.SECRET_KEY]

    receive(report(), address, now=now)

    sent.refresh_from_db()
    assert sent.state == OutgoingState.REFUSED


@pytest.mark.parametrize(
    "outcome", [{"cancelled_at": "now"}, {"refused_at": "now"}], ids=["cancelled", "refused"]
)
def test_report_about_a_mail_already_resolved_changes_nothing(outcome, now):
    email = OutgoingEmailFactory(**dict.fromkeys(outcome, now))

    receive(report(), return_path.address_of(email), now=now + timedelta(hours=1))

    unchanged = OutgoingEmail.objects.get(pk=email.pk)
    assert (unchanged.cancelled_at, unchanged.refused_at) == (email.cancelled_at, email.refused_at)
    assert not unchanged.last_error


def test_erased_mail_learns_no_address_again(sent, now):
    OutgoingEmail.objects.all().erase(now=now)

    receive(
        report("Action: failed\nDiagnostic-Code: smtp; x@example.org\n"),
        return_path.address_of(sent),
        now=now,
    )

    sent.refresh_from_db()
    assert sent.last_error == ""


def test_envelope_of_each_mail_is_its_own_and_readers_see_the_sender(sink, now, settings):
    email = OutgoingEmailFactory()

    delivery.deliver(email.pk, now=email.next_try_at)
    secret = delivery.send_now(
        key="code", to="x@example.org", template="experts/emails/login_code", context={"code": "AB"}, now=now
    )

    assert sink.senders == [return_path.address_of(email), return_path.address_of(secret)]
    assert [message["From"] for message in sink.messages] == [settings.DEFAULT_FROM_EMAIL] * 2
    assert return_path.email_of(sink.senders[0]) == email


@pytest.mark.parametrize("text", ["é", "é" * 3000, "œuf — 12 €", "日本", "🎉" * 40])
def test_text_is_sent_as_seven_bits(sink, text):
    """Python would leave short lines as they are, in eight bits."""
    email = OutgoingEmailFactory(context={"words": text})

    delivery.deliver(email.pk, now=email.next_try_at)

    [content], [message] = sink.contents, sink.messages
    assert content.isascii()
    assert max(map(len, content.splitlines())) <= 998
    parts = [part for part in message.walk() if part.get_content_maintype() == "text"]
    assert {part["Content-Transfer-Encoding"] for part in parts} <= {"quoted-printable", "base64", "7bit"}
    assert all(text[0] in part.get_content() for part in parts)


def test_provider_has_an_envelope_of_its_own(settings):
    settings.MAILING_SIGNED_ENVELOPE = False
    email = OutgoingEmailFactory()

    message = delivery.message_builder.build_message(email, email.rendered())

    assert message.from_email in settings.DEFAULT_FROM_EMAIL
