"""What a request may carry: forms hold words, nobody sends us files, and all of it is UTF-8."""

import re
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

Answer = Callable[[HttpRequest], HttpResponse]
CHARSET = re.compile(r";\s*charset\*?\s*=\s*(?:\"[^\"]*\"|[^;]*)", re.IGNORECASE)


class BodyMiddleware:
    """Refuse what is longer than any form, before a byte of it is read.

    Django's own limit leaves files out, which it would write to the disk. Views without a CSRF check are
    the API's, which reads no body, and the mail providers', which have a limit of their own.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """The refusal, or ``None`` when the view may read on."""
        length = request.META.get("CONTENT_LENGTH") or "0"
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if getattr(view, "csrf_exempt", False) or most is None or int(length) <= most:
            return None
        return render(request, "413.html", status=413)


def plain(application: WSGIApplication) -> WSGIApplication:
    """``application``, deaf to what would crash Django before any view.

    That is the charset that a sender names (some of Python's are no text at all), and a NUL spelled in a
    cookie, which PostgreSQL has no room for.
    """

    def answered(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["CONTENT_TYPE"] = CHARSET.sub("", environ.get("CONTENT_TYPE", ""))
        environ["HTTP_COOKIE"] = environ.get("HTTP_COOKIE", "").replace("\\000", "")
        return application(environ, start_response)

    return answered
