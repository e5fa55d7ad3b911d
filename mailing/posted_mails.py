"""The mails that providers post in parts, written again as a mail server would pipe them.

Nothing in a post is trusted: what is missing, of another type or too long is left out, and the rest kept. The
library's own message would refuse some, and takes minutes to fold a long header.
"""

import json
import re
import secrets
from base64 import encodebytes
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote

from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from mailing.provider_posts import attachment_type, clean, clean_headers, one_line
from mailing.replies import headers as mail_headers
from mailing.replies.parser import MAX_PARTS, parse_headers
from mailing.replies.parts import decode_base64

T = TypeVar("T", dict[str, Any], list[Any])

MAX_NAME_LENGTH = 300
MAX_HEADERS = 2_000
# Written from the parts of the post, or from its envelope.
REPLACED = {"content-type", "content-transfer-encoding", "content-disposition", "mime-version", "return-path"}
# Read later: first, since headers above the limits are cut.
READ_LATER = re.compile(
    r"from|to|cc|subject|date|message-id|in-reply-to|references|delivered-to|(x-)?envelope-to|x-original-to"
    r"|auto-submitted|precedence|authentication-results|x-auto.*|list-id",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class PostedMail:
    """``envelope_sender``: ``None`` when the provider does not say; empty for the null sender."""

    raw: bytes
    recipient: str = ""
    envelope_sender: str | None = None

    def with_return_path(self) -> bytes:
        """The message with its envelope sender, unless that is unknown or in the message already."""
        if self.envelope_sender is None or mail_headers.has(parse_headers(self.raw), "Return-Path"):
            return self.raw
        return f"Return-Path: <{one_line(self.envelope_sender)}>\n".encode() + self.raw


class File(NamedTuple):
    name: str
    kind: str
    content: bytes
    content_id: str = ""


def of_postmark(event: dict[str, Any]) -> PostedMail:
    """The mail of a post of Postmark, from its ``RawEmail`` when it has one."""
    named = [(_text(row, "Name"), row.get("Value")) for row in _rows(event, "Headers")]
    first = named[0] if named else ("", "")
    sender = _bare(first[1]) if first[0].lower() == "return-path" else None
    recipient = _text(event, "OriginalRecipient")
    if raw := _text(event, "RawEmail"):
        return PostedMail(raw.encode(), recipient, sender)
    full = {"To": "ToFull", "Cc": "CcFull"}
    people = [(name, ", ".join(map(_person, _rows(event, field)))) for name, field in full.items()]
    author = event.get("FromFull")
    known = [
        ("From", _person(author) if isinstance(author, dict) else _text(event, "From")),
        *people,
        *((name, _text(event, name)) for name in ("Subject", "Date")),
    ]
    files = [
        File(
            _text(row, "Name"),
            _text(row, "ContentType"),
            decode_base64(_text(row, "Content").encode()),
            _text(row, "ContentID"),
        )
        for row in _rows(event, "Attachments")
    ]
    texts = _text(event, "TextBody"), _text(event, "HtmlBody")
    return PostedMail(_written(known, named, *texts, files), recipient, sender)


def of_brevo(event: dict[str, Any]) -> PostedMail:
    """The mail of a post of Brevo. Only the names of attachments are stored; their content is not fetched."""
    given = event.get("Headers")
    named = [
        (str(name), value)
        for name, values in (given.items() if isinstance(given, dict) else ())
        for value in (values if isinstance(values, list) else [values])
    ]
    author = event.get("From")
    known = [
        ("From", _address(author, name="Name", address="Address") if isinstance(author, dict) else ""),
        ("Subject", _text(event, "Subject")),
        ("Message-ID", _text(event, "MessageId")),
        ("X-Envelope-To", ", ".join(map(str, _list(event, "Recipients")[:MAX_HEADERS]))),
    ]
    files = [
        File(_text(row, "Name"), _text(row, "ContentType"), b"", _text(row, "ContentID"))
        for row in _rows(event, "Attachments")
    ]
    paths = (_bare(value) for name, value in named if name.lower() == "return-path")
    delivered = (_bare(value) for name, value in named if name.lower() == "delivered-to")
    texts = _text(event, "RawTextBody"), _text(event, "RawHtmlBody")
    return PostedMail(_written(known, named, *texts, files), next(delivered, ""), next(paths, None))


def of_mailgun(fields: QueryDict, files: MultiValueDict[str, UploadedFile]) -> PostedMail:
    """The mail of a post of Mailgun, from its ``body-mime`` when it has one.

    A route that stores mails posts the addresses of the attachments, as JSON: their names alone are kept.
    """
    recipient = fields.get("recipient", "")
    if "body-mime" in fields:
        return PostedMail(str(fields["body-mime"]).encode(), recipient, fields.get("sender"))
    known = [("From", fields.get("from", "")), ("To", recipient), ("Subject", fields.get("subject", ""))]
    identifiers = {field: name for name, field in _pairs(fields.get("content-id-map", ""))}
    attached = [
        File(file.name or "", file.content_type or "", file.read(), str(identifiers.get(field, "")))
        for field in sorted(files, key=_number)
        for file in files.getlist(field)
    ]
    attached += [
        File(_text(row, "name"), _text(row, "content-type"), b"")
        for row in _json(fields.get("attachments", ""), list)
        if isinstance(row, dict)
    ]
    texts = fields.get("body-plain", ""), fields.get("body-html", "")
    named = _pairs(fields.get("message-headers", ""))
    return PostedMail(_written(known, named, *texts, attached), recipient, fields.get("sender"))


def _written(
    known: list[tuple[str, str]], named: Iterable[tuple[str, Any]], text: str, html: str, files: list[File]
) -> bytes:
    """The message: the headers ``named`` in the mail, then those ``known`` that it does not name."""
    kept = [(name, value) for name, value in clean_headers(named) if name.lower() not in REPLACED]
    present = {name.lower() for name, value in kept if value.strip()}
    kept += [(name, one_line(value)) for name, value in known if value and name.lower() not in present]
    kept.sort(key=lambda header: not READ_LATER.fullmatch(header[0]))
    boundary = secrets.token_hex(16)
    lines = [f"{name}: {value[: mail_headers.MAX_READ_LENGTH]}" for name, value in kept[:MAX_HEADERS]]
    top = [*lines, "MIME-Version: 1.0", f'Content-Type: multipart/mixed; boundary="{boundary}"', ""]
    parts = [*_bodies(text, html), *map(_file, files[:MAX_PARTS])]
    inner = b"".join(b"\n--%s\n%s" % (boundary.encode(), part) for part in parts)
    return "\n".join(top).encode() + inner + f"\n--{boundary}--\n".encode()


def _bodies(text: str, html: str) -> Iterator[bytes]:
    """The text of the mail, as one part: HTML is preferred, as in a mail that has both."""
    inner = secrets.token_hex(16)
    shown = [(kind, body) for kind, body in (("plain", text), ("html", html)) if body.strip()]
    written = [
        f"Content-Type: text/{kind}; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{clean(body)}".encode()
        for kind, body in shown
    ]
    if len(written) < 2:
        yield from written
        return
    alternatives = b"".join(b"\n--%s\n%s" % (inner.encode(), part) for part in written)
    head = f'Content-Type: multipart/alternative; boundary="{inner}"\n'
    yield head.encode() + alternatives + f"\n--{inner}--\n".encode()


def _file(file: File) -> bytes:
    name = quote(one_line(file.name)[:MAX_NAME_LENGTH])
    identifier = re.sub(r"[^!-~]", "", file.content_id).strip("<>")[:MAX_NAME_LENGTH]
    lines = [
        f"Content-Type: {attachment_type(file.kind.partition(';')[0].strip())}",
        f"Content-Disposition: {'inline' if identifier else 'attachment'}"
        + (f"; filename*=utf-8''{name}" if name else ""),
        *([f"Content-ID: <{identifier}>"] if identifier else []),
        "Content-Transfer-Encoding: base64",
        "",
        "",
    ]
    return "\n".join(lines).encode() + encodebytes(file.content)


def _pairs(written: str) -> list[tuple[str, Any]]:
    """The pairs of a JSON object, or of a list of pairs; none when it cannot be read."""
    rows = [*_json(written, dict).items(), *_json(written, list)]
    return [(str(row[0]), row[1]) for row in rows if isinstance(row, (list, tuple)) and len(row) == 2]


def _json(written: str, kind: type[T]) -> T:
    """Return the JSON written; an empty one when it cannot be read, or is of another ``kind``."""
    try:
        read = json.loads(written)
    except (ValueError, RecursionError):
        return kind()
    return read if isinstance(read, kind) else kind()


def _person(row: dict[str, Any]) -> str:
    return _address(row, name="Name", address="Email")


def _address(row: dict[str, Any], *, name: str, address: str) -> str:
    named = re.sub(r'["\\]', "'", one_line(_text(row, name)))
    return f'"{named}" <{one_line(_text(row, address))}>' if named else one_line(_text(row, address))


def _bare(value: object) -> str:
    return one_line(value).strip().strip("<>")


def _number(field: str) -> tuple[int, str]:
    figures = field.rpartition("-")[2]
    return (int(figures) if figures.isdecimal() and len(figures) < 9 else 0, field)


def _text(row: dict[str, Any], name: str) -> str:
    value = row.get(name)
    return str(clean(value)) if isinstance(value, (str, int, float)) else ""


def _list(row: dict[str, Any], name: str) -> list[Any]:
    value = row.get(name)
    return value if isinstance(value, list) else []


def _rows(row: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [item for item in _list(row, name) if isinstance(item, dict)]
