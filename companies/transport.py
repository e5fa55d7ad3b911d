"""One HTTP request to an external server, with a hard limit on its total time."""

import ipaddress
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from queue import Empty, SimpleQueue
from threading import Thread
from urllib.parse import urlsplit

import requests
import urllib3

MAX_BYTES = 2_000_000
CHUNK = 65_536
HEADERS = {"Accept": "application/json", "User-Agent": "relais-entreprises"}


class ExchangeFailed(Exception):
    """No complete response in time; the message names the kind of failure, never the query."""


@dataclass(frozen=True)
class Response:
    """The response of the server; ``retry_after`` is the header as received."""

    status: int
    retry_after: str
    body: bytes


@dataclass(frozen=True)
class _Request:
    method: str
    url: str
    params: Mapping[str, str]
    form: Mapping[str, str]
    headers: Mapping[str, str]


def get(
    url: str, params: Mapping[str, str], *, within: timedelta, headers: Mapping[str, str] | None = None
) -> Response:
    """The response to a GET; redirects are not followed. Raises ``ExchangeFailed``."""
    return _ask(_Request("GET", url, params, {}, headers or {}), within)


def post(url: str, form: Mapping[str, str], *, within: timedelta) -> Response:
    """The response to a POST of a form; redirects are not followed. Raises ``ExchangeFailed``."""
    return _ask(_Request("POST", url, {}, form, {}), within)


def _ask(request: _Request, within: timedelta) -> Response:
    """The response to a request.

    The exchange runs in a thread of its own: the timeouts of a socket restart with each byte and do not
    cover the DNS lookup. After a timeout the thread ends by itself, later.
    """
    outcomes: SimpleQueue[Response | ExchangeFailed] = SimpleQueue()
    Thread(target=_run, args=(outcomes, request, within), name="exchange", daemon=True).start()
    try:
        outcome = outcomes.get(timeout=within.total_seconds())
    except Empty:
        raise ExchangeFailed("too slow") from None
    if isinstance(outcome, ExchangeFailed):
        raise outcome
    return outcome


def _run(outcomes: SimpleQueue[Response | ExchangeFailed], request: _Request, within: timedelta) -> None:
    try:
        outcomes.put(_exchange(request, within.total_seconds()))
    except ExchangeFailed as failure:
        outcomes.put(failure)
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
        outcomes.put(ExchangeFailed(type(error).__name__))


def _exchange(request: _Request, seconds: float) -> Response:
    url = request.url
    if urlsplit(url).scheme not in {"http", "https"}:
        raise ExchangeFailed("not an http address")
    deadline = time.monotonic() + seconds
    with requests.Session() as session:
        session.trust_env = not _is_loopback(url)  # a proxy named in the environment is for the outside
        with session.request(
            request.method,
            url,
            params=request.params,
            data=request.form,
            headers={**HEADERS, **request.headers},
            timeout=seconds,
            allow_redirects=False,
            stream=True,
        ) as response:
            body = _body(response.raw, deadline)
            return Response(response.status_code, response.headers.get("Retry-After", ""), body)


def _body(raw: urllib3.HTTPResponse, deadline: float) -> bytes:
    """The whole body, decompressed; read in chunks so that its time and size can be limited."""
    body = bytearray()
    while chunk := raw.read1(CHUNK, decode_content=True):
        body += chunk
        if len(body) > MAX_BYTES:
            raise ExchangeFailed("too long")
        if time.monotonic() > deadline:
            raise ExchangeFailed("too slow")
    return bytes(body)


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
