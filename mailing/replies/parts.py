"""The parts of a mail: displayed text, and attachments."""

import binascii
import mimetypes
import quopri
import re
import string
from collections.abc import Iterator, Set
from email.message import Message
from itertools import islice, takewhile

from mailing.replies import headers
from mailing.replies.charsets import clean, decode

BODIES = ("text/plain", "text/html")
# The rest of longer bodies, taken together, is ignored.
MAX_BODIES_LENGTH = 1_000_000
# Nobody types more; some programs write thousands of tags around each word.
MAX_TAGS = 40_000
# Digital signatures, of no interest in a conversation.
NOT_LISTED = {
    "application/pgp-keys",
    "application/pgp-signature",
    "application/pkcs7-signature",
    "application/x-pkcs7-signature",
}
# A smaller image displayed in the text is a logo, a banner or an icon.
MAX_LOGO_BYTES = 100_000
MAX_NAME_LENGTH = 120
MAX_FILES = 50
SHOWN = re.compile(r"cid:([^\s\"'<>]{1,200})")
ENCODING = re.compile("base64|quoted-printable")
BASE64 = (string.ascii_letters + string.digits + "+/=").encode()
NOT_BASE64 = bytes(set(range(256)) - set(BASE64))
BASE64_BLOCK = re.compile(rb"[^=]+={1,2}")
FOLDERS = re.compile(r"^.*[/\\]")


def walk(message: Message) -> Iterator[Message]:
    """The message and its parts, in order, without the parts of attached messages."""
    yield message
    for child in children(message):
        yield from walk(child)


def children(message: Message) -> list[Message]:
    """The parts of a multipart; none otherwise."""
    found = payload(message)
    if message.get_content_maintype() != "multipart" or not isinstance(found, list):
        return []
    return [part for part in found if isinstance(part, Message)]


def payload(part: Message) -> object:
    """Return the parts, or the text as it is written.

    ``None`` for 8-bit text whose charset has an impossible name: Python only expects an unknown one.
    """
    try:
        return part.get_payload()
    except ValueError:
        return None


def attachments(message: Message) -> tuple[str, ...]:
    """The names of the attachments, in order, without logos of signatures."""
    return tuple(_name(part) for part in _attached(message))


def files(message: Message) -> Iterator[tuple[str, bytes]]:
    """Name and decoded content of the attachments, in the same order."""
    for part in _attached(message):
        yield _name(part), content(part)


def _attached(message: Message) -> Iterator[Message]:
    shown = {identifier for _, text in bodies(message) for identifier in SHOWN.findall(text)}
    return islice((part for part in walk(message) if _is_listed(part, shown)), MAX_FILES)


def is_body(part: Message) -> bool:
    """True for a part with text to display, not an attachment."""
    return part.get_content_type() in BODIES and not _is_attached(part)


def bodies(message: Message) -> Iterator[tuple[Message, str]]:
    """The parts with text to display, and the text of each, plain or HTML, up to a total length."""
    left, tags_left = MAX_BODIES_LENGTH, MAX_TAGS
    for part in filter(is_body, walk(message)):
        text = clean(decode(content(part), headers.parameter(part, "charset"))[:left])
        if part.get_content_type() == "text/html":
            pieces = text.split("<", tags_left + 1)[: tags_left + 1]
            text, tags_left = "<".join(pieces), tags_left - len(pieces) + 1
        left -= len(text)
        yield part, text


def content(part: Message) -> bytes:
    """The decoded content of the part; empty for a multipart, or when it cannot be decoded."""
    written = payload(part)
    encoding = ENCODING.search(headers.first(part, "Content-Transfer-Encoding").lower())
    if encoding and isinstance(written, str):
        return _decoded(written.encode("utf-8", "surrogateescape"), encoding[0])
    try:
        decoded = part.get_payload(decode=True)
    except (ValueError, LookupError):
        return b""
    return decoded if isinstance(decoded, bytes) else b""


def _decoded(written: bytes, encoding: str) -> bytes:
    """The bytes of a text in base 64 or "quoted-printable", even cut, or with foreign characters."""
    return quopri.decodestring(written) if encoding == "quoted-printable" else decode_base64(written)


def decode_base64(written: bytes) -> bytes:
    """The bytes that base 64 writes, up to where it ends; foreign characters are left out."""
    first = BASE64_BLOCK.match(written)
    if first and len(block := first[0].translate(None, NOT_BASE64)) % 4 == 0:
        # Some programs end each line; what lists and antivirus programs add below is not encoded.
        lines = takewhile(_is_base64, written[first.end() :].split(b"\n"))
        return binascii.a2b_base64(block) + b"".join(map(binascii.a2b_base64, lines))
    # It was cut, or has no end: a last character alone fills no byte.
    bare = written.translate(None, NOT_BASE64 + b"=")
    return binascii.a2b_base64(bare[: len(bare) - (len(bare) % 4 == 1)] + b"==")


def _is_base64(line: bytes) -> bool:
    return len(line.strip()) % 4 == 0 and not line.strip().translate(None, BASE64)


def _is_attached(part: Message) -> bool:
    disposition = headers.first(part, "Content-Disposition").partition(";")[0].strip().lower()
    return disposition == "attachment" or bool(_given_name(part) and disposition != "inline")


def _is_listed(part: Message, shown: Set[str]) -> bool:
    """True when the attachment is listed. ``shown``: ids of the images displayed in the text."""
    kind = part.get_content_type()
    if part.get_content_maintype() == "multipart" or kind in NOT_LISTED:
        return False
    if kind.startswith("image/") and headers.first(part, "Content-ID").strip("<> ") in shown:
        return len(content(part)) > MAX_LOGO_BYTES
    if kind == "text/calendar":  # without a name, it is the invitation itself, which repeats the text
        return _is_attached(part) or bool(_given_name(part))
    return _is_attached(part) or kind not in BODIES or bool(_given_name(part))


def _name(part: Message) -> str:
    if name := _given_name(part):
        return name
    inside = payload(part)
    if part.get_content_maintype() == "message" and isinstance(inside, list):
        subjects = (headers.first(inner, "Subject") for inner in inside if isinstance(inner, Message))
        return (next(subjects, "") or "message")[:MAX_NAME_LENGTH] + ".eml"
    return "sans nom" + (mimetypes.guess_extension(part.get_content_type()) or "")


def _given_name(part: Message) -> str:
    """The file's name, without folders, on one line; empty when the part has none."""
    try:
        name = part.get_filename() or ""
    except (ValueError, LookupError, TypeError):
        return ""
    name = FOLDERS.sub("", headers.decoded(name))
    return (
        name
        if len(name) <= MAX_NAME_LENGTH
        else name[: MAX_NAME_LENGTH // 2] + "…" + name[-MAX_NAME_LENGTH // 2 :]
    )
