"""The register's address, turned against us; and what nobody must learn by asking: who is known here."""

import socket
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from companies import register as registers
from companies import transport
from companies.register import RegisterUnavailable
from mailing.models import OutgoingEmail
from solicitations.models import Solicitation
from tests.solicitations.factories import send

WITHIN = timedelta(seconds=0.6)


@contextmanager
def answering(*chunks: bytes, pause: float = 0) -> Iterator[tuple[str, list[bytes]]]:
    """A server that says these bytes to whoever calls, and keeps what it was asked."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    caller, _ = server.accept()
                    with caller:
                        asked.append(caller.recv(65536))
                        for chunk in chunks:
                            caller.sendall(chunk)
                            time.sleep(pause)
                except OSError:
                    if server.fileno() == -1:
                        return

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", asked
        server.shutdown(socket.SHUT_RDWR)


class TestRegister:
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_redirects_are_not_followed(self, status):
        with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}") as (inside, asked_inside):
            moved = (
                f"HTTP/1.1 {status} Moved\r\nLocation: {inside}/secret\r\nContent-Length: 0\r\n\r\n".encode()
            )
            with answering(moved) as (outside, asked):
                assert transport.get(outside, {"q": "x"}, within=WITHIN).status == status

        assert (len(asked), len(asked_inside)) == (1, 0)

    @pytest.mark.parametrize(
        "url",
        [
            "file:///etc/passwd",
            "ftp://127.0.0.1/",
            "gopher://127.0.0.1:6379/_FLUSHALL",
            "unix:///run/x",
            "data:,x",
            "",
        ],
    )
    def test_other_schemes_are_refused(self, url):
        with pytest.raises(transport.ExchangeFailed):
            transport.get(url, {}, within=WITHIN)

    @pytest.mark.parametrize(
        "chunks",
        [
            (b"HTTP/1.1 200 OK\r\n\r\n", b" " * 3_000_000),
            (
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                b"100000\r\n" + b" " * 0x100000 + b"\r\n",
            )
            + ((b"100000\r\n" + b" " * 0x100000 + b"\r\n"),) * 3,
            (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",),
            (b"SSH-2.0-OpenSSH\r\n",),
            (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd",),
            (b"",),
        ],
        ids=["endless", "endless chunks", "headers", "not HTTP", "not gzip", "nothing"],
    )
    def test_answers_of_any_size_and_kind_end(self, chunks):
        with answering(*chunks) as (url, _):
            started = time.monotonic()
            with pytest.raises(transport.ExchangeFailed):
                transport.get(url, {}, within=WITHIN)

        assert time.monotonic() - started < 2

    def test_an_answer_by_drops_ends(self):
        with answering(b"HTTP/1.1 200 OK\r\n\r\n", *[b" "] * 40, pause=0.1) as (url, _):
            started = time.monotonic()
            with pytest.raises(transport.ExchangeFailed):
                transport.get(url, {}, within=WITHIN)

        assert time.monotonic() - started < 2

    @pytest.mark.django_db
    @pytest.mark.parametrize(
        "name",
        ["aaa&code_commune=75056", "aaa#/../..", "aaa\r\nHost: evil.example", "aaa?x=1", "@evil.example/aaa"],
    )
    def test_what_one_types_changes_nothing_but_the_question(self, settings, name):
        body = b'{"results": []}'
        with answering(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body) as (url, asked):
            settings.REGISTER_URL = url
            assert registers.search(name) == []

        line = asked[0].split(b"\r\n")[0].decode()
        assert line.startswith("GET /search?q=")
        assert line.count("?") == 1
        assert line.count("&") == 1
        assert asked[0].lower().count(b"\nhost:") == 1

    @pytest.mark.django_db
    def test_what_it_says_of_failures_names_no_question(self, settings, caplog):
        settings.REGISTER_URL = "http://127.0.0.1:1"
        with pytest.raises(RegisterUnavailable) as raised:
            registers.search("Peintures de Madame Secrète")

        assert "Secrète" not in caplog.text + str(raised.value)


KNOWN, UNKNOWN = "contact@peintures.example.org", "inconnue@peintures.example.org"
SERIES, BAR = 15, 1.6  # medians; a loaded machine is allowed much


def medians(ask: Any) -> tuple[float, float]:
    """How long the answer takes for the known and for the unknown, asked in turn."""
    times: dict[bool, list[float]] = {True: [], False: []}
    for number in range(SERIES * 2):
        is_known = number % 2 == 0
        started = time.perf_counter()
        ask(is_known, number)
        times[is_known].append(time.perf_counter() - started)
    return statistics.median(times[True]), statistics.median(times[False])


def shown(answer: Any, typed: str) -> str:
    """A page less what is each visit's own: tokens, and the address that one typed oneself."""
    page = answer.content.decode().replace(typed, "…")
    return "\n".join(line for line in page.splitlines() if "csrfmiddlewaretoken" not in line)


@pytest.mark.django_db
@pytest.mark.reference
class TestWhoIsKnown:
    @pytest.fixture(autouse=True)
    def no_limits(self, settings) -> None:
        settings.BENCH = True
        settings.ACCOUNT_RATE_LIMITS = False

    def test_signing_in_says_the_same(self, national):
        pages = []
        for email in (national.email, UNKNOWN):
            client = Client()
            answer = client.post("/connexion/", {"email": email})
            pages.append(
                (answer.status_code, answer["Location"], shown(client.get(answer["Location"]), email))
            )
            wrong = client.post(answer["Location"], {"code": "ABCD-EFGH"})
            pages[-1] += (wrong.status_code, shown(wrong, email))

        assert pages[0] == pages[1]

    def test_signing_in_takes_as_long(self, national):
        def ask(is_known: bool, number: int) -> None:
            Client().post("/connexion/", {"email": national.email if is_known else f"x{number}@example.org"})

        known, unknown = medians(ask)

        assert max(known, unknown) < BAR * min(known, unknown) + 0.01

    def test_a_lost_link_says_the_same(self, commit):
        commit(send, now=timezone.now(), email=KNOWN)
        pages = []
        for email in (KNOWN, UNKNOWN):
            answer = Client().post("/suivi/", {"email": email})
            pages.append((answer.status_code, answer["Location"], answer.content))

        assert pages[0] == pages[1]
        assert OutgoingEmail.objects.filter(template__endswith="lost_links").count() == 1

    def test_a_duplicate_says_the_same_for_as_long(self, visitor, today, monkeypatch):
        """A stranger who sends again for the same company or mailbox learns nothing of the first."""
        visitor.send(contact={"email": KNOWN})
        pages: dict[bool, set[str]] = {True: set(), False: set()}

        def ask(is_known: bool, number: int) -> None:
            path = "/demande/trouver-candidats/contact/"
            started[is_known].append(time.perf_counter())
            with visitor.on_commit(execute=True):
                answer = visitor.client.post(
                    path, contact | {"email": KNOWN if is_known else f"x{number}@example.org"}
                )
            took[is_known].append(time.perf_counter() - started[is_known][-1])
            sent = Solicitation.objects.latest("pk")
            assert (sent.duplicate_of is not None) == is_known
            page = shown(visitor.client.get(answer["Location"]), sent.email)
            pages[is_known].add(page.replace(sent.reference, "…"))

        started: dict[bool, list[float]] = {True: [], False: []}
        took: dict[bool, list[float]] = {True: [], False: []}
        contact = {"contact_name": "La gérante", "phone": "06 39 98 12 34", "consent": "on"}
        for number in range(12):
            visitor.client.cookies.clear()
            visitor.need(description=f"Besoin {number}, depuis quatre mois.")
            is_known = number % 2 == 0
            visitor.company(company="Peintures inconnues", action="typed")
            visitor.facts(name="Peintures inconnues", headcount="3")
            ask(is_known, number)

        known, unknown = statistics.median(took[True]), statistics.median(took[False])
        assert max(known, unknown) < BAR * min(known, unknown) + 0.01
