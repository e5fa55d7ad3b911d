"""The bytes of a mail are those of Python's email package, which takes several times longer."""

import json
import re
from email import quoprimime
from email.policy import compat32
from pathlib import Path

import pytest
import time_machine
from django.conf import settings as project
from django.core.mail import BadHeaderError
from django.core.mail.message import forbid_multi_line_headers
from hypothesis import given
from hypothesis import strategies as st

from mailing.folded_message import FoldedMessage, header_lines, quoted_printable
from mailing.message_builder import build_message
from mailing.rendering import Rendered
from tests.mailing.factories import NOW, OutgoingEmailFactory

ROOT = Path(project.BASE_DIR) / "templates"
SAMPLES = sorted(ROOT.glob("*/emails/*.sample.json"))
REPLY = "reponse+e1-f7e0c61fec6a78dfaaec@reponses.relais-entreprises.example.org"
STOP = "https://relais.example.org/desinscription/1-1.KsJeR6fVgw6S8bof3abFEcHZ-FaXyqvTdyTJRhA4HqE/"
ENVELOPES = {
    "alone": {},
    "in a thread": {
        "thread": "request-7",
        "reply_to": REPLY,
        "from_name": "Nadia Benali, via Relais Entreprises",
        "list_id": "demande-7.relais.example.org",
        "unsubscribe_url": STOP,
        "request_id": "e73444ffbd992de4",
    },
    "names with accents": {
        "from_name": "Zoé Ménétrier",
        "reply_to": "Zoé Ménétrier <zoe@dreets.example.org>",
    },
    "a domain to translate": {"to": "contact@société.example.org"},
}
# Few characters, so that lines of the length where they are cut are frequent.
TEXTS = st.text(st.sampled_from("aaaaaaaaaaaa=  \t.é😀\r\n\x0b\x85\u2028"), max_size=400)
VALUES = st.text(st.sampled_from("aaaaaaaa  \t;,<>@é"), max_size=120)
EDGES = [
    "a" * (length - after) + mark + "b" * after + end
    for length in range(70, 80)
    for after in range(4)
    for mark in ("=", "é", " ")
    for end in ("", " ", "\t\n", "=")
]


def with_one_boundary(content):
    return re.sub(rb"={15}\d{19}==", b"BOUNDARY", content)


@pytest.mark.parametrize("envelope", ENVELOPES)
@pytest.mark.parametrize("is_signed", [True, False], ids=["signed envelope", "plain envelope"])
@time_machine.travel(NOW, tick=False)
def test_each_mail_is_written_as_pythons_package_does(settings, envelope, is_signed):
    settings.MAILING_SIGNED_ENVELOPE = is_signed

    for sample in SAMPLES:
        template = str(sample.relative_to(ROOT)).removesuffix(".sample.json")
        email = OutgoingEmailFactory.build(
            template=template, context=json.loads(sample.read_text()), **ENVELOPES[envelope]
        )
        message = build_message(email, email.rendered())

        expected = message.message().as_bytes(linesep="\r\n")

        assert with_one_boundary(message.encoded()) == with_one_boundary(expected), template


@given(TEXTS)
def test_quoted_printable_of_any_text(text):
    assert quoted_printable(text) == quoprimime.body_encode(text.encode().decode("latin1"))


@pytest.mark.parametrize("text", EDGES)
def test_quoted_printable_near_the_end_of_a_line(text):
    assert quoted_printable(text) == quoprimime.body_encode(text.encode().decode("latin1"))


@given(
    st.sampled_from(["Reply-To", "X-Request-ID"]),
    st.text(st.sampled_from("aaaaaaaa  \t;,<>@é"), max_size=120),
)
def test_header_of_any_value(name, value):
    try:
        expected = compat32.fold(*forbid_multi_line_headers(name, value, "utf-8"))
    except ValueError:
        with pytest.raises(ValueError, match="Invalid address"):
            header_lines(name, value)
    else:
        assert header_lines(name, value) == expected


@pytest.mark.parametrize("header", ["subject", "from_email", "to", "reply_to", "headers"])
def test_no_header_has_several_lines(header):
    several = "a@example.org\nBcc: b@example.org"
    given_values = {"to": [several], "reply_to": [several], "headers": {"X-Request-ID": several}}
    values = {"to": ["c@example.org"], header: given_values.get(header, several)}
    message = FoldedMessage(body="Texte\n", alternatives=[("<p>Texte</p>", "text/html")], **values)

    with pytest.raises(BadHeaderError):
        message.encoded()


def test_boundaries_differ_between_mails():
    message = build_message(OutgoingEmailFactory.build(), Rendered("Sujet", "Texte\n", "<p>Texte</p>"))

    assert message.encoded() != message.encoded()
