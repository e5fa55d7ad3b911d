"""Figures of the nation over a year of a million needs: time to count, and memory."""

import tracemalloc
from datetime import date
from functools import partial
from io import BytesIO

import time_machine
from django.db import connection

from bench import contents, databases
from bench.harness import Result, median, milliseconds, thousands
from indicators import figure_exports, figure_tables, need_facts
from indicators.figure_tables import FigureReport
from indicators.models import FactsState, InstitutionNeed, OfficeNeed, WholeNeed
from indicators.places import NATION, WHOLE_YEAR, CountedPlace, Period

MAX_MS = 2_000.0  # milliseconds
RUNS = 1 if contents.IS_SMALL else 5
MAX_MEMORY_RATIO = 1.5  # times that of a hundred times fewer needs
COUNTRY = CountedPlace(NATION, "", "France entière")
TABLES = (WholeNeed, InstitutionNeed, OfficeNeed)


def measure() -> list[Result]:
    few, many = databases.build(contents.FEW), databases.build(contents.MANY)
    peaks = {}
    durations: list[float] = []
    for database in (few, many):
        with databases.connected(database), time_machine.travel(contents.NOW):
            filled = _fill()
            needs = WholeNeed.objects.filter(received_on__year=contents.NOW.year).count()
            peaks[database] = _peak()
            durations = [milliseconds(_count) for _ in range(RUNS)]
    memory = peaks[many] / peaks[few]
    return [
        Result(
            "Figures of the nation over a year, among a million needs",
            f"{median(durations):.0f} ms, {max(durations):.0f} at most, N = {len(durations)}; "
            f"{thousands(needs)} needs",
            f"≤ {MAX_MS / 1_000:.0f} s",
            max(durations) <= MAX_MS,
            f"The facts of all needs are written at first in {filled:.0f} s.",
        ),
        Result(
            "Memory of these figures, against a hundred times fewer needs",
            f"{memory:.2f} × ({peaks[many] / 1e6:.1f} MB; {peaks[few] / 1e6:.1f} MB)",
            f"≤ {MAX_MEMORY_RATIO} ×",
            memory <= MAX_MEMORY_RATIO,
        ),
    ]


def _fill() -> float:
    """Write the facts where there are none yet; return the seconds."""
    state = FactsState.objects.first()
    if state and state.filled_to == state.fill_until:
        return 0.0
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # skips the checks of foreign keys
        taken = milliseconds(partial(need_facts.refresh, now=contents.NOW)) / 1_000
        cursor.execute("RESET session_replication_role")
        for table in TABLES:
            cursor.execute(f"VACUUM ANALYZE {table._meta.db_table}")
    return taken


def _count() -> FigureReport:
    """Count the nation's year and write its workbook."""
    today: date = contents.NOW.date()
    report = figure_tables.build(COUNTRY, Period(today.year, WHOLE_YEAR, 4), today=today)
    figure_exports.write(BytesIO(), report)
    return report


def _peak() -> int:
    """Most memory that Python held at a time during a count."""
    tracemalloc.start()
    _count()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak
