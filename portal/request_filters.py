"""Filters before the views: a maximum size for bodies, and headers that would crash Django."""

import re
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

GetResponse = Callable[[HttpRequest], HttpResponse]
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
