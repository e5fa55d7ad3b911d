"""A company register for the demo and the tests: a real HTTP server, on loopback, fed by recorded answers.

    python -m demo.fake_register --port 8001

It finds the companies of ``data/register-sample.json`` by SIRET, SIREN or name. For the tests, ``mode``
chooses a way to fail.
"""

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from companies import keywords

SAMPLE = Path(__file__).resolve().parent / "data" / "register-sample.json"
TOO_SHORT = {"erreur": "3 caractères minimum pour les termes de la requête (ou utilisez au moins un filtre)"}
TOO_MANY = {"erreur": "Trop de requêtes"}


class Mode(StrEnum):
    """The reaction of the register to a query."""

    ANSWER = "answer"
    FIXED = "fixed"  # answers ``server.body``, whatever the question
    HANG = "hang"  # accepts, then sends nothing
    TRICKLE = "trickle"  # one byte of the body at a time
    TRICKLE_HEADERS = "trickle-headers"
    ERROR = "error"
    TOO_MANY = "too-many"
    GARBAGE = "garbage"
    NESTED = "nested"  # JSON too deep to be read
    HUGE = "huge"  # a body without end
    REDIRECT = "redirect"
    DROP = "drop"  # closes the connection without an answer


class RegisterServer(ThreadingHTTPServer):
    """The server; ``questions`` keeps the parameters of each request received."""

    daemon_threads = True

    def __init__(self, port: int = 0, mode: Mode = Mode.ANSWER) -> None:
        self.mode = mode
        self.body: Any = {"results": []}
        self.retry_after = "4"
        self.questions: list[dict[str, str]] = []
        self.is_stopping = Event()
        self.results = _recorded_results()
        super().__init__(("127.0.0.1", port), Handler)

    @property
    def url(self) -> str:
        """The value for ``REGISTER_URL``."""
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore errors: some tests close their connection early."""


class Handler(BaseHTTPRequestHandler):
    """Handles one request."""

    server: RegisterServer

    def do_GET(self) -> None:
        """Answer, or fail, according to the server's mode."""
        address = urlsplit(self.path)
        params = {key: values[0] for key, values in parse_qs(address.query).items()}
        self.server.questions.append(params)
        if address.path != "/search":
            self._send(404, {"erreur": "Page inconnue"})
        else:
            getattr(self, "_" + self.server.mode.value.replace("-", "_"))(params)

    def _answer(self, params: dict[str, str]) -> None:
        question = params.get("q", "")
        if len(question) < 3:
            self._send(400, TOO_SHORT)
            return
        codes = params["code_commune"].split(",") if "code_commune" in params else []
        results = find(self.server.results, question, codes)
        per_page = min(int(params.get("per_page", "10")), 25)
        page = {"total_results": len(results), "page": 1, "per_page": per_page}
        self._send(200, {"results": results[:per_page], **page})

    def _fixed(self, params: dict[str, str]) -> None:
        self._send(200, self.server.body)

    def _hang(self, params: dict[str, str]) -> None:
        self.server.is_stopping.wait()

    def _trickle(self, params: dict[str, str]) -> None:
        self._send_headers(200)
        self._send_slowly(b'{"results": [' + b" " * 10_000)

    def _trickle_headers(self, params: dict[str, str]) -> None:
        self._send_slowly(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 10_000)

    def _error(self, params: dict[str, str]) -> None:
        self._send(500, {"erreur": "Panne"})

    def _too_many(self, params: dict[str, str]) -> None:
        self._send(429, TOO_MANY, retry_after=self.server.retry_after)

    def _garbage(self, params: dict[str, str]) -> None:
        self._send_headers(200)
        self.wfile.write(b"<html>Maintenance \xff\xfe")

    def _nested(self, params: dict[str, str]) -> None:
        self._send_headers(200)
        self.wfile.write(b"[" * 200_000)

    def _huge(self, params: dict[str, str]) -> None:
        self._send_headers(200)
        while not self.server.is_stopping.is_set():
            self.wfile.write(b" " * 65_536)

    def _redirect(self, params: dict[str, str]) -> None:
        self.send_response(302)
        self.send_header("Location", "/search?q=elsewhere")
        self.end_headers()

    def _drop(self, params: dict[str, str]) -> None:
        self.connection.close()

    def _send(self, status: int, body: Any, *, retry_after: str = "") -> None:
        self._send_headers(status, retry_after=retry_after)
        self.wfile.write(json.dumps(body).encode())

    def _send_headers(self, status: int, *, retry_after: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        if retry_after:
            self.send_header("Retry-After", retry_after)
        self.end_headers()

    def _send_slowly(self, text: bytes) -> None:
        for byte in text:
            if self.server.is_stopping.wait(0.05):
                return
            self.wfile.write(bytes([byte]))

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing: queries name companies."""


def find(results: list[dict[str, Any]], question: str, codes: list[str]) -> list[dict[str, Any]]:
    """The companies with this SIRET or SIREN, or with all these words in their name, within communes."""
    if question.isdecimal() and len(question) in {9, 14}:
        return [result for result in results if question in {result["siren"], *_sirets(result)}]
    asked = keywords.extract(question)
    return [
        result
        for result in results
        if asked
        and all(any(word.startswith(token) for word in _names(result)) for token in asked)
        and (not codes or any(row["commune"] in codes for row in result["matching_etablissements"]))
    ]


def _sirets(result: dict[str, Any]) -> set[str]:
    return {row["siret"] for row in result["matching_etablissements"]}


def _names(result: dict[str, Any]) -> list[str]:
    brands = [brand for row in result["matching_etablissements"] for brand in row["liste_enseignes"] or []]
    return keywords.extract(" ".join([result["nom_complet"], *brands]))


def _recorded_results() -> list[dict[str, Any]]:
    """Each company of the sample, once."""
    cases = json.loads(SAMPLE.read_text(encoding="utf-8"))["cases"]
    found = [result for case in cases for result in case["response"]["body"].get("results", [])]
    return list({result["siren"]: result for result in found}.values())


@contextmanager
def running(port: int = 0) -> Iterator[RegisterServer]:
    """Run a server in a thread until the end of the block."""
    with RegisterServer(port) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.is_stopping.set()
            server.shutdown()
            thread.join()


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description="Registre des entreprises fictif.")
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument("--mode", type=Mode, choices=list(Mode), default=Mode.ANSWER)
    options = parser.parse_args()
    with RegisterServer(options.port, options.mode) as server, suppress(KeyboardInterrupt):
        server.serve_forever()


if __name__ == "__main__":
    main()
