"""Storage of incoming mails: one row per mail and address, whatever the content."""

import pytest
from django.conf import settings as project
from django.db import IntegrityError, transaction

from mailing import reception
from mailing.models import Channel, IncomingEmail, IncomingState, Reason
from tests.mailing.factories import NOW

OURS = f"reponse+e1-0123456789abcdef0123@{project.REPLY_DOMAIN}"
SECOND = f"reponse+c7-0123456789abcdef0123@{project.REPLY_DOMAIN}"


def raw(
    *, to: str = OURS, message_id: str = "<un@poste.example.org>", more: str = "", body: str = "Oui."
) -> bytes:
    lines = [f"From: Léa <lea@office.example.org>\nTo: {to}\nSubject: =?utf-8?q?R=C3=A9ponse?="]
    if message_id:
        lines.append(f"Message-ID: {message_id}")
    return ("\n".join([*lines, more] if more else lines) + f"\n\n{body}\n").encode()


@pytest.fixture(autouse=True)
def nobody_told(settings):
    settings.MAILING_INCOMING_TASKS = []


def store(content: bytes, **how) -> list[IncomingEmail]:
    return reception.store(content, channel=Channel.PIPE, now=NOW, **how)


@pytest.mark.django_db
class TestARow:
    def test_says_who_to_whom_and_what_about_and_keeps_every_byte(self):
        content = raw() + b"\xff\x00\xfe"

        [email] = store(content)
        email.refresh_from_db()

        assert (email.sender, email.recipient, email.subject) == ("lea@office.example.org", OURS, "Réponse")
        assert (email.message_id, email.state) == ("<un@poste.example.org>", IncomingState.RECEIVED)
        assert bytes(email.raw) == content
        assert email.received_at == email.next_try_at == NOW

    def test_the_carrier_knows_best_whom_it_is_for(self):
        [email] = store(raw(to="equipe@office.example.org"), recipient=OURS.upper())

        assert email.recipient == OURS

    @pytest.mark.parametrize("name", ["Delivered-To", "X-Original-To", "Envelope-To", "Cc"])
    def test_an_address_of_ours_is_found_wherever_it_is_written(self, name):
        [email] = store(raw(to="equipe@office.example.org", more=f"{name}: {OURS}"))

        assert email.recipient == OURS

    def test_two_addresses_of_ours_are_two_rows(self):
        emails = store(raw(to=f"{OURS}, autre@office.example.org, {SECOND}, {OURS}"))

        assert [email.recipient for email in emails] == [OURS, SECOND]

    def test_a_mail_that_names_no_address_of_ours_is_kept_too(self):
        [email] = store(raw(to="equipe@office.example.org"))

        assert (email.recipient, email.state) == ("equipe@office.example.org", IncomingState.RECEIVED)

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"\x00\xff" * 1000,
            b"Subject: =?nonsense?q?=ff?=\nFrom: \xff\xfe\nMessage-ID: \x00\n\n\x00",
            b"From: "
            + b"a" * 5000
            + b"@x.example\nSubject: "
            + b"b" * 9000
            + b"\nMessage-ID: <"
            + b"c" * 900,
            b'From: "\nTo: ((((\nMessage-ID: <a\r\n b>\n\n',
        ],
        ids=["nothing", "noise", "odd charset", "endless lines", "broken headers"],
    )
    def test_any_content_is_stored(self, content):
        [email] = store(content)
        email.refresh_from_db()

        assert bytes(email.raw) == content

    def test_what_is_too_heavy_is_cut_and_says_so(self):
        [email] = store(raw(body="x" * reception.MAX_BYTES))

        assert email.reason == Reason.OVERSIZED
        assert len(email.raw) == reception.KEPT_OF_OVERSIZED
        assert email.sender == "lea@office.example.org"


@pytest.mark.django_db
class TestTwice:
    """Rows are read later: the reader compares their texts."""

    def test_both_are_kept_to_be_read(self):
        store(raw())
        [second] = store(raw(body="Autre chose."))

        assert second.state == IncomingState.RECEIVED
        assert IncomingEmail.objects.count() == 2

    def test_without_a_message_id_the_same_content_is_the_same_mail(self):
        [first] = store(raw(message_id=""))
        [same] = store(b"Received: from mx.example.org\nDelivered-To: x@example.org\n" + raw(message_id=""))
        [other] = store(raw(message_id="", body="Non."))

        assert first.message_id == same.message_id != other.message_id

    @pytest.mark.parametrize("state", [IncomingState.ACCEPTED, IncomingState.HELD])
    def test_the_database_refuses_a_second_copy_of_a_text(self, state):
        first, second = store(raw()) + store(raw())
        for email in (first, second):
            email.resolve(state, at=NOW)
            email.text_digest = "oui"
        first.save()

        with pytest.raises(IntegrityError), transaction.atomic():
            second.save()
        second.text_digest = "non"
        second.save()


@pytest.mark.django_db
def test_the_rooms_named_in_settings_are_told_after_the_commit(
    settings, django_capture_on_commit_callbacks, monkeypatch
):
    settings.MAILING_INCOMING_TASKS = ["solicitations.tasks.take_in_mail"]
    with django_capture_on_commit_callbacks() as callbacks:
        store(raw())

    assert len(callbacks) == 1


@pytest.mark.django_db
def test_headers_typed_without_any_encoding_are_read():
    [email] = store(raw().replace(b"=?utf-8?q?R=C3=A9ponse?=", "Réponse".encode()))

    assert email.subject == "Réponse"
