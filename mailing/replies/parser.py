"""Parses raw bytes into a message, within limits that bound the work; the rest is ignored.

The library's time grows with the number of lines times the depth of the parts: ten megabytes of tiny parts
take it half a minute.
"""

import re
from email import message_from_bytes
from email.message import Message
from email.parser import BytesHeaderParser
from itertools import islice

from mailing.replies.headers import ShortHeaders

MAX_BYTES = 25_000_000
# A mail of a person has fewer, by far; ten megabytes of an attachment are 140,000 lines.
MAX_MAIL_LINES = 200_000
MAX_PARTS = 200
MAX_DEPTH = 20
MAX_HEADER_BYTES = 128 * 1024

BOUNDARY = re.compile(rb"boundary[ \t]*\*?=[ \t]*(?:\"([^\"\r\n]{1,200})\"|([^\s;\"]{1,200}))", re.IGNORECASE)
DELIMITER_LINE = re.compile(rb"^--([^\r\n]{1,210})", re.MULTILINE)
LINE_END = re.compile(rb"\r\n|\r|\n")
HEADERS_END = re.compile(rb"\r?\n\r?\n|\r\r")


def parse(raw: bytes) -> Message:
    """The message, without the parts, lines and headers above the limits. Never raises."""
    policy = ShortHeaders()
    kept = within_limits(raw)
    try:
        return message_from_bytes(kept, policy=policy)
    except RecursionError:  # messages inside messages inside messages
        return parse_headers(kept)


def parse_headers(raw: bytes) -> Message:
    """The message's headers alone; its body is left as text."""
    return BytesHeaderParser(policy=ShortHeaders()).parsebytes(raw[:MAX_HEADER_BYTES])


def within_limits(raw: bytes) -> bytes:
    """The beginning of the message, cut before the first part or line above the limits."""
    kept = _with_short_headers(raw[:MAX_BYTES])
    kept = kept[: _end_of_lines(kept)]
    return kept[: _end_of_parts(kept)]


def _with_short_headers(raw: bytes) -> bytes:
    """The message, with the headers beyond ``MAX_HEADER_BYTES`` removed from its top."""
    end = HEADERS_END.search(raw)
    if end is None:
        return raw[:MAX_HEADER_BYTES]
    if end.start() <= MAX_HEADER_BYTES:
        return raw
    top = raw[:MAX_HEADER_BYTES]
    return top[: max(top.rfind(b"\n"), 0)] + raw[end.start() :]


def _end_of_lines(raw: bytes) -> int:
    """Index after the last line that is read."""
    last = next(islice(LINE_END.finditer(raw), MAX_MAIL_LINES - 1, None), None)
    return last.end() if last else len(raw)


def _end_of_parts(raw: bytes) -> int:
    """Index of the first part above the limits, from the boundaries declared and the lines that use them."""
    declared = {(found[1] or found[2]).rstrip() for found in BOUNDARY.finditer(raw)}
    if not declared:
        return len(raw)
    count, is_open = 0, dict.fromkeys(declared, False)
    depth = 0
    for found in DELIMITER_LINE.finditer(raw):
        name = found[1].rstrip()
        if name in is_open:
            count, depth = count + 1, depth + (not is_open[name])
            is_open[name] = True
        elif name.endswith(b"--") and is_open.get(name[:-2]):
            is_open[name[:-2]] = False
            depth -= 1
        if count > MAX_PARTS or depth > MAX_DEPTH:
            return found.start()
    return len(raw)
