"""Visitors of one byte a second, in front of the samples of docs/proxy/ and of four threads."""

import os
import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from threading import Event, Thread

import pytest

from tests.faults import proxies
from tests.faults.harness import PATIENCE
from tests.faults.proxies import NAME, connect, get
from tests.workers import wait_for

VISITORS = 40
# Without a cookie and an origin of ours, no form is read at all.
COOKIE = f"Cookie: csrftoken={'a' * 32}\r\nOrigin: https://{NAME}\r\n"
FORM = f"POST /demande/trouver-candidats/ HTTP/1.1\r\nHost: {NAME}\r\n{COOKIE}"
TYPE = "Content-Type: application/x-www-form-urlencoded\r\n"
# What each visitor sends first, and the byte that follows each second.
ATTACKS = {
    "bodies": (f"{FORM}{TYPE}Content-Length: 2000\r\n\r\n", b"a"),
    "bodies in chunks": (f"{FORM}{TYPE}Transfer-Encoding: chunked\r\n\r\n7d0\r\n", b"a"),
    "bodies of another page": (
        f"POST /connexion/ HTTP/1.1\r\nHost: {NAME}\r\n{COOKIE}{TYPE}Content-Length: 2000\r\n\r\n",
        b"a",
    ),
    "headers": (f"GET / HTTP/1.1\r\nHost: {NAME}\r\nX-Slow: ", b"a"),
    "silence": ("", b""),
}


def require(name: str) -> None:
    """Skip the test where the proxy is absent, or fail where nginx is required."""
    if proxies.find(name) is None:
        is_required = name == "nginx" and os.environ.get("REQUIRE_NGINX") == "1"
        reason = f"NO {name.upper()} IS INSTALLED (make {name}): its test does not run"
        (pytest.fail if is_required else pytest.skip)(reason)


@pytest.fixture(params=["nginx", "caddy"])
def proxy(request, harness, tmp_path) -> Iterator[int]:
    """The port of a proxy in front of a web process."""
    require(request.param)
    harness.start_web()
    with proxies.running(request.param, portal=harness.addresses[0], folder=tmp_path) as port:
        yield port


# Those whose visits the proxy goes on receiving; the others it sends away after some seconds.
ARE_HELD = {"bodies", "bodies in chunks", "bodies of another page"}


@contextmanager
def under_attack(open_connection: Callable[[], ssl.SSLSocket], attack: str) -> Iterator[None]:
    """Visitors who send a byte a second until the end of the block, and are still there then."""
    begin, byte = ATTACKS[attack]
    is_over, has_begun = Event(), Event()
    with ExitStack() as stack:
        visitors = [stack.enter_context(open_connection()) for _ in range(VISITORS)]
        for visitor in visitors:
            visitor.sendall(begin.encode())

        def go_on() -> None:
            while not is_over.wait(1):
                for visitor in visitors:
                    with suppress(OSError):  # the proxy has had enough of this one
                        visitor.sendall(byte)
                has_begun.set()

        sending = Thread(target=go_on)
        sending.start()
        has_begun.wait()
        try:
            yield
        finally:
            is_over.set()
            sending.join()
        # Pages answered once the slow ones were sent away would have waited for them.
        assert attack not in ARE_HELD or not any(map(is_sent_away, visitors)), attack


def is_sent_away(visitor: ssl.SSLSocket) -> bool:
    visitor.setblocking(False)
    try:
        return not visitor.recv(1)
    except ssl.SSLWantReadError:
        return False
    except OSError:
        return True


def test_forty_slow_visitors_stop_nobody(proxy):
    """Without a proxy that receives whole requests, no page is answered for as long as they go on."""
    for attack in ATTACKS:
        with under_attack(lambda: connect(proxy), attack):
            for path in ("/", "/contact/", "/sante/?vivant"):
                assert get(proxy, path).startswith(b"HTTP/1.1 200"), attack

    with ExitStack() as stack:  # and those who read slowly
        for _ in range(VISITORS):
            visitor = stack.enter_context(connect(proxy))
            ask = f"GET /plan-du-site/ HTTP/1.1\r\nHost: {NAME}\r\n\r\n"
            visitor.sendall(ask.encode() * 8)
            visitor.recv(1)

        assert get(proxy, "/").startswith(b"HTTP/1.1 200")


def test_proxy_says_who_asks_and_writes_down_no_address(proxy, harness, tmp_path):
    """The portal believes the last address of X-Forwarded-For, which the proxy writes."""
    answers = [
        get(proxy, "/suivi/12-1.un-jeton-secret/", f"X-Forwarded-For: 192.0.2.{number}")
        for number in range(3)
    ]

    assert all(answer.startswith(b"HTTP/1.1 404") for answer in answers)
    harness.stop()
    assert get(proxy, "/suivi/12-1.un-jeton-secret/").startswith(b"HTTP/1.1 502")
    written = [path for path in tmp_path.glob("*.log") if "gunicorn" not in path.name]
    assert written
    assert not [path for path in written if "un-jeton-secret" in path.read_text(errors="replace")]


def test_mails_of_providers_pass_and_long_forms_do_not(proxy):
    # The portal names no provider (404). It answers before it has read all: Caddy 2.6 may then say 502.
    wait_for(lambda: state_of_post(proxy, "/anymail/mailgun/inbound/") == 404, PATIENCE)
    wait_for(lambda: state_of_post(proxy, "/suivi/") in {413, 502}, PATIENCE)


NETWORK, OTHER_NETWORK = "2001:db8:1:2", "2001:db8:1:3"
SHARE = int(re.search(r"limit_conn visitors (\d+);", (proxies.SAMPLES / "nginx.conf").read_text())[1])


@pytest.mark.parametrize(
    ("visitors", "refused", "welcome"),
    [
        pytest.param(
            [f"{NETWORK}:{n:x}::{n + 1:x}" for n in range(SHARE)],
            f"{NETWORK}:ffff::1",
            f"{OTHER_NETWORK}::1",
            id="IPv6",
        ),
        pytest.param(
            ["2001:db8::a0a:a0a"] * SHARE, "2001:db8:0:0:1::", "2001:db8:0:1::", id="zeros left out"
        ),
        pytest.param(["192.0.2.10"] * SHARE, "192.0.2.10", "192.0.2.11", id="IPv4"),
        # 0x0a is an end of line.
        pytest.param(
            [f"a0a:a0a:a0a:a0a::{n:x}" for n in range(SHARE)],
            "a0a:a0a:a0a:a0a::ffff",
            "a0a:a0a:a0a:a0b::",
            id="ends of lines",
        ),
    ],
)
def test_visitors_share_of_nginx_is_that_of_a_network(tmp_path, visitors, refused, welcome):
    """A visitor let through gets 502, since no portal runs behind the proxy."""
    require("nginx")
    with proxies.running("nginx", portal="http://127.0.0.1:1", folder=tmp_path) as port, ExitStack() as stack:
        connections: list[ssl.SSLSocket] = []

        def is_refused() -> bool:
            send_a_byte(connections)
            return state_from(port, refused) == 429

        for visitor in visitors:
            connection = stack.enter_context(connect(port))
            connection.sendall(
                f"{FORM}X-Test-Visitor: {visitor}\r\n{TYPE}Content-Length: 2000\r\n\r\n".encode()
            )
            connections.append(connection)
            send_a_byte(connections)  # nginx sends away who says nothing while the others come
        wait_for(is_refused, PATIENCE)

        assert state_from(port, welcome) == 502


def send_a_byte(connections: list[ssl.SSLSocket]) -> None:
    for connection in connections:
        connection.sendall(b"a")


def state_from(port: int, visitor: str) -> int:
    return int(get(port, "/", f"X-Test-Visitor: {visitor}").split()[1])


def state_of_post(port: int, path: str, length: int = 4_000_000) -> int:
    """The status of the answer to a long form; 0 when the connection ends without any."""
    with connect(port) as visitor:
        head = f"POST {path} HTTP/1.1\r\nHost: {NAME}\r\n{TYPE}Content-Length: {length}\r\n\r\n"
        with suppress(OSError):
            visitor.sendall(head.encode() + b"a" * length)
        with suppress(OSError):
            if words := visitor.recv(65536).split():
                return int(words[1])
        return 0
