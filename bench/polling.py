"""Pages that ask whether anything is new, against a bare view that looks up the session and answers 304."""

import statistics
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from http.client import HTTPConnection

from django.conf import settings
from django.test import Client
from django.utils import timezone

from bench import contents, databases, inbox, serving
from bench.harness import Result
from bench.posting import connected_to
from experts.models import User
from solicitations.models import Event, Match
from tests.experts.factories import signed_in
from workspace.inbox.versions import Version

MIN_SHARE = 0.50  # of the bare view's requests a second
CONNECTIONS = 4
MAX_EVENTS = 100  # about other people's needs, since the list was shown
ROUNDS, ROUND_SIZE, WARM_UP = (1, 4, 4) if contents.IS_SMALL else (8, 600, 100)
OURS, BARE = "/besoins/suite/?pour=antennes&onglet=a-repondre", "/bench/unchanged/"


def measure() -> list[Result]:
    """Compare both alternately, as the manager of the longest inbox."""
    database = databases.build(contents.MANY)
    with databases.connected(database):
        manager = inbox.manager(inbox.MANY)
        headers = headers_of(signed_in(manager))
        versions = {
            "nothing new": Version.current(now=timezone.now()),
            "news of others alone": _version_before_unrelated_events(manager),
        }
    with serving.serving(database) as site:
        return [_compared(site.port, name, headers, version) for name, version in versions.items()]


def _compared(port: int, name: str, headers: Mapping[str, str], version: Version) -> Result:
    version = replace(version, read_at=int(time.time()))  # a version that is too old counts as news
    headers = {**headers, "If-None-Match": version.tag}
    for path in (OURS, BARE):
        _rate(port, path, headers, WARM_UP)
    rates = [tuple(_rate(port, path, headers, ROUND_SIZE) for path in (OURS, BARE)) for _ in range(ROUNDS)]
    share = statistics.median(ours / bare for ours, bare in rates)
    ours, bare = (statistics.median(each) for each in zip(*rates, strict=True))
    return Result(
        f"Polling with {name}, against a bare view that answers 304 after the same session look-up",
        f"{share:.0%}: {ours:.0f} a second against {bare:.0f}; median of {ROUNDS} rounds of {ROUND_SIZE}",
        f"≥ {MIN_SHARE:.0%}",
        share >= MIN_SHARE,
    )


def _version_before_unrelated_events(manager: User) -> Version:
    """The oldest recent version since which no event concerned a need of this manager."""
    version, offices = Version.current(now=timezone.now()), manager.seats.values("office")
    latest = Event.objects.order_by("-pk").values_list("pk", "solicitation")[:MAX_EVENTS]
    for pk, request in latest:
        if Match.objects.filter(mailbox__solicitation=request, expert__office__in=offices).exists():
            return replace(version, event=pk)
    return replace(version, event=min(pk for pk, _ in latest))


def headers_of(client: Client) -> dict[str, str]:
    """The headers that a browser with this session sends."""
    return {"Cookie": f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"}


def _rate(port: int, path: str, headers: Mapping[str, str], count: int) -> float:
    """Requests a second over a few persistent connections. Raises ``RuntimeError`` unless all answer 304."""
    wrong: list[int] = []

    def work() -> None:
        with connected_to(port) as connection:
            answers = [_get(connection, path, headers) for _ in range(count // CONNECTIONS)]
            wrong.extend(status for status in answers if status != 304)

    threads = [threading.Thread(target=work) for _ in range(CONNECTIONS)]
    before = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise RuntimeError(f"{path}: {len(wrong)} answered {set(wrong)}")
    return count / (time.perf_counter() - before)


def _get(connection: HTTPConnection, path: str, headers: Mapping[str, str]) -> int:
    connection.request("GET", path, headers=dict(headers))
    answer = connection.getresponse()
    answer.read()
    return answer.status
