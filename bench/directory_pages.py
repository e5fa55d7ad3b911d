"""Time to open the directory's lists and pages among ten thousand experts, against those of a town."""

from collections.abc import Callable
from functools import partial

import time_machine
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bench import contents, databases
from bench.harness import Result, median, milliseconds, thousands
from experts.models import Expert, User
from tests.experts.factories import signed_in

MAX_RATIO = 1.5
ROUNDS, RUNS = (1, 1) if contents.IS_SMALL else (4, 5)
Address = Callable[[Expert], str]
PAGES: dict[str, Address] = {
    "List of offices": lambda expert: "/annuaire/",
    "List of offices, a search": lambda expert: "/annuaire/?q=antenne",
    "List of experts": lambda expert: "/annuaire/referents/",
    "Page of an office": lambda expert: f"/annuaire/antennes/{expert.office.code}/",
    "Page of an expert": lambda expert: f"/annuaire/referents/{expert.pk}/",
}


def measure() -> list[Result]:
    """One result per page."""
    return [compare(title, address) for title, address in PAGES.items()]


def compare(title: str, address: Address) -> Result:
    """Open a page with the nation's directory and with a town's, in turns; its queries must be as many."""
    small, large = databases.build(contents.LOCAL), databases.build(contents.NATIONAL)
    durations: dict[str, list[float]] = {small: [], large: []}
    counts: dict[str, set[int]] = {small: set(), large: set()}
    experts: dict[str, int] = {}
    email = _shown_expert(small)
    for _ in range(ROUNDS):
        for database in (small, large):
            with databases.connected(database), time_machine.travel(contents.NOW), transaction.atomic():
                client, path = _client(), address(Expert.objects.select_related("office").get(email=email))
                counts[database].add(_queries(client, path))
                durations[database] += [milliseconds(partial(client.get, path)) for _ in range(RUNS)]
                experts[database] = Expert.objects.count()
                transaction.set_rollback(True)
    large_ms, small_ms = median(durations[large]), median(durations[small])
    return Result(
        f"{title} among {thousands(experts[large])} experts, not {thousands(experts[small])}",
        f"{large_ms / small_ms:.2f} × ({large_ms:.0f} ms; {small_ms:.0f} ms), {max(counts[large])} queries",
        f"≤ {MAX_RATIO} ×, constant queries",
        large_ms / small_ms <= MAX_RATIO and counts[large] == counts[small],
    )


def _shown_expert(database: str) -> str:
    """The address of an expert of both directories."""
    with databases.connected(database):
        return Expert.objects.filter(office__is_fallback=False).earliest("pk").email


def _client() -> Client:
    return signed_in(User.objects.create_user("n@example.org", role=User.Role.NATIONAL))


def _queries(client: Client, path: str) -> int:
    """The queries of a page, opened once before."""
    client.get(path)
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(path)
    if answer.status_code != 200:
        raise AssertionError(f"{path}: {answer.status_code}")
    return len(queries)
