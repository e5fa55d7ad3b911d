"""Time to route one request, against one handwritten query, and against a small directory."""

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
from bench.harness import Result, code, in_turns, median, milliseconds, percentile, shown, thousands
from experts.models import Expert, Subject
from experts.routing import engine, loading
from experts.routing.decision import Decision
from experts.routing.engine import ApplicantFacts
from territories.models import Commune

BY_HAND = (Path(__file__).resolve().parent / "routing.sql").read_text()
MAX_RATIO, MAX_MEDIAN_MS, MAX_P99_MS = 5, 5, 15
MAX_SIZE_RATIO = 1.3
DEMANDS = 10 if contents.IS_SMALL else 2_000
ROUNDS = 1 if contents.IS_SMALL else 12
SMALL_TABLE = 1_000  # rows; below, PostgreSQL is right to scan the table
FACTS = (
    ApplicantFacts(headcount=(12, 12), naf="43.34Z", craft=True, project_holder=False),
    ApplicantFacts(headcount=(20, 49), naf="56.10A", legal_form="5499", project_holder=False),
    ApplicantFacts(project_holder=True),
)


@dataclass(frozen=True)
class SampleDemand:
    """The subjects, commune and facts of a request to be routed."""

    subjects: tuple[str, ...]
    commune: Commune
    facts: ApplicantFacts

    def route(self) -> Decision:
        return loading.decide(
            subjects=self.subjects, commune=self.commune, facts=self.facts, on=contents.NOW.date()
        )

    @property
    def columns(self) -> dict[str, Any]:
        """Parameters of the handwritten query."""
        place = self.commune
        return {
            "codes": ["", place.pk, place.epci_id, place.department_id, place.department.region_id],
            "subjects": list(self.subjects),
            "on": contents.NOW.date(),
        }


def measure() -> list[Result]:
    return [*_against_the_query(), _against_the_small_directory()]


def _against_the_query() -> list[Result]:
    many = databases.build(contents.MANY)
    with databases.connected(many), databases.bare_connection(many) as bare, bare.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")  # tables of a few pages are read through their keys too
        demands = list(random_demands(random.Random(contents.SEED), DEMANDS))

        def by_hand(demand: SampleDemand) -> list[tuple[Any, ...]]:
            cursor.execute(BY_HAND, demand.columns)
            return list(cursor.fetchall())

        for demand in demands[:50]:
            _check_same(demand.route(), by_hand(demand))
        ours, hand_written = in_turns([(demand.route, partial(by_hand, demand)) for demand in demands])
        counts = {_count_queries(demand) for demand in demands[:200]}
        if len(counts) > 1:
            raise AssertionError(f"the number of queries depends on what is asked: {sorted(counts)}")
        plan = _plan_by_hand(cursor, demands[0])
        small = _check_no_table_is_read_whole(demands[:20])
        deciding = _deciding(demands[:200])
    ratio = median(ours) / median(hand_written)
    where = f"The rule alone, on rows already there: p50 {deciding:.2f} ms. "
    where += f"The query by hand: {shown(hand_written)}."
    return [
        Result(
            "Routing one request, load and decide",
            shown(ours),
            f"p50 ≤ {MAX_MEDIAN_MS} ms, p99 ≤ {MAX_P99_MS} ms",
            median(ours) <= MAX_MEDIAN_MS and percentile(ours, 99) <= MAX_P99_MS,
        ),
        Result(
            "… against one query by hand, bare psycopg2, taking turns",
            f"{ratio:.2f} × ({median(hand_written):.2f} ms)",
            f"p50 ≤ {MAX_RATIO} ×",
            ratio <= MAX_RATIO,
            f"{where}\n\nTables that our own queries read whole, as PostgreSQL chooses: {small}. "
            "The session of the query by hand is told not to (`enable_seqscan = off`).\n\n"
            f"The query, and its plan for one demand:\n\n{code(BY_HAND, 'sql')}\n\n{code(plan)}",
        ),
        Result(
            "… its queries, whatever is asked",
            str(max(counts)),
            "constant",
            True,
        ),
    ]


def _against_the_small_directory() -> Result:
    """Route the same demands in one town, which has the same candidates in both directories."""
    small, large = databases.build(contents.LOCAL), databases.build(contents.NATIONAL)
    durations: dict[str, list[float]] = {small: [], large: []}
    decisions: dict[str, list[Decision]] = {}
    pairs: dict[str, int] = {}
    for _ in range(ROUNDS):
        for database in (small, large):
            with databases.connected(database):
                demands = list(_demands_of_a_town())
                decisions[database] = [demand.route() for demand in demands]  # warms the connection up too
                durations[database] += [milliseconds(demand.route) for demand in demands]
                pairs[database] = Expert.subjects.through.objects.count()
    if decisions[small] != decisions[large]:
        raise AssertionError("the two directories do not decide alike")
    ratio = median(durations[large]) / median(durations[small])
    return Result(
        f"Routing among {thousands(pairs[large])} pairs of expert and subject, not {thousands(pairs[small])}",
        f"{ratio:.2f} × ({shown(durations[large])}; {shown(durations[small])})",
        f"p50 ≤ {MAX_SIZE_RATIO} ×",
        ratio <= MAX_SIZE_RATIO,
    )


def random_demands(random_source: random.Random, count: int) -> Iterator[SampleDemand]:
    """Random demands: any commune, one to three subjects."""
    codes = list(Commune.objects.current().order_by("pk").values_list("pk", flat=True))
    slugs = list(Subject.objects.listed().order_by("pk").values_list("slug", flat=True))
    drawn = []
    for _ in range(count):
        subjects = random_source.sample(slugs, random_source.choices([1, 2, 3], [80, 15, 5])[0])
        drawn.append((tuple(subjects), random_source.choice(codes), random_source.choice(FACTS)))
    communes = Commune.objects.with_place().in_bulk({place for _, place, _ in drawn})
    for asked, place, facts in drawn:
        yield SampleDemand(asked, communes[place], facts)


def _demands_of_a_town() -> Iterator[SampleDemand]:
    """One demand per subject of the catalogue, in one town."""
    commune = Commune.objects.resolve(contents.TOWN)
    for slug in Subject.objects.listed().order_by("pk").values_list("slug", flat=True):
        yield SampleDemand((slug,), commune, FACTS[0])


def _check_same(decision: Decision, rows: Sequence[tuple[Any, ...]]) -> None:
    """Check that the handwritten query returns every office named by the decision."""
    brought = {row[5] for row in rows}
    named = {*decision.offices, *(refused.office for refused in decision.refused)}
    if not named <= brought:
        raise AssertionError(f"the query by hand lacks {named - brought}")


def _count_queries(demand: SampleDemand) -> int:
    with CaptureQueriesContext(connection) as queries:
        demand.route()
    return len(queries)


def _plan_by_hand(cursor: Any, demand: SampleDemand) -> str:
    """The plan of the handwritten query for one demand; raises on a sequential scan."""
    cursor.execute(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) {BY_HAND}", demand.columns)
    plan = "\n".join(line for (line,) in cursor.fetchall())
    if "Seq Scan" in plan:
        raise AssertionError(f"the query by hand reads a table whole:\n{plan}")
    return plan


def _check_no_table_is_read_whole(demands: Sequence[SampleDemand]) -> str:
    """Check that our queries scan only small tables sequentially; return these tables."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname, reltuples::int, relpages FROM pg_class WHERE relkind = 'r'")
        tables = {name: (rows, pages) for name, rows, pages in cursor.fetchall()}
        scanned: set[str] = set()
        for demand in demands:
            with CaptureQueriesContext(connection) as queries:
                demand.route()
            for query in queries.captured_queries:
                cursor.execute(f"EXPLAIN {query['sql']}")
                plan = "\n".join(line for (line,) in cursor.fetchall())
                found = set(re.findall(r"Seq Scan on (\w+)", plan))
                if any(tables[name][0] > SMALL_TABLE for name in found):
                    raise AssertionError(f"a table is read whole:\n{plan}")
                scanned |= found
    return ", ".join("{} ({} rows, {} pages)".format(name, *tables[name]) for name in sorted(scanned))


def _deciding(demands: Sequence[SampleDemand]) -> float:
    """Median time of the rule alone, without loading rows."""
    durations: list[float] = []

    @contextmanager
    def watched() -> Iterator[None]:
        decide = engine.decide

        def timed(demand: engine.Demand, offices: Sequence[engine.OfficeCandidate]) -> Decision:
            found: list[Decision] = []
            durations.append(milliseconds(lambda: found.append(decide(demand, offices))))
            return found[0]

        engine.decide = timed  # type: ignore[assignment]
        try:
            yield
        finally:
            engine.decide = decide

    with watched():
        for demand in demands:
            demand.route()
    return median(durations)
