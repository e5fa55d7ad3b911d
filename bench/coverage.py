"""Time to compute the coverage of the country, of a region, and of a region after a change."""

import gc
import random
import resource
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from bench import contents, databases
from bench.harness import Result, code, in_turns, median, milliseconds, thousands
from directory.collector_pause import collector_paused
from directory.coverage import content_loading
from directory.coverage.cells import answers_by_group
from directory.coverage.content_loading import CoveragePlace
from directory.coverage.directory_content import DirectoryContent
from directory.coverage.subject_coverage import CoverageEngine
from territories.models import Region

BY_HAND = (Path(__file__).resolve().parent / "coverage.sql").read_text()
ON = contents.NOW.date()
ROUNDS = 1 if contents.IS_SMALL else 5
MAX_RATIO, MAX_COUNT_MS = 0.5, 1_000
MAX_NATION_MS, MAX_REGION_MS, MAX_CHANGE_MS = 5_000, 500, 200


def measure() -> list[Result]:
    """Measure on the national directory of the generator."""
    database = databases.build(contents.NATIONAL)
    with databases.connected(database), databases.bare_connection(database) as bare, bare.cursor() as cursor:
        return [*_against_the_query(cursor), *_every_column()]


def _load(region: str | None = None) -> DirectoryContent:
    return content_loading.load(CoveragePlace(region), on=ON)


@collector_paused()  # as the page computes
def _count() -> dict[str, int]:
    """Communes with an answer, by subject, loading included."""
    content = _load()
    covered = ((coverage.subject, coverage.covered) for coverage in CoverageEngine(content).subjects())
    return {subject: content.groups.count(groups) for subject, groups in covered}


def _against_the_query(cursor: Any) -> list[Result]:
    def by_hand() -> dict[str, int]:
        cursor.execute(BY_HAND, {"on": ON})
        return dict(cursor.fetchall())

    if _count() != by_hand():
        raise AssertionError("the query by hand does not count alike")
    ours, hand_written = in_turns([(_count, by_hand)] * ROUNDS)
    ratio = median(ours) / median(hand_written)
    return [
        Result(
            "Coverage of every subject in every commune, counted, loading included",
            f"p50 {median(ours):.0f} ms, worst {max(ours):.0f} ms, N = {len(ours)}",
            f"p50 ≤ {MAX_COUNT_MS} ms",
            median(ours) <= MAX_COUNT_MS,
        ),
        Result(
            "… against one set-based statement, bare psycopg2, taking turns",
            f"{ratio:.2f} × ({median(hand_written):.0f} ms)",
            f"p50 ≤ {MAX_RATIO} ×",
            ratio <= MAX_RATIO,
            f"The statement, which gives the same counts:\n\n{code(BY_HAND, 'sql')}",
        ),
    ]


@collector_paused()
def _cells(content: DirectoryContent, slugs: frozenset[str] | None = None) -> int:
    """Compute every column of the cells, one subject after the other; return the number of cells."""
    engine, found = CoverageEngine(content), 0
    for asked in content.subjects:
        if slugs is None or asked.slug in slugs:
            answers = answers_by_group(engine.cover(asked), content.groups)
            found += sum(map(len, content.groups.communes)) if answers else 0
    return found


def _every_column() -> list[Result]:
    count = _cells(_load())
    nation = [milliseconds(lambda: _cells(_load())) for _ in range(ROUNDS)]
    codes = ["27"] if contents.IS_SMALL else list(Region.objects.order_by("pk").values_list("pk", flat=True))
    regions = {region: _median_of(partial(_region_cells, region)) for region in codes}
    slowest = max(regions, key=lambda region: regions[region])
    changed = _after_a_change(slowest)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024
    return [
        Result(
            f"Every column of the {thousands(count)} cells: offices, experts, level, flags, loading included",
            f"p50 {median(nation):.0f} ms; {memory:.0f} MB for the process",
            f"p50 ≤ {MAX_NATION_MS} ms",
            median(nation) <= MAX_NATION_MS,
        ),
        Result(
            f"… of one region, the slowest of {len(regions)} (region {slowest})",
            f"p50 {regions[slowest]:.0f} ms",
            f"p50 ≤ {MAX_REGION_MS} ms",
            regions[slowest] <= MAX_REGION_MS,
        ),
        Result(
            "… of that region after a change of one office",
            f"p50 {changed:.0f} ms",
            f"p50 ≤ {MAX_CHANGE_MS} ms",
            changed <= MAX_CHANGE_MS,
        ),
    ]


def _region_cells(region: str) -> int:
    return _cells(_load(region))


def _after_a_change(region: str) -> float:
    """Median time to compute again the subjects of an office whose experts all leave, in memory."""
    content, random_source = _load(region), random.Random(contents.SEED)
    durations = []
    for place in random_source.sample(range(len(content.offices)), 20):
        office = content.offices[place]
        offices = (*content.offices[:place], replace(office, experts=()), *content.offices[place + 1 :])
        slugs = frozenset(
            asked.slug for asked in content.subjects if office.institution in asked.institutions
        )
        durations.append(milliseconds(partial(_cells, replace(content, offices=offices), slugs)))
    return median(durations)


def _median_of(call: Any) -> float:
    gc.collect()
    return median([milliseconds(call) for _ in range(ROUNDS)])
