"""Routing one request, against one query by hand; in the national directory, against a small one."""

import random
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from bench import contents, databases
from bench.harness import Row, code, in_turns, median, milliseconds, percentile, shown, thousands
from experts.models import Expert, Subject
from experts.routing import engine, loading
from experts.routing.decision import Decision
from experts.routing.engine import Facts
from territories.models import Commune

BY_HAND = (Path(__file__).resolve().parent / "routing.sql").read_text()
TIMES_THE_QUERY, MEDIAN_BAR, SLOWEST_BAR = 5, 5, 15
TIMES_THE_SMALL = 1.3
DEMANDS = 50 if contents.IS_SMALL else 2_000
ROUNDS = 2 if contents.IS_SMALL else 12
SMALL_TABLE = 1_000  # rows; under it, PostgreSQL rightly reads the table
FACTS = (
    Facts(headcount=(12, 12), naf="43.34Z", craft=True, project_holder=False),
    Facts(headcount=(20, 49), naf="56.10A", legal_form="5499", project_holder=False),
    Facts(project_holder=True),
)


@dataclass(frozen=True)
class Asked:
    """A request to be routed."""

    subjects: tuple[str, ...]
    commune: Commune
    facts: Facts

    def route(self) -> Decision:
        return loading.decide(
            subjects=self.subjects, commune=self.commune, facts=self.facts, on=contents.NOW.date()
        )

    @property
    def columns(self) -> dict[str, Any]:
        """What the query by hand asks for."""
        place = self.commune
        return {
            "codes": ["", place.pk, place.epci_id, place.department_id, place.department.region_id],
            "subjects": list(self.subjects),
            "on": contents.NOW.date(),
        }


def measure() -> list[Row]:
    return [*_against_the_query(), _against_the_small_directory()]


def _against_the_query() -> list[Row]:
    many = databases.build(contents.MANY)
    with databases.connected(many), databases.bare_connection(many) as bare, bare.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")  # tables of a few pages are read through their keys too
        demands = list(_demands(random.Random(contents.SEED), DEMANDS))

        def by_hand(asked: Asked) -> list[tuple[Any, ...]]:
            cursor.execute(BY_HAND, asked.columns)
            return list(cursor.fetchall())

        for asked in demands[:50]:
            _check_same(asked.route(), by_hand(asked))
        ours, theirs = in_turns([(asked.route, partial(by_hand, asked)) for asked in demands])
        counts = {_count_queries(asked) for asked in demands[:200]}
        if len(counts) > 1:
            raise AssertionError(f"the number of queries depends on what is asked: {sorted(counts)}")
        plan = _plan_by_hand(cursor, demands[0])
        small = _check_no_table_is_read_whole(demands[:20])
        deciding = _deciding(demands[:200])
    times = median(ours) / median(theirs)
    where = (
        f"The rule alone, on rows already there: p50 {deciding:.2f} ms. The query by hand: {shown(theirs)}."
    )
    return [
        Row(
            "Routing one request, load and decide",
            shown(ours),
            f"p50 ≤ {MEDIAN_BAR} ms, p99 ≤ {SLOWEST_BAR} ms",
            median(ours) <= MEDIAN_BAR and percentile(ours, 99) <= SLOWEST_BAR,
        ),
        Row(
            "… against one query by hand, bare psycopg2, taking turns",
            f"{times:.2f} × ({median(theirs):.2f} ms)",
            f"p50 ≤ {TIMES_THE_QUERY} ×",
            times <= TIMES_THE_QUERY,
            f"{where}\n\nTables that our own queries read whole, as PostgreSQL chooses: {small}. "
            "The session of the query by hand is told not to (`enable_seqscan = off`).\n\n"
            f"The query, and its plan for one demand:\n\n{code(BY_HAND, 'sql')}\n\n{code(plan)}",
        ),
        Row(
            "… its queries, whatever is asked",
            str(max(counts)),
            "constant",
            True,
        ),
    ]


def _against_the_small_directory() -> Row:
    """The same demands in one town: as many candidates in the small directory as in the national one."""
    small, large = databases.build(contents.LOCAL), databases.build(contents.NATIONAL)
    times: dict[str, list[float]] = {small: [], large: []}
    decisions: dict[str, list[Decision]] = {}
    pairs: dict[str, int] = {}
    for _ in range(ROUNDS):
        for database in (small, large):
            with databases.connected(database):
                demands = list(_demands_of_a_town())
                decisions[database] = [asked.route() for asked in demands]  # warms the connection up too
                times[database] += [milliseconds(asked.route) for asked in demands]
                pairs[database] = Expert.subjects.through.objects.count()
    if decisions[small] != decisions[large]:
        raise AssertionError("the two directories do not decide alike")
    ratio = median(times[large]) / median(times[small])
    return Row(
        f"Routing among {thousands(pairs[large])} pairs of expert and subject, not {thousands(pairs[small])}",
        f"{ratio:.2f} × ({shown(times[large])}; {shown(times[small])})",
        f"p50 ≤ {TIMES_THE_SMALL} ×",
        ratio <= TIMES_THE_SMALL,
    )


def _demands(chance: random.Random, count: int) -> Iterator[Asked]:
    """Any commune, one to three subjects."""
    communes = list(Commune.objects.current().with_place().order_by("pk"))
    slugs = list(Subject.objects.listed().order_by("pk").values_list("slug", flat=True))
    for _ in range(count):
        subjects = chance.sample(slugs, chance.choices([1, 2, 3], [80, 15, 5])[0])
        yield Asked(tuple(subjects), chance.choice(communes), chance.choice(FACTS))


def _demands_of_a_town() -> Iterator[Asked]:
    """Each subject of the catalogue, in one town."""
    commune = Commune.objects.resolve(contents.TOWN)
    for slug in Subject.objects.listed().order_by("pk").values_list("slug", flat=True):
        yield Asked((slug,), commune, FACTS[0])


def _check_same(decision: Decision, rows: Sequence[tuple[Any, ...]]) -> None:
    """The query by hand must bring all that the rule has read: every office it names, at least."""
    brought = {row[5] for row in rows}
    named = {*decision.offices, *(refused.office for refused in decision.refused)}
    if not named <= brought:
        raise AssertionError(f"the query by hand lacks {named - brought}")


def _count_queries(asked: Asked) -> int:
    with CaptureQueriesContext(connection) as queries:
        asked.route()
    return len(queries)


def _plan_by_hand(cursor: Any, asked: Asked) -> str:
    """Its plan for one demand, without any sequential scan."""
    cursor.execute(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) {BY_HAND}", asked.columns)
    plan = "\n".join(line for (line,) in cursor.fetchall())
    if "Seq Scan" in plan:
        raise AssertionError(f"the query by hand reads a table whole:\n{plan}")
    return plan


def _check_no_table_is_read_whole(demands: Sequence[Asked]) -> str:
    """Our own queries, as PostgreSQL plans them by itself, scan none but the smallest tables: which."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname, reltuples::int, relpages FROM pg_class WHERE relkind = 'r'")
        tables = {name: (rows, pages) for name, rows, pages in cursor.fetchall()}
        scanned: set[str] = set()
        for asked in demands:
            with CaptureQueriesContext(connection) as queries:
                asked.route()
            for query in queries.captured_queries:
                cursor.execute(f"EXPLAIN {query['sql']}")
                plan = "\n".join(line for (line,) in cursor.fetchall())
                found = set(re.findall(r"Seq Scan on (\w+)", plan))
                if any(tables[name][0] > SMALL_TABLE for name in found):
                    raise AssertionError(f"a table is read whole:\n{plan}")
                scanned |= found
    return ", ".join("{} ({} rows, {} pages)".format(name, *tables[name]) for name in sorted(scanned))


def _deciding(demands: Sequence[Asked]) -> float:
    """The median time of the rule alone, on rows that are there already."""
    times: list[float] = []

    @contextmanager
    def watched() -> Iterator[None]:
        decide = engine.decide

        def timed(demand: engine.Demand, offices: Sequence[engine.OfficeCandidate]) -> Decision:
            found: list[Decision] = []
            times.append(milliseconds(lambda: found.append(decide(demand, offices))))
            return found[0]

        engine.decide = timed  # type: ignore[assignment]
        try:
            yield
        finally:
            engine.decide = decide

    with watched():
        for asked in demands:
            asked.route()
    return median(times)
