"""Middleware that gives each request an identifier, logs its answer and measures its duration.

It records nothing about the visitor.
"""

import logging
import re
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from mailing import tracing
from portal import counters

GetResponse = Callable[[HttpRequest], HttpResponse]

HEADER = "X-Request-ID"
# The formats that proxies use (UUID, 32 hexadecimal digits): nobody can put a name into them.
GIVEN = re.compile("[0-9a-fA-F-]{16,64}")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

logger = logging.getLogger(__name__)


def log_requests(get_response: GetResponse) -> GetResponse:
    """Identify the request, with the proxy's identifier when it is valid, then log the answer."""

    def middleware(request: HttpRequest) -> HttpResponse:
        given = request.headers.get(HEADER, "")
        request_id = tracing.begin(given if GIVEN.fullmatch(given) else "")
        started = time.perf_counter()
        response = get_response(request)
        response[HEADER] = request_id
        _log_answer(request, response, seconds=time.perf_counter() - started)
        return response

    return middleware


def _log_answer(request: HttpRequest, response: HttpResponse, *, seconds: float) -> None:
    """Log the route, never the path, which may hold a token. Static files, without route, are not logged."""
    if request.resolver_match is None and response.status_code < 400:
        return
    method = request.method if request.method in METHODS else "other"
    counters.ANSWERS.labels(method, f"{response.status_code // 100}xx").observe(seconds)
    logger.info(
        "answered",
        extra={
            "method": method,
            "route": request.resolver_match.route if request.resolver_match else None,
            "state": response.status_code,
            "milliseconds": round(seconds * 1000, 1),
        },
    )
