"""Hostile answers of the company register, and pages that must not reveal who is known here."""

import socket
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
from solicitations.actions import submission
from solicitations.models import Solicitation
from tests.solicitations.factories import send
from tests.work import Work

WITHIN = timedelta(seconds=60)  # a busy machine may take its time


@contextmanager
def answering(*chunks: bytes, and_then: bytes = b"") -> Iterator[tuple[str, list[bytes]]]:
    """Run a server that answers these bytes, and yield its URL and the requests that it gets.

    ``and_then`` is sent again and again, until the client leaves.
    """
    asked: list[bytes] = []
    is_over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    caller, _ = server.accept()
                    with caller:
                        asked.append(caller.recv(65536))
                        for chunk in chunks:
                            caller.sendall(chunk)
                        while and_then and not is_over.wait(0.01):
                            caller.sendall(and_then)
                except OSError:
                    if server.fileno() == -1:
                        return

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", asked
        is_over.set()
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
        ("chunks", "and_then", "reason"),
        [
            ((b"HTTP/1.1 200 OK\r\n\r\n",), b" " * 1_000_000, "too long"),
            (
                (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",),
                b"100000\r\n" + b" " * 0x100000 + b"\r\n",
                "too long",
            ),
            ((b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",), b"", "ConnectionError"),
            ((b"SSH-2.0-OpenSSH\r\n",), b"", "ConnectionError"),
            (
                (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd",),
                b"",
                "DecodeError",
            ),
            ((b"",), b"", "ConnectionError"),
        ],
        ids=["endless", "endless chunks", "headers", "not HTTP", "not gzip", "nothing"],
    )
    def test_answers_of_any_size_and_kind_end(self, chunks, and_then, reason):
        with (
            answering(*chunks, and_then=and_then) as (url, _),
            pytest.raises(transport.ExchangeFailed, match=reason),
        ):
            transport.get(url, {}, within=WITHIN)

    @pytest.mark.parametrize(
        "top", [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: "], ids=["body", "headers"]
    )
    def test_an_answer_by_drops_is_left_while_it_goes_on(self, top):
        """A socket's timeout starts again with each byte, so another limit is needed."""
        with (
            answering(top, and_then=b" ") as (url, _),
            pytest.raises(transport.ExchangeFailed, match="too slow"),
        ):
            transport.get(url, {}, within=timedelta(seconds=0.3))

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


def cost_as_much(known: Work, unknown: Work) -> bool:
    """Return whether both take as many calls and statements, give or take a tenth."""
    pairs = [(known.calls, unknown.calls), (known.statements, unknown.statements)]
    return all(max(pair) < 1.1 * min(pair) for pair in pairs)


def shown(answer: Any, typed: str) -> str:
    """The page without CSRF tokens and without the typed address."""
    page = answer.content.decode().replace(typed, "…")
    return "\n".join(line for line in page.splitlines() if "csrfmiddlewaretoken" not in line)


@pytest.mark.django_db
@pytest.mark.demo_directory
class TestWhoIsKnown:
    @pytest.fixture(autouse=True)
    def no_limits(self, settings) -> None:
        settings.BENCH = True

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

    def test_signing_in_costs_as_much(self, national, settings):
        settings.MIDDLEWARE = ["tests.work.until_the_answer", *settings.MIDDLEWARE]
        ask = lambda email: Client().post("/connexion/", {"email": email}).work  # noqa: E731
        ask(UNKNOWN)  # what a process does once

        assert cost_as_much(ask(national.email), ask(f"x{UNKNOWN}"))

    def test_a_lost_link_says_the_same(self, commit):
        commit(send, now=timezone.now(), email=KNOWN)
        pages = []
        for email in (KNOWN, UNKNOWN):
            answer = Client().post("/suivi/", {"email": email})
            pages.append((answer.status_code, answer["Location"], answer.content))

        assert pages[0] == pages[1]
        assert OutgoingEmail.objects.filter(template__endswith="lost_links").count() == 1

    def test_a_duplicate_is_answered_after_the_time_of_a_routing(self, visitor, today, monkeypatch):
        """A stranger who sends again for the same company or mailbox learns nothing of the first."""
        waits: list[float] = []
        monkeypatch.setattr(time, "sleep", waits.append)
        monkeypatch.setattr(submission, "usual_duration", lambda: 3600.0)
        visitor.send(contact={"email": KNOWN})

        def send_again(email: str) -> Solicitation:
            visitor.client.cookies.clear()
            visitor.need(description=f"Besoin de {email}, depuis quatre mois.")
            visitor.company(company="Peintures inconnues", action="typed")
            visitor.facts(name="Peintures inconnues", headcount="3")
            answer = visitor.contact(email=email)
            assert answer["Location"].startswith("/suivi/")
            return Solicitation.objects.latest("pk")

        other = send_again(UNKNOWN)
        assert waits == []
        like = send_again(KNOWN)

        assert (like.duplicate_of is None, other.duplicate_of is None) == (False, True)
        assert len(waits) == 1
        assert 0 < waits[0] <= 3600
