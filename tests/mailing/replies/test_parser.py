"""Limits on parts, depth, lines and headers: above them, more bytes are no more work."""

import pytest

from mailing import originals
from mailing.replies import parser, parts, read
from tests.work import counted

TOP = b"From: Jeanne Martin <jeanne@exemple.fr>\nTo: reponse@example.org\n"
MIXED = TOP + b"Content-Type: multipart/mixed; boundary=a\n\n--a\n\nBonjour.\n"


def nested(depth: int) -> bytes:
    part = b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n"
    return TOP + b"".join(part % (level, level) for level in range(depth)) + b"\nBonjour.\n"


def html_parts(count: int) -> bytes:
    return MIXED + (b"--a\nContent-Type: text/html\n\n" + b"<b>" * 2000 + b"\n") * count


# What is repeated, and the number of repetitions above the limit of the class.
HOSTILE = {
    "parts": (lambda times: MIXED + b"--a\n\nx\n" * times, 1_000),
    "quoted boundary": (lambda times: MIXED.replace(b"=a", b'="a"') + b"--a \r\n\r\nx\r\n" * times, 1_000),
    "depth": (nested, 100),
    "messages inside": (lambda times: MIXED + b"--a\nContent-Type: message/rfc822\n\n" * times, 1_000),
    "lines": (lambda times: MIXED + b"\n" * times, 20_000),
    "headers": (lambda times: TOP + b"X-A: b\n" * times + b"\nBonjour.\n", 2_000),
    "html": (html_parts, 50),
}


@pytest.mark.parametrize(("built", "times"), HOSTILE.values(), ids=HOSTILE)
class TestAboveTheLimit:
    @pytest.fixture(autouse=True)
    def lower_limits(self, monkeypatch):
        """A tenth of the long ones: the work up to a limit proves nothing."""
        monkeypatch.setattr(parser, "MAX_MAIL_LINES", parser.MAX_MAIL_LINES // 10)
        monkeypatch.setattr(parser, "MAX_HEADER_BYTES", parser.MAX_HEADER_BYTES // 10)

    def test_ten_times_the_bytes_are_no_more_work(self, built, times):
        work = []
        for raw in (built(times), built(10 * times)):
            with counted() as counted_work:
                read(raw)
                originals.read(raw)
            work.append(counted_work.calls)

        assert work[1] <= 1.1 * work[0]

    def test_sender_and_words_before_the_limit_are_read(self, built, times):
        reply = read(built(10 * times))

        assert reply.sender == "jeanne@exemple.fr"
        assert reply.text.startswith("Bonjour.") or built is nested  # its words come last


def test_as_many_parts_as_people_send_are_all_read():
    raw = MIXED + b"".join(b"--a\nContent-Type: image/jpeg; name=%d.jpg\n\nQQ\n" % n for n in range(49))

    assert len(read(raw).attachments) == 49
    assert len(list(parts.walk(parser.parse(raw)))) == 51


def test_parts_as_deep_as_programs_nest_them_are_read():
    assert read(nested(12)).text == "Bonjour."


@pytest.mark.parametrize(
    "typed",
    ["-- \nJeanne", "--a--b\n--c", "----------\n--a moi", "boundary=x\n--xx\n--x y"],
    ids=repr,
)
def test_dashes_that_are_no_boundary_are_not_counted(typed, monkeypatch):
    monkeypatch.setattr(parser, "MAX_PARTS", 2)
    raw = MIXED + typed.encode() + b"\n--a\n\nFin.\n--a--\n"

    assert parser.within_limits(raw) == raw
