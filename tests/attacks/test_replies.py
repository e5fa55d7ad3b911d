"""Replies by mail from people who have no right to write: nothing is published, and answers reveal nothing.

Each goes the whole way: the mail server's pipe, the stored row, the worker that reads it.
"""

import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO, TextIOWrapper
from typing import Any

import pytest
from django.conf import settings as project
from django.core.exceptions import ValidationError
from django.core.management import call_command

from mailing import message_builder, senders
from mailing.models import IncomingEmail, IncomingState, OutgoingEmail, Reason
from solicitations import reply_addresses, tasks
from solicitations.actions import company_requests
from solicitations.lifecycle import AlertCause
from solicitations.models import Addition, Event, Mailbox, Match, Message, Solicitation
from solicitations.notifications import to_senders
from tests.attacks.sample_data import SampleData, rolled_back
from tests.solicitations.incoming import WORDS, raw

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]

PIRATE = "pirate@evil.example"
IN_CHARGE = "Je prends en charge."


@dataclass
class Pipe:
    """The mail server's pipe: a message is stored, then read by the worker."""

    monkeypatch: pytest.MonkeyPatch
    commit: Any

    def __call__(self, content: bytes, **options: str) -> IncomingEmail:
        self.monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(content)))
        self.commit(call_command, "receive_mail", **options)
        email = IncomingEmail.objects.latest("pk")
        self.commit(tasks.take_in_mail, email.pk)
        email.refresh_from_db()
        assert bytes(email.raw) == content
        return email


@pytest.fixture
def pipe(monkeypatch, commit) -> Pipe:
    return Pipe(monkeypatch, commit)


@pytest.fixture
def colleague(sample_data: SampleData) -> Mailbox:
    """Mailbox of another expert of the same request."""
    others = Mailbox.objects.filter(solicitation=sample_data.solicitation).exclude(pk=sample_data.mailbox.pk)
    return next(one for one in others if not senders.is_colleague(one.email, sample_data.mailbox.email))


def published() -> list[Any]:
    """Rows that a reply may change: messages, states, events."""
    rows: list[Any] = []
    for model in (Message, Addition, Match, Solicitation):
        rows += model.objects.order_by("pk").values_list()
    return [*rows, *Event.objects.order_by("pk").values_list("pk", "kind", "match_id")]


def answers() -> list[OutgoingEmail]:
    return list(OutgoingEmail.objects.filter(template__endswith="/turned_away").order_by("pk"))


def assert_tells_nothing(email: OutgoingEmail, *samples: SampleData) -> None:
    """Check that neither the text nor the headers reveal anything of these requests."""
    content = email.rendered()
    message = message_builder.build_message(email, content)
    written = "\n".join([content.subject, content.text, content.html, str(message.message().as_string())])
    for sample in samples:
        request, mailbox = sample.solicitation, sample.mailbox
        for leaked in (
            request.reference,
            request.company_name,
            request.email,
            request.description,
            mailbox.email,
            f"request-{request.pk}",
            f"mailbox-{mailbox.pk}",
            "/suivi/",
            "/reponse/",
            "reponse+",
        ):
            assert leaked in {"", email.to} or leaked not in written, leaked
    assert message.recipients() == [email.to]


def address(kind: str, pk: int, signature: str, domain: str = project.REPLY_DOMAIN) -> str:
    return f"reponse+{kind}{pk}-{signature}@{domain}"


def signature_of(row: Mailbox | Solicitation) -> str:
    return reply_addresses.make(row).partition("@")[0].rpartition("-")[2]


FORGED: dict[str, Callable[[SampleData, SampleData], str]] = {
    "no signature": lambda own, victims: address("e", victims.mailbox.pk, "0" * 20),
    "one's own for another mailbox": lambda own, victims: address(
        "e", victims.mailbox.pk, signature_of(own.mailbox)
    ),
    "one's own for another request": lambda own, victims: address(
        "c", victims.solicitation.pk, signature_of(own.solicitation)
    ),
    "an expert's for a company": lambda own, victims: address("c", own.mailbox.pk, signature_of(own.mailbox)),
    "a company's for an expert": lambda own, victims: address(
        "e", victims.solicitation.pk, signature_of(victims.solicitation)
    ),
    "a page's token": lambda own, victims: f"reponse+{victims.expert_token}@{project.REPLY_DOMAIN}",
    "a cut signature": lambda own, victims: address(
        "e", victims.mailbox.pk, signature_of(victims.mailbox)[:-1]
    ),
    "a longer signature": lambda own, victims: address(
        "e", victims.mailbox.pk, signature_of(victims.mailbox) + "0"
    ),
    "a zero before": lambda own, victims: reply_addresses.make(victims.mailbox).replace("+e", "+e0"),
    "other figures": lambda own, victims: reply_addresses.make(victims.mailbox).replace(
        f"+e{victims.mailbox.pk}-", "+e٣-"
    ),
    "another domain": lambda own, victims: address(
        "e", victims.mailbox.pk, signature_of(victims.mailbox), "evil.example"
    ),
    "a domain below ours": lambda own, victims: address(
        "e", victims.mailbox.pk, signature_of(victims.mailbox), f"x.{project.REPLY_DOMAIN}"
    ),
}


@pytest.mark.parametrize("is_victim", [True, False], ids=["in the victim's name", "in one's own"])
def test_a_forged_address_speaks_for_nobody(pipe, sample_data: SampleData, other: SampleData, is_victim):
    """The mail replies to one of ours, without which the portal does not answer."""
    before, ours = published(), OutgoingEmail.objects.filter(to=other.mailbox.email).latest("pk")
    sender = other.mailbox.email if is_victim else PIRATE
    for case, forge in FORGED.items():
        forged = forge(sample_data, other)
        content = raw(other.mailbox, IN_CHARGE, sender=sender, to=forged, in_reply_to=ours.message_id)
        with rolled_back():
            email = pipe(content)

            assert email.state == IncomingState.REFUSED, case
            assert email.reason in {Reason.FORGED, Reason.UNKNOWN}, case
            assert email.about == [], case
            assert published() == before, case
            assert [row.to for row in answers()] == [sender], case
            for row in answers():
                assert_tells_nothing(row, *([sample_data] if is_victim else [sample_data, other]))


def test_a_forged_address_that_answers_nothing_of_ours_is_not_answered(
    pipe, sample_data: SampleData, other: SampleData
):
    for forge in FORGED.values():
        pipe(raw(other.mailbox, sender=PIRATE, to=forge(sample_data, other)))

    assert answers() == []


HEADERS = {
    "another expert": lambda colleague, mailbox: {"sender": colleague.email},
    "the company": lambda colleague, mailbox: {"sender": colleague.solicitation.email},
    "a stranger": lambda colleague, mailbox: {"sender": PIRATE},
    "a name that is the address": lambda colleague, mailbox: {"sender": f'"{mailbox.email}" <{PIRATE}>'},
    "a comment": lambda colleague, mailbox: {"sender": f"{PIRATE} ({mailbox.email})"},
    "a domain that ends alike": lambda colleague, mailbox: {
        "sender": f"agent@evil-{mailbox.email.rpartition('@')[2]}"
    },
    "a domain that begins alike": lambda colleague, mailbox: {
        "sender": f"agent@{mailbox.email.rpartition('@')[2]}.evil.example"
    },
    "sent on behalf": lambda colleague, mailbox: {"sender": PIRATE, "reply_to": mailbox.email},
    "an envelope": lambda colleague, mailbox: {"sender": PIRATE, "return_path": mailbox.email},
}


@pytest.mark.parametrize("headers", HEADERS.values(), ids=HEADERS)
def test_a_good_address_in_the_hands_of_another_is_held(pipe, sample_data: SampleData, colleague, headers):
    """A forwarded mail contains the reply address."""
    before = published()

    email = pipe(raw(sample_data.mailbox, IN_CHARGE, **headers(colleague, sample_data.mailbox)))

    assert (email.state, email.reason) == (IncomingState.HELD, Reason.OTHER_SENDER)
    assert published() == before
    assert sample_data.solicitation.alerts.filter(cause=AlertCause.REPLY_HELD).exists()
    for row in answers():
        assert row.to != sample_data.mailbox.email
        assert_tells_nothing(row, sample_data)


def test_no_flood_of_forged_senders_makes_us_write_to_the_world(pipe, sample_data: SampleData, monkeypatch):
    """Strangers get a limited number of answers a day; the mailbox itself still gets one."""
    monkeypatch.setattr(to_senders, "MAX_STRANGERS_A_DAY", 3)

    for number in [0, 0, 0, *range(6)]:
        pipe(
            raw(
                sample_data.mailbox,
                sender=f"victime{number}@evil.example",
                message_id=f"<{number}@evil.example>",
            )
        )
    pipe(raw(sample_data.mailbox, "", message_id="<vide@poste.example.org>"))

    assert [row.to for row in answers()] == [
        *(f"victime{number}@evil.example" for number in range(3)),
        sample_data.mailbox.email,
    ]


def revoked(sample_data: SampleData, now: datetime) -> None:
    Mailbox.objects.filter(pk=sample_data.mailbox.pk).update(revoked_at=now)


def replaced(sample_data: SampleData, now: datetime) -> None:
    Mailbox.objects.filter(pk=sample_data.mailbox.pk).update(serial=sample_data.mailbox.serial + 1)


def ended_long_ago(sample_data: SampleData, now: datetime) -> None:
    company_requests.cancel(sample_data.solicitation, now=now - timedelta(days=61))


@pytest.mark.parametrize("end", [revoked, replaced, ended_long_ago], ids=lambda end: end.__name__)
@pytest.mark.parametrize("is_own", [True, False], ids=["its own mailbox", "a stranger"])
def test_an_address_that_was_revoked_is_invalid(pipe, sample_data: SampleData, today, end, is_own):
    content = raw(sample_data.mailbox, IN_CHARGE, sender=sample_data.mailbox.email if is_own else PIRATE)
    end(sample_data, today)
    before = published()

    email = pipe(content)

    assert (email.state, email.reason) == (IncomingState.REFUSED, Reason.EXPIRED)
    assert published() == before
    if not is_own:
        for row in answers():
            assert_tells_nothing(row, sample_data)


def test_the_same_mail_again_is_reported_once(pipe, sample_data: SampleData):
    content = raw(sample_data.mailbox)
    first = pipe(content)
    before = published()
    mails = OutgoingEmail.objects.count()

    again = [
        pipe(content),
        pipe(content.replace(b"Subject: ", b"Subject: Fwd: ")),
        pipe(content, recipient=reply_addresses.make(sample_data.mailbox).upper()),
        pipe(content.replace(b"Message-ID: <premier@", b"Message-ID:\n  <premier@")),
    ]

    assert first.state == IncomingState.ACCEPTED
    assert {(email.state, email.reason) for email in again} == {(IncomingState.REFUSED, Reason.DUPLICATE)}
    assert published() == before
    assert OutgoingEmail.objects.count() == mails


def test_a_mail_replayed_to_anothers_address_is_held(pipe, sample_data: SampleData, colleague):
    """A reader of the thread answers in the name of a colleague."""
    content = raw(sample_data.mailbox)
    pipe(content)
    before = published()

    email = pipe(content, recipient=reply_addresses.make(colleague))

    assert email.state == IncomingState.HELD
    assert published() == before


@pytest.mark.parametrize(
    "sender",
    [
        f"=?utf-8?q?a=40b.example=0D=0ABcc:_{PIRATE}?=",
        f"a@b.example,\n {PIRATE}",
        f"<a@b.example>\n Bcc: {PIRATE}",
        f'"a\\"@b.example>\n <{PIRATE}>"@b.example',
        "a\0@b.example",
    ],
    ids=["encoded", "two", "folded", "quoted", "NUL"],
)
def test_no_sender_adds_a_recipient_to_our_answer(pipe, sample_data: SampleData, other: SampleData, sender):
    content = raw(sample_data.mailbox, sender="remplace@b.example", in_reply_to=sample_data.mail.message_id)

    pipe(content.replace(b"remplace@b.example", sender.encode()))

    assert not Message.objects.filter(body=WORDS).exists()
    for row in answers():
        with suppress(ValidationError):  # what is no address never leaves
            assert_tells_nothing(row, sample_data, other)
