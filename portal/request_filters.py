"""Filters before the views: size of bodies, names of files, headers that would crash Django."""

import re
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParser
from django.shortcuts import render

from mailing.accepted_files import REPLACEMENT

GetResponse = Callable[[HttpRequest], HttpResponse]
KEPT = "\u00a0\u202f\u200d"  # no-break spaces of French and of screenshots, the joiner of emojis
CHARSET = re.compile(r";\s*charset\*?\s*=\s*(?:\"[^\"]*\"|[^;]*)", re.IGNORECASE)


class BodySizeMiddleware:
    """Refuse a body longer than any form, before reading it.

    Django's own limit does not count files, which it would write to the disk. Views without a CSRF check are
    not limited here: the API reads no body, and the webhooks of mail providers have their own limit.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """The error page 413, or ``None`` when the body is small enough."""
        length = int(request.META.get("CONTENT_LENGTH") or "0")
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if getattr(view, "csrf_exempt", False) or most is None or length <= most:
            return None
        # A page that takes a file says its own limit, and how its sender is known without reading the body:
        # by the session, which is read for such a body alone, or by the address.
        is_known = getattr(view, "is_known", None)
        if length <= getattr(view, "max_body_bytes", most) and (
            is_known(request, **kwargs) if is_known else request.user.is_authenticated
        ):
            return None
        return render(request, "413.html", status=413)


class FileNamesParser(MultiPartParser):
    """A parser that leaves a trace of the signs that no file name may have.

    Django's own takes them out, folders included, or drops the whole file, without a word to its sender.
    """

    def sanitize_file_name(self, file_name: str) -> str:
        """The name with ``REPLACEMENT`` in the place of separators and of what cannot be printed."""
        name = "".join(sign if sign.isprintable() or sign in KEPT else REPLACEMENT for sign in file_name)
        return (
            REPLACEMENT if name in {".", ".."} else name.replace("/", REPLACEMENT).replace("\\", REPLACEMENT)
        )


def keep_file_names(get_response: GetResponse) -> GetResponse:
    """Have the files of forms read by ``FileNamesParser``."""

    def answered(request: HttpRequest) -> HttpResponse:
        if request.content_type == "multipart/form-data":
            request.parse_file_upload = partial(_parsed, request)  # type: ignore[method-assign]
        return get_response(request)

    return answered


def _parsed(request: HttpRequest, meta: Any, body: Any) -> Any:
    """The fields and the files of a form, as ``HttpRequest.parse_file_upload``."""
    return FileNamesParser(meta, body, request.upload_handlers, request.encoding).parse()


def without_unsafe_headers(application: WSGIApplication) -> WSGIApplication:
    """Wrap ``application`` to remove header values that would crash Django before any view.

    These are the charset of the body (some of Python's codecs do not produce text), and an escaped NUL in a
    cookie, which PostgreSQL cannot store.
    """

    def answered(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["CONTENT_TYPE"] = CHARSET.sub("", environ.get("CONTENT_TYPE", ""))
        environ["HTTP_COOKIE"] = environ.get("HTTP_COOKIE", "").replace("\\000", "")
        return application(environ, start_response)

    return answered
