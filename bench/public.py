"""Time to open « qui peut aider ? » with the nation's directory, against one of the town's offices alone."""

from dataclasses import dataclass, field
from itertools import product

import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bench import contents, databases
from bench.harness import Result, median, milliseconds, thousands

MAX_RATIO = 1.5
ADDRESS = "/qui-peut-aider/"
PAGES = {
    "question": ADDRESS,
    "one subject": f"{ADDRESS}?besoin=sujet-licenciement&commune_code={contents.TOWN}",
    "a theme": f"{ADDRESS}?besoin=theme-recrutement&commune_code={contents.TOWN}",
}
ROUNDS = 1 if contents.IS_SMALL else 30


@dataclass
class Opened:
    """Durations and queries of one page in one database."""

    durations: list[float] = field(default_factory=list)
    queries: set[int] = field(default_factory=set)


def measure() -> list[Result]:
    """One result per page."""
    found = {databases.build(content): content for content in (contents.LOCAL, contents.NATIONAL)}
    opened = {(page, database): Opened() for page in PAGES for database in found}
    for _, page, database in product(range(ROUNDS), PAGES, found):
        with databases.connected(database), time_machine.travel(contents.NOW):
            _open(PAGES[page], opened[page, database])
    local, national = found
    return [_row(page, opened[page, national], opened[page, local]) for page in PAGES]


def _open(address: str, opened: Opened) -> None:
    client = Client()
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(address)
    if answer.status_code != 200:
        raise AssertionError(f"{address}: {answer.status_code}")
    opened.queries.add(len(queries))
    opened.durations.append(milliseconds(lambda: client.get(address)))


def _row(page: str, nation: Opened, town: Opened) -> Result:
    ratio = median(nation.durations) / median(town.durations)
    return Result(
        f"Who can help, {page}: {thousands(contents.EXPERTS)} experts against the town's",
        f"{ratio:.2f} × ({median(nation.durations):.1f} ms; {median(town.durations):.1f} ms; "
        f"{max(nation.queries)} queries)",
        f"median of {len(nation.durations)} ≤ {MAX_RATIO} ×, constant queries",
        ratio <= MAX_RATIO and nation.queries == town.queries,
    )
