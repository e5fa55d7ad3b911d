"""Incoming mails shown to staff: as text, without secrets, in linear time."""

import sys

import pytest
from django.conf import settings as project

from mailing import originals
from mailing.replies import parts
from tests.work import ending

OURS = f"reponse+e1-0123456789abcdef0123@{project.REPLY_DOMAIN}"
SECRET = f"{project.SITE_URL}/reponse/31-1.oCVxrng4eS8PltKaeJ0g3TLBMTlxFqwAyi6eOUSdNfw/"


def mail(text: str, kind: str = "plain") -> bytes:
    top = f"From: Léa <lea@office.example.org>\nTo: {OURS}\nSubject: Re: Trouver\nX-Other: x\n"
    return f"{top}Content-Type: text/{kind}; charset=utf-8\n\n{text}".encode()


def nested(depth: int) -> bytes:
    """Nested multiparts."""
    content = b"Content-Type: text/plain\n\nbonjour\n"
    for number in range(depth):
        edge = b"b%d" % number
        content = b"Content-Type: multipart/mixed; boundary=%b\n\n--%b\n%b\n--%b--\n" % (
            edge,
            edge,
            content,
            edge,
        )
    return content


def test_the_headers_that_tell_who_when_and_how_without_the_address_that_answers_us():
    found = dict(originals.read(mail("Oui.")).headers)

    assert found["From"] == "Léa <lea@office.example.org>"
    assert found["To"] == f"reponse+…@{project.REPLY_DOMAIN}"
    assert "X-Other" not in found


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (f"Voir {SECRET} là", "Voir http://localhost:8000/… là"),
        ("Voir https://www.example.org/a?b=c", "Voir https://www.example.org/…"),
        (SECRET.removeprefix("http://"), "localhost:8000/…"),
        (f"À {OURS}, merci", f"À reponse+…@{project.REPLY_DOMAIN}, merci"),
        (
            f"mailto:{OURS.replace('+', '%2B').replace('@', '%40')}",
            f"mailto:reponse+…%40{project.REPLY_DOMAIN}",
        ),
        ("lea+tri@office.example.org", "lea+tri@office.example.org"),
    ],
    ids=["our link", "any link", "without scheme", "our address", "encoded", "another's"],
)
def test_secrets_of_links_are_cut(written, shown):
    assert originals.read(mail(written)).text == shown


def test_html_is_read_as_words():
    found = originals.read(
        mail("<p>Oui</p><script>x()</script><blockquote type=cite>Non</blockquote>", "html")
    )

    assert found.text == "Oui\n> \n> Non"


def test_addresses_that_the_reader_does_not_know_are_hidden():
    found = originals.without_addresses("A@x.example, b@y.example.", but={"a@x.example"})

    assert found == "A@x.example, (adresse masquée)."


HOSTILE = {
    "plus signs": "+",
    "plus and letters": "+a",
    "letters": "a",
    "labels": "b.",
    "at signs": "@",
    "schemes": "http://",
    "endless link": "/a",
    "our host": "localhost:8000/",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_text_takes_long(name, monkeypatch):
    """A quadratic pattern would take hours on a million characters."""
    monkeypatch.setattr(originals, "MAX_SHOWN_LENGTH", sys.maxsize)
    monkeypatch.setattr(parts, "MAX_BODIES_LENGTH", sys.maxsize)
    begun = {"labels": "a@", "endless link": "http:/"}.get(name, "")

    with ending():
        originals.without_addresses(
            originals.read(mail(begun + HOSTILE[name] * (1_000_000 // len(HOSTILE[name])))).text
        )


def test_parts_inside_parts_never_fail():
    assert originals.read(nested(20)).text == "bonjour"
    assert originals.read(nested(3000)).text == ""
