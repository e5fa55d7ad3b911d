"""Whatever comes in is read, and in a time in proportion to its length."""

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailing.replies import DELIMITER, Kind, read
from mailing.replies.lines import LINES_AT_MOST

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
@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])
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


def seconds(raw):
    """Time of the processor, the least of three readings: other programs run beside."""
    return min(timed(raw) for _ in range(3))


def timed(raw):
    start = time.process_time()
    read(raw)
    return time.process_time() - start


@pytest.mark.parametrize(("kind", "piece"), ADVERSARIES.values(), ids=ADVERSARIES)
def test_a_hostile_megabyte_is_read_within_a_second(kind, piece):
    raw = body(piece * (1_000_000 // len(piece)), kind)

    assert any(timed(raw) < 1 for _ in range(3))


@pytest.mark.parametrize(("kind", "piece"), ADVERSARIES.values(), ids=ADVERSARIES)
def test_twice_the_length_takes_no_more_than_twice_the_time(kind, piece):
    # Within what is read at most, long enough for a clock, with room for its grain.
    pieces = min(30_000 // len(piece), LINES_AT_MOST // 2 // max(piece.count("\n"), 1))

    small = seconds(body(piece * pieces, kind))
    large = seconds(body(piece * pieces * 2, kind))

    assert large < 2.5 * small + 0.01


@pytest.mark.parametrize(
    "top",
    [
        b"Subject: " + b"=?a?q?" * 200_000,
        b"From: " + b"<(" * 500_000,
        b"From: " + b'"a" <a@exemple.fr>, ' * 50_000,
        b"References: " + b"<" * 1_000_000,
        b"Content-Type: text/plain; " + b"a*0*=b; " * 100_000,
        b"Received: x\n" * 80_000,
        b"".join(
            b"Content-Type: multipart/mixed; boundary=%d\n\n--%d\n" % (depth, depth)
            for depth in range(20_000)
        ),
        b"Content-Type: multipart/mixed; boundary=a\n\n" + b"--a\n\nx\n" * 40_000,
    ],
    ids=["encoded words", "brackets", "people", "references", "parameters", "many", "nested", "many parts"],
)
def test_a_hostile_megabyte_of_headers_is_read_within_seconds(top):
    assert any(timed(top) < 3 for _ in range(2))


def test_a_message_of_ten_megabytes_is_read():
    attached = b"--a\nContent-Type: application/pdf; name=plan.pdf\nContent-Transfer-Encoding: base64\n\n"
    raw = TOP + b"Content-Type: multipart/mixed; boundary=a\n\n--a\n\nVoici le plan.\n"
    raw += attached + b"QUJD" * 19 * 138_000 + b"\n--a--\n"

    reply = read(raw)

    assert len(raw) > 10_000_000
    assert (reply.text, reply.attachments, reply.kind) == ("Voici le plan.", ("plan.pdf",), Kind.PERSON)
