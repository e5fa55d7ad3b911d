"""Calls of the portal's WSGI application, since Django's test client corrects malformed requests."""

from io import BytesIO
from typing import Any

from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from portal.wsgi import application


def post(path: str, body: bytes, kind: str) -> dict[str, Any]:
    return call(path, BytesIO(body), method="POST", CONTENT_TYPE=kind, CONTENT_LENGTH=str(len(body)))


def call(path: str, body: BytesIO | None = None, *, method: str = "GET", **environ: str) -> dict[str, Any]:
    """Call the application and return the response's ``status``, ``headers`` and ``body``."""
    path, _, query = path.partition("?")
    answer: dict[str, Any] = {}

    def start(status: str, headers: list[tuple[str, str]], error: Any = None) -> None:
        answer.update(status=int(status[:3]), headers=dict(headers))

    request = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "testserver",
        "HTTP_COOKIE": "csrftoken=" + "a" * 32,  # without it no form is read at all
        "wsgi.input": body or BytesIO(),
        "wsgi.errors": BytesIO(),
        "wsgi.url_scheme": "http",
        "wsgi.version": (1, 0),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for signal in (request_started, request_finished):  # as Django's client: the test keeps its connection
        signal.disconnect(close_old_connections)
    try:
        answer["body"] = b"".join(application(request | environ, start)).decode(errors="replace")
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)
    return answer
