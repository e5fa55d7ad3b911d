"""Around every page: an identifier for the visit, a line in the logs, a measure; nothing of the visitor."""

import logging
import re
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from mailing import tracing
from portal import counters

Answer = Callable[[HttpRequest], HttpResponse]

HEADER = "X-Request-ID"
# What proxies give (UUIDs, 32 figures), and in which nobody can spell a name.
GIVEN = re.compile("[0-9a-fA-F-]{16,64}")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

logger = logging.getLogger(__name__)


def watch(get_response: Answer) -> Answer:
    """Name the visit, by the proxy's own identifier where it is sane, and say how it was answered."""

    def middleware(request: HttpRequest) -> HttpResponse:
        given = request.headers.get(HEADER, "")
        request_id = tracing.begin(given if GIVEN.fullmatch(given) else "")
        started = time.perf_counter()
        response = get_response(request)
        response[HEADER] = request_id
        _tell(request, response, seconds=time.perf_counter() - started)
        return response

    return middleware


def _tell(request: HttpRequest, response: HttpResponse, *, seconds: float) -> None:
    """The route and never the path: paths hold tokens. Static files, which have no route, go unsaid."""
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
