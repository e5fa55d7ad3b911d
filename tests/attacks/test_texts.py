"""Hostile texts: none becomes a header, a link, a tag, a template or an error.

Mails are attacked one by one with every word of their context hostile; pages through every control of every
form that they show. A new mail, a new page or a new field is attacked without being named here.
"""

import json
import re
from collections.abc import Iterator
from email.message import EmailMessage
from html.parser import HTMLParser
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.core.mail import get_connection
from django.test import Client

from experts.models import CannedAnswer
from mailing import message_builder, rendering
from mailing.models import OutgoingEmail
from mailing.rendering import CLICKED
from solicitations.models import Addition, Message, Question, StaffMessage, StaffNote
from tests.attacks.forms import Form, every_form
from tests.attacks.sample_data import SampleData, rolled_back
from tests.experts.factories import signed_in
from tests.smtp_sink import SmtpSink

ROOT = Path(__file__).resolve().parents[2]
MAILS = sorted(path for path in (ROOT / "templates").glob("*/emails/*.sample.json"))
OURS = "https://relais.example.org/"
PIRATE = "pirate@evil.example"
BREAKS = ["\r\n", "\n", "\r", "\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\0", "%0d%0a", "=0D=0A"]
HEADERS = [f"Nom{newline}Bcc: {PIRATE}{newline}{newline}<p>" for newline in BREAKS]
HEADERS += [
    f"=?utf-8?q?Nom=0D=0ABcc:_{PIRATE}?=",
    f"=?utf-8?B?{'Q' * 80}?=",
    f'Nom" <{PIRATE}>, "',
    f"{PIRATE}, {PIRATE}",
    "é" * 300,
]
WORDS_IN_TURN = VALUES_IN_TURN = 3
KNOWN_HEADERS = {
    "auto-submitted", "content-type", "date", "from", "in-reply-to", "list-id", "list-unsubscribe",
    "message-id",
    "mime-version", "references", "reply-to", "subject", "to", "x-request-id",
}  # fmt: skip
MARKUP = (
    "<script>alert(1)</script><img src=x onerror=alert(1)><a href='https://evil.example/'>ici</a>"
    "[ici](https://evil.example/) <https://evil.example/> javascript:alert(1) www.evil.example evil.example/x"
    " pirate@evil.example \"' onmouseover=alert(1) {{ reference }} {% now 'Y' %} {# x #} {{ SITE_URL }}"
    "</mj-text><mj-raw><iframe src=https://evil.example></iframe></mj-raw><mj-include path=/etc/passwd />"
    "<!-- x --> ]]> &lt;script&gt; <style>*{background:url(https://evil.example)}</style>"
)
# What mail clients make a link of by themselves.
AUTOLINK = re.compile(r"https?://\S+|www\.\w+\.\S+|[\w.-]+@[\w-]+\.\w+|\b[\w-]+\.example\b")
# Each is refused by some field, so each comes alone; what none refuses comes in one text.
ODD = [
    "\0",
    "\ud800".encode("utf-8", "surrogatepass"),
    "a" * 70_000,
    "-1e999",
    "٣١",
    " ".join(
        [
            "\u202eexe.fdp\u202c",
            "\u200b\u200d\ufeff",
            "👩‍👩‍👧‍👦 🇫🇷",
            "e\u0301" * 50,
            "Z\u0351\u036b\u0343" * 40,
            "\uffff\ufffe",
            "' OR 1=1; --",
            "../../../etc/passwd",
            "%s%n{0}${x}",
            "\\",
        ]
    ),
]


class Sink(SmtpSink):
    """A mail server that also records the envelope's recipients."""

    def __init__(self) -> None:
        self.recipients: list[list[str]] = []
        super().__init__()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.recipients.append(list(envelope.rcpt_tos))
        return await super().handle_DATA(server, session, envelope)


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    running = Sink()
    yield running
    running.stop()


@pytest.fixture
def site(settings) -> None:
    settings.SITE_URL = OURS.rstrip("/")


def make_hostile(value: Any, text: str, name: str = "") -> Any:
    """Replace every text of a mail's context by hostile words, except our own addresses."""
    if isinstance(value, dict):
        return {key: make_hostile(inner, text, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [make_hostile(inner, text, name) for inner in value]
    return text if isinstance(value, str) and not CLICKED.fullmatch(name) else value


def mail_of(sample: Path, text: str) -> OutgoingEmail:
    """Build the mail of this sample with hostile words."""
    context = make_hostile(json.loads(sample.read_text(encoding="utf-8")), text)
    template = str(sample.relative_to(ROOT / "templates")).removesuffix(".sample.json")
    return OutgoingEmail(
        to="dest@example.org",
        template=template,
        context=context,
        thread="request-7",
        from_name=text,
        list_id="d.x",
    )


@pytest.mark.parametrize("sample", MAILS, ids=lambda path: path.name.split(".")[0])
def test_no_word_becomes_a_header_or_a_recipient(sample, sink: Sink, settings):
    """Mails are sent to a real mail server, and read back from it; three mails share the words."""
    hostile = HEADERS[MAILS.index(sample) % WORDS_IN_TURN :: WORDS_IN_TURN]
    host, port = sink.address
    sink.messages.clear()
    sink.recipients.clear()
    mails = [mail_of(sample, text) for text in hostile]

    with get_connection("django.core.mail.backends.smtp.EmailBackend", host=host, port=port) as connection:
        connection.send_messages([message_builder.build_message(email, email.rendered()) for email in mails])

    assert sink.recipients == [["dest@example.org"]] * len(hostile)
    for message in sink.messages:
        assert_is_plain(message)


def assert_is_plain(message: EmailMessage) -> None:
    names = [name.lower() for name in message]
    assert len(names) == len(set(names))
    assert set(names) <= KNOWN_HEADERS
    assert str(message["To"]) == "dest@example.org"
    [sender] = message["From"].addresses
    assert not sender.domain.endswith("evil.example")
    for name, value in message.items():
        assert not re.search(r"[\r\n\x00\u2028\u2029\x85]", str(value)), name


class PageParser(HTMLParser):
    """Parser of a page: tags, attributes and text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.content = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.content += data


def read(page: str) -> PageParser:
    tags = PageParser()
    tags.feed(page)
    return tags


@pytest.mark.parametrize("sample", MAILS, ids=lambda path: path.name.split(".")[0])
def test_no_word_of_a_mail_is_a_tag_a_link_or_a_template(sample, site):
    """Mail clients make links of texts like addresses: an invisible character splits these."""
    plain = rendering.render(mail_of(sample, "Bonjour").template, mail_of(sample, "Bonjour").context)
    written = mail_of(sample, MARKUP).rendered()

    tags, before = read(written.html), read(plain.html)
    assert not {"script", "iframe", "form", "object", "embed", "base"} & set(tags.tags)
    assert tags.tags.count("img") == before.tags.count("img")
    assert not [name for name, _ in tags.attributes if name.startswith("on")]
    assert {value for name, value in tags.attributes if name in {"href", "src"} and "evil" in value} == set()
    for text in (tags.content, written.text):
        assert [found for found in AUTOLINK.findall(text) if "evil" in found] == []
    if "evil" in written.text:
        assert "{{ reference }}" in written.text
        assert "{% now 'Y' %}" in written.text


@pytest.mark.parametrize("sample", MAILS, ids=lambda path: path.name.split(".")[0])
def test_no_character_of_a_mail_turns_or_cuts_its_lines(sample, site):
    """Files, sheets and forms refuse them; a mail relies on none of these."""
    text = "=1+1 \u202egro.elpmaxe@nom\u202c \u2066a\u2069 \u061c\u200e\u200f\x00\x07\x1b[31m @-+ fin"

    written = mail_of(sample, text).rendered()

    for part in (written.subject, written.text, read(written.html).content):
        assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]", part)


@pytest.mark.parametrize("word", ["43.22A", "1.500 €", "L.1233-3", "M. Vannier", "14 h 30", "3.14"])
def test_plain_words_stay_whole(word):
    assert rendering.no_autolink(word) == word


@pytest.mark.django_db
@pytest.mark.demo_directory
class TestPages:
    """Every form of every page, as found in the pages themselves."""

    def forms(self, sample_data: SampleData, national: Any, visitor: Any) -> Iterator[tuple[Client, Form]]:
        visitor.reach_contact()
        known: set[tuple[str, ...]] = set()
        for client in (visitor.client, signed_in(national)):
            client.raise_request_exception = False
            for form in every_form(sample_data, client):
                if (form.action, *form.controls) not in known:
                    known.add((form.action, *form.controls))
                    yield client, form

    def test_no_character_breaks_a_page(self, sample_data: SampleData, national, visitor):
        """Hostile values in text controls with valid choices, then in all controls.

        Each form gets a third of the values, and each value a third of the forms, in turn.
        """
        attacked, in_all_controls = set(), cycle(["\0", "9" * 30])
        for place, (client, form) in enumerate(self.forms(sample_data, national, visitor)):
            send = client.post if form.method == "post" else client.get
            attacks = [(odd, form.typed) for odd in ODD[place % VALUES_IN_TURN :: VALUES_IN_TURN]]
            attacks.append((next(in_all_controls), list(form.controls)))
            for odd, names in attacks:
                with rolled_back():
                    answer = send(form.action, form.values | dict.fromkeys(names, odd))
                assert answer.status_code < 500, (form.action, str(odd)[:20], names)
            attacked.add(form.action.rstrip("/").rpartition("/")[2])
        assert attacked >= {"message", "contact", "clore", "noter", "ecrire", "reponses-pretes"}

    def test_no_word_of_a_page_is_a_tag(self, sample_data: SampleData, national, visitor):
        """Hostile texts in every field, shown on every page."""
        for model in (Message, Question, Addition, StaffNote, StaffMessage):
            rows = model.objects.filter(solicitation=sample_data.solicitation)
            rows.update(body=MARKUP)
        Question.objects.create(
            solicitation=sample_data.solicitation,
            mailbox=sample_data.mailbox,
            author=MARKUP[:100],
            institution=MARKUP[:100],
            body=MARKUP,
            asked_at=sample_data.mail.created_at,
        )
        type(sample_data.solicitation).objects.filter(pk=sample_data.solicitation.pk).update(
            description=MARKUP, company_name=MARKUP[:200], contact_name=MARKUP[:100]
        )
        type(sample_data.alert).objects.update(details=MARKUP)
        StaffMessage.objects.update(addressee=MARKUP)
        CannedAnswer.objects.update(title=MARKUP[:80], body=MARKUP)
        type(sample_data.expert).objects.filter(pk=sample_data.expert.pk).update(name=MARKUP[:150])
        reference = sample_data.solicitation.reference
        staff = signed_in(national)
        pages = [
            Client().get(f"/suivi/{sample_data.owner_token}/"),
            Client().get(f"/reponse/{sample_data.expert_token}/"),
            staff.get(f"/demandes/{reference}/"),
            staff.get("/demandes/"),
            staff.get("/demandes/reponses-pretes/"),
            staff.get(f"/demandes/reponses-pretes/{sample_data.staff_text.pk}/"),
        ]
        visitor.need(description=MARKUP)
        pages.append(visitor.client.get("/demande/trouver-candidats/"))

        for page in pages:
            tags = read(page.content.decode())
            assert "evil" in tags.content
            assert "iframe" not in tags.tags
            assert not [name for name, _ in tags.attributes if name.startswith("on")]
            assert not [
                value
                for name, value in tags.attributes
                if name in {"href", "src", "action"} and "evil" in value
            ]
            assert "{{ reference }}" in tags.content or "{{" not in MARKUP[:100]
