"""Any mail is parsed, with work proportional to its length."""

import email
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailing import bounces
from mailing.replies import DELIMITER, MailKind, parts, read
from mailing.replies.reply import read_files
from mailing.replies.text_lines import MAX_LINES
from tests.work import counted, ending

TOP = b"From: Jeanne Martin <jeanne@exemple.fr>\nIn-Reply-To: <a@exemple.fr>\n"
MARKS = [
    "> ", ">> >", "Le ", "Le lun. 23 nov. 2026 à 10:12, X <x@exemple.fr>", " a écrit :",
    "On Mon, Nov 23, 2026", "wrote:", "De : X <x@exemple.fr>", "Envoyé : lundi", "À : Y", "Objet : Z",
    "-----Message d'origine-----", "---------- Forwarded message ---------",
    "> Message du 23/11/26 10:12", "-- ", "--", "Cordialement,", "Jeanne Martin", "06 00 00 00 56",
    "Envoyé de mon iPhone", "________________________________", "", " ", "\t",
    "Relais Entreprises, le service public", "http://", "<blockquote type=cite>", "</blockquote>", "<div",
    "<p>", "<!--", "-->", "<td>", "</td>", "<tr>", "<table>", "<li>", "<a href='", "&#", "&nbsp;",
    "<style>", "</style>", '<div class="gmail_quote">', '<div id="divRplyFwdMsg">', "Oui.", "é\u0301",
    "\u202e", "🙂", "\x00",
]  # fmt: skip
LINES = st.lists(st.sampled_from(MARKS) | st.text(max_size=20), max_size=40)
HEADERS = [
    b"From: ", b"Subject: ", b"=?utf-8?q?", b"=?utf-8?b?4pyT?=", b"?=",
    b"Content-Type: multipart/mixed; boundary=a", b"Content-Type: text/html; charset=",
    b"Content-Type: message/rfc822", b"Content-Type: text/calendar; method=REPLY",
    b"Content-Transfer-Encoding: base64", b"Content-Transfer-Encoding: quoted-printable", b"--a",
    b"--a--", b"\n\n", b"Content-Disposition: attachment; filename*=utf-8''%E9", b"punycode", b"utf-7",
    b"idna", b"\xe9\x00", b"=E9=", b"Content-Type: multipart/alternative; boundary=b", b"--b",
    b"unicode_escape", b"rot13", b"<", b">", b'"', b"(", b",",
]  # fmt: skip


def body(text, kind="plain"):
    return TOP + f"Content-Type: text/{kind}; charset=utf-8\n\n".encode() + text.encode("utf-8", "replace")


def fits_a_database(text):
    return "\x00" not in text and text.encode() is not None


@given(raw=st.binary(max_size=400))
def test_any_bytes_are_read(raw):
    assert fits_a_database(read(raw).text)


@pytest.mark.parametrize("charset", [b"\x80", b"a\x00b", b"undefined", b"rot13", b"x" * 10_000])
@pytest.mark.parametrize("encoding", [b"8bit", b"base64", b"quoted-printable"])
@pytest.mark.parametrize("kind", [b"text/plain", b"text/calendar; name=a.ics", b"message/delivery-status"])
def test_text_in_an_impossible_charset_is_read(charset, encoding, kind):
    raw = TOP + b"Content-Type: %s; charset=%s\nContent-Transfer-Encoding: %s\n\nT3Vp\xe9" % (
        kind,
        charset,
        encoding,
    )

    assert ("T3Vp" in read(raw).text or "Oui" in read(raw).text) is (kind == b"text/plain")
    assert kind == b"message/delivery-status" or all(content for _, content in read_files(raw))
    assert [*bounces._reports(email.message_from_bytes(raw))] == []  # noqa: SLF001


@given(
    pieces=st.lists(st.sampled_from(HEADERS) | st.binary(max_size=10), max_size=30),
    glue=st.sampled_from([b"\n", b""]),
)
def test_any_headers_are_read(pieces, glue):
    reply = read(glue.join(pieces))

    values = (
        reply.sender,
        reply.sender_name,
        reply.subject,
        reply.message_id,
        *reply.recipients,
        *reply.attachments,
    )
    assert all(fits_a_database(value) and "\n" not in value for value in values)


@given(lines=LINES, kind=st.sampled_from(["plain", "html"]))
def test_any_shuffle_of_marks_is_read(lines, kind):
    assert fits_a_database(read(body("\n".join(lines), kind)).text)


@given(words=st.lists(st.from_regex(r"[a-z]{3,9}( [a-z]{3,9}){2,5}", fullmatch=True), min_size=1, max_size=8))
def test_plain_sentences_above_our_line_are_all_kept(words):
    typed = "\n".join(words)

    assert read(body(f"{typed}\n\n{DELIMITER}\nNouvelle demande\n")).text == typed


ADVERSARIES = {
    "spaces": ("plain", " "),
    "angles": ("plain", ">"),
    "quoted lines": ("plain", ">\n"),
    "colons": ("plain", ":"),
    "attributions begun": ("plain", "Le 12/12/2026 Le "),
    "attribution lines": ("plain", "Le 12/12/2026 x@y a écrit :\n"),
    "header blocks": ("plain", "De : a@b\nDate : 2026\nObjet : x\n\n"),
    "separators": ("plain", "-----Message original-----\n"),
    "dashes": ("plain", "-- "),
    "signatures": ("plain", "--\nCordialement\nJeanne\n06 00 00 00 56\n"),
    "accents": ("plain", "é\u0301"),
    "warnings": ("plain", "ce message confidentiel "),
    "open angles": ("html", "<"),
    "open blocks": ("html", "<div><b>"),
    "open quotations": ("html", "<blockquote type=cite>"),
    "open links": ("html", "<a href=http://x>y"),
    "open comments": ("html", "<!--"),
    "open attributes": ("html", '<a href="'),
    "attributes": ("html", "<a " + "a" * 500 + " " * 500),
    "equals": ("html", "<a " + "a=" * 500),
    "cells": ("html", "<table><tr><td>x"),
    "lists": ("html", "<ul><li>a"),
    "entities": ("html", "&#99999999999"),
    "closings": ("html", "</div>"),
}  # fmt: skip


def calls(raw):
    """Count the function calls of parsing a mail."""
    with counted() as work:
        read(raw)
    return work.calls


@pytest.mark.parametrize(("kind", "piece"), ADVERSARIES.values(), ids=ADVERSARIES)
def test_twice_the_length_takes_no_more_than_twice_the_work(kind, piece):
    # Within what is read at most.
    pieces = min(10_000 // len(piece), MAX_LINES // 2 // max(piece.count("\n"), 1))

    small, large = (calls(body(piece * pieces * times, kind)) for times in (1, 2))

    assert large <= 2 * small


@pytest.mark.parametrize(("kind", "piece"), ADVERSARIES.values(), ids=ADVERSARIES)
def test_a_hostile_body_of_a_megabyte_is_read(kind, piece, monkeypatch):
    """A regular expression is one call, but a quadratic one would take hours."""
    monkeypatch.setattr(parts, "MAX_BODIES_LENGTH", sys.maxsize)

    with ending():
        read(body(piece * (1_000_000 // len(piece)), kind))


@pytest.mark.parametrize(
    ("top", "piece"),
    [
        (b"Subject: ", b"=?a?q?"),
        (b"From: ", b"<("),
        (b"From: ", b'"a" <a@exemple.fr>, '),
        (b"References: ", b"<"),
        (b"Content-Type: text/plain; ", b"a*0*=b; "),
        (b"", b"Received: x\n"),
        (b"Content-Type: multipart/mixed; boundary=a\n\n", b"--a\n\nvingt octets de mots\n"),
    ],
    ids=["encoded words", "brackets", "people", "references", "parameters", "many", "many parts"],
)
class TestHeaders:
    def test_twice_the_length_takes_no_more_than_twice_the_work(self, top, piece):
        small, large = (calls(top + piece * (10_000 * times // len(piece))) for times in (1, 2))

        assert large <= 2 * small

    def test_a_hostile_megabyte_is_read(self, top, piece):
        with ending():
            read(top + piece * (1_000_000 // len(piece)))


def test_parts_inside_parts_by_the_thousand_are_read():
    part = b"Content-Type: multipart/mixed; boundary=%d\n\n--%d\n"

    with ending():
        read(b"".join(part % (depth, depth) for depth in range(20_000)))


def test_a_message_of_ten_megabytes_is_read():
    attached = b"--a\nContent-Type: application/pdf; name=plan.pdf\nContent-Transfer-Encoding: base64\n\n"
    raw = TOP + b"Content-Type: multipart/mixed; boundary=a\n\n--a\n\nVoici le plan.\n"
    raw += attached + b"QUJD" * 19 * 138_000 + b"\n--a--\n"

    reply = read(raw)

    assert len(raw) > 10_000_000
    assert (reply.text, reply.attachments, reply.kind) == ("Voici le plan.", ("plan.pdf",), MailKind.PERSON)
