"""Posting the last step of the form through gunicorn, routing included."""

import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from bench import contents, databases, drafts, serving
from bench.drafts import LAST_STEP, Visitor
from bench.harness import Result, code, percentile
from mailing.models import OutgoingEmail
from solicitations.models import Match, Solicitation

MIN_SHARE = 0.40  # of the posts a second of the bare view
MAX_P99 = 300.0  # milliseconds
CONNECTIONS = 4
ROUNDS, ROUND_SIZE, SECONDS = (1, 4, 1) if contents.IS_SMALL else (6, 150, 60)
RATE = 20  # posts a second
COMPARED = 3  # our view, and the two bare views
WARM_UP = 8 if contents.IS_SMALL else 60

Post = Callable[[HTTPConnection, Visitor], int]


@dataclass(frozen=True)
class SteadyRun:
    """Results of posting at a steady rate: milliseconds from the scheduled time of each post, and errors."""

    durations: list[float]
    errors: int


def measure() -> list[Result]:
    """Compare our view and the bare view alternately, then post twenty requests a second."""
    with databases.scratch(contents.NATIONAL) as database:
        with databases.connected(database):
            count = WARM_UP + COMPARED * ROUNDS * ROUND_SIZE + RATE * SECONDS
            people = drafts.visitors(count, seed=contents.SEED)
        with serving.serving(database) as site:
            _post_all(site.port, people[:WARM_UP], post_last_step)
            with databases.connected(database):
                example = _example()
            shares = _measure_shares(site.port, people[WARM_UP : -RATE * SECONDS], example.pk)
            steady = _post_steadily(site.port, people[-RATE * SECONDS :])
        with databases.connected(database):
            return [*_share_rows(shares, example), _steady_row(steady, people[-RATE * SECONDS :])]


@contextmanager
def connected_to(port: int) -> Iterator[HTTPConnection]:
    """A persistent connection to the portal."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        yield connection


def post_last_step(connection: HTTPConnection, visitor: Visitor) -> int:
    connection.request("POST", LAST_STEP, visitor.body, visitor.headers)
    return _status(connection)


def _bare(example: int, way: str) -> Post:
    """A post to the bare view; ``way``: one statement per table ("at-once"), or per row ("one-by-one")."""

    def post(connection: HTTPConnection, visitor: Visitor) -> int:
        connection.request("POST", f"/bench/{way}/{example}/{visitor.draft}/", visitor.body, visitor.headers)
        return _status(connection)

    return post


def _status(connection: HTTPConnection) -> int:
    answer = connection.getresponse()
    answer.read()
    return answer.status


def _post_all(port: int, people: Sequence[Visitor], post: Post) -> float:
    """Post for all visitors, over a few persistent connections; return the posts a second.

    Raises ``RuntimeError`` when a post fails.
    """
    waiting, failed = list(people), []

    def work() -> None:
        with connected_to(port) as connection:
            while waiting:
                try:
                    visitor = waiting.pop()
                except IndexError:
                    break
                if (status := post(connection, visitor)) != 302:
                    failed.append(status)

    threads = [threading.Thread(target=work) for _ in range(CONNECTIONS)]
    before = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise RuntimeError(f"{len(failed)} posts answered {set(failed)}")
    return len(people) / (time.perf_counter() - before)


def _example() -> Solicitation:
    """A routed request with an average number of matches; the bare view copies its rows."""
    routed = Solicitation.objects.exclude(routed_at=None).filter(held_at=None).order_by("pk")
    counted = sorted(
        (Match.objects.filter(need__solicitation=request).count(), request.pk) for request in routed
    )
    usual = round(statistics.mean(count for count, _ in counted))
    return routed.get(pk=min(counted, key=lambda pair: (abs(pair[0] - usual), pair[1]))[1])


def _measure_shares(port: int, people: Sequence[Visitor], example: int) -> list[tuple[float, ...]]:
    """Posts a second of our view and of the two variants of the bare view, by round."""
    bare = [_bare(example, way) for way in ("at-once", "one-by-one")]
    for post in bare:
        _post_all(port, people[: 2 * CONNECTIONS], post)  # each process reads the example once
    parts = [people[start : start + ROUND_SIZE] for start in range(0, len(people), ROUND_SIZE)]
    posts = [post_last_step, *bare]
    return [
        tuple(
            _post_all(port, part, post)
            for part, post in zip(parts[start : start + COMPARED], posts, strict=True)
        )
        for start in range(0, len(parts), COMPARED)
    ]


def _post_steadily(port: int, people: Sequence[Visitor]) -> SteadyRun:
    """Post at a fixed rate, without waiting for earlier posts, each visitor by a connection of their own.

    A connection is not used twice: the server may close it at the moment of its second use.
    """
    start = time.perf_counter() + 0.5

    def work(number: int, visitor: Visitor) -> tuple[float, int]:
        due = start + number / RATE
        time.sleep(max(0.0, due - time.perf_counter()))
        try:
            with connected_to(port) as connection:
                status = post_last_step(connection, visitor)
        except OSError:
            status = 0
        return (time.perf_counter() - due) * 1_000, status

    with ThreadPoolExecutor(max_workers=40) as pool:
        done = list(pool.map(work, range(len(people)), people))
    return SteadyRun([elapsed for elapsed, _ in done], sum(status != 302 for _, status in done))


def _share_rows(shares: list[tuple[float, ...]], example: Solicitation) -> list[Result]:
    """Results against one statement per table, which has a threshold, and against one per row."""
    ours, *bare = (statistics.median(rates) for rates in zip(*shares, strict=True))
    share, share_by_row = (
        statistics.median(rates[0] / rates[bare_view] for rates in shares) for bare_view in (1, 2)
    )
    matches = Match.objects.filter(need__solicitation=example).count()
    mails = OutgoingEmail.objects.about(f"request:{example.pk}").count()
    rounds = f"median of {len(shares)} rounds"
    printed = code((Path(__file__).parent / "bare.py").read_text(), "python")
    return [
        Result(
            title="Posting the last step, against a bare view that inserts the same rows, "
            "a statement a table",
            measured=f"{share:.0%}: {ours:.1f} a second against {bare[0]:.1f}; {rounds}",
            limit="≥ 40 %",
            is_met=share >= MIN_SHARE,
            evidence=f"The bare view, same processes, same middleware; its example has {matches} matches and "
            f"{mails} mails.\n\n{printed}",
        ),
        Result(title="… a statement a row", measured=f"{share_by_row:.0%}: against {bare[1]:.1f}"),
    ]


def _steady_row(steady: SteadyRun, people: Sequence[Visitor]) -> Result:
    sent = Solicitation.objects.filter(email__in=[visitor.email for visitor in people])
    unrouted = sent.exclude(routing_due_at=None).count()
    missing = len(people) - sent.count()
    p99 = percentile(steady.durations, 99)
    return Result(
        title=f"{RATE} posts a second for {SECONDS} s",
        measured=f"p50 {statistics.median(steady.durations):.0f} ms, p99 {p99:.0f} ms, N = {len(people)}; "
        f"{steady.errors} errors, {missing} missing, {unrouted} not routed",
        limit="no error, p99 ≤ 300 ms, all routed",
        is_met=p99 <= MAX_P99 and not (steady.errors or missing or unrouted),
    )
