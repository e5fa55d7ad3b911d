"""Reads the posts of mail providers, whatever the mails in them contain.

Django's limits are meant for visitors' forms: a mail of three megabytes or a thousand headers exceeds them.
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

from anymail.exceptions import AnymailWebhookValidationFailure
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, QueryDict, multipartparser
from django.http.multipartparser import FILE, ChunkIter, InterBoundaryIter, LazyStream, MultiPartParserError
from django.utils.datastructures import MultiValueDict
from django.utils.http import parse_header_parameters

CHUNK = 64 * 1024
FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")
# One field per header of the mail; the others are ignored.
MAX_FIELDS = 20_000
# The fields that are read; Mailgun adds one per header.
FIELDS = re.compile(
    r"timestamp|token|signature|recipient|sender|from|subject|event|attachments|attachment-count"
    r"|content-id-map|message-headers|body-(plain|html|mime)|stripped-(text|html)"
)
MAX_PART_HEADERS_BYTES = 64 * 1024
SURROGATES = re.compile("[\ud800-\udfff]")
LINE_BREAKS = re.compile(r"[\r\n]+")
HEADER_NAME = re.compile(r"[!-9;-~]{1,200}")


def read_form(request: HttpRequest, *, max_bytes: int) -> None:
    """Set the request's fields and files. Raises ``AnymailWebhookValidationFailure`` when it is no form."""
    fields, files = QueryDict(mutable=True), MultiValueDict[str, SimpleUploadedFile]()
    if request.content_type == FORM_TYPES[0]:
        _read_pairs(request.read(max_bytes), fields)
    else:
        _read_parts(request, fields, files)
    request._post, request._files = fields, files  # type: ignore[attr-defined]  # noqa: SLF001


def _read_pairs(body: bytes, fields: QueryDict) -> None:
    pairs = b"&".join(body.split(b"&", MAX_FIELDS)[:MAX_FIELDS])
    for name, value in parse_qsl(pairs.decode("ascii", "replace"), keep_blank_values=True):
        if FIELDS.fullmatch(name):
            fields.appendlist(name, value)


def _read_parts(
    request: HttpRequest, fields: QueryDict, files: MultiValueDict[str, SimpleUploadedFile]
) -> None:
    _, parameters = parse_header_parameters(request.META.get("CONTENT_TYPE", ""))
    boundary = parameters.get("boundary", "").encode("ascii", "replace")
    if not 0 < len(boundary) <= 200:
        raise AnymailWebhookValidationFailure("a form without boundary")
    try:
        for name, filename, content_type, content in _parts(request, boundary):
            if filename is not None:
                files.appendlist(name, SimpleUploadedFile(filename, content, content_type))
            elif FIELDS.fullmatch(name):
                fields.appendlist(name, content.decode("utf-8", "replace"))
    except MultiPartParserError as error:
        raise AnymailWebhookValidationFailure("a form that cannot be read") from error


def _parts(request: HttpRequest, boundary: bytes) -> Iterator[tuple[str, str | None, str, bytes]]:
    """Name, file name, type and content of each part of the form; the file name of a field is ``None``."""
    stream = LazyStream(ChunkIter(request, CHUNK))
    for number, part in enumerate(InterBoundaryIter(stream, b"--" + boundary)):
        kind, described, content = multipartparser.parse_boundary_stream(  # type: ignore[attr-defined]
            part, MAX_PART_HEADERS_BYTES
        )
        if number > MAX_FIELDS:
            return
        if "content-disposition" not in described:
            continue
        disposition = described["content-disposition"][1]
        content_type = described.get("content-type", ("", {}))[0].strip()
        filename = one_line(disposition.get("filename", b"").decode("utf-8", "replace")) or "sans nom"
        name = disposition.get("name", b"").decode("utf-8", "replace").strip()
        yield name, filename if kind == FILE else None, attachment_type(content_type), content.read()


def attachment_type(content_type: str) -> str:
    """The type of an attached file; a message inside the mail is a file like another, which is not parsed."""
    is_plain = re.fullmatch(r"(?!message/|multipart/)[\w.+-]+/[\w.+-]+", content_type, re.IGNORECASE)
    return content_type if is_plain else "application/octet-stream"


def clean(value: Any) -> Any:
    """The JSON value without the surrogates that no charset can write."""
    if isinstance(value, str):
        return SURROGATES.sub("\ufffd", value)
    if isinstance(value, list):
        return [clean(item) for item in value]
    if isinstance(value, dict):
        return {clean(key): clean(item) for key, item in value.items()}
    return value


def clean_headers(pairs: Any) -> Iterator[tuple[str, str]]:
    """The headers that can be written in a message, each on one line."""
    for name, value in pairs:
        if HEADER_NAME.fullmatch(str(name)) and value is not None:
            yield str(name), one_line(value)


def one_line(value: Any) -> str:
    return LINE_BREAKS.sub(" ", clean(str(value or "")))
