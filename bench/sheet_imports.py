"""Time and memory to import a spreadsheet of the national directory, and to route meanwhile."""

import io
import multiprocessing
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.db import connection, models
from django.db.models import Value
from django.db.models.functions import Concat
from psycopg2.extras import execute_values

from bench import contents, databases, sheet_process
from bench.harness import Result, milliseconds, percentile, shown, thousands
from bench.routing import SampleDemand, random_demands
from bench.sheet_process import SheetRun
from directory.sheets.sheet_lines import SheetLine, directory_lines
from directory.sheets.sheet_writing import ChoiceLists, write_workbook
from directory.sheets.trial import SheetTrial
from experts.changes import snapshot
from experts.models import Expert, RevisedRow
from territories.models import Area, Commune

NOW = contents.NOW
MAX_SECONDS, MAX_MEGABYTES, MAX_INSERTS_RATIO, MAX_QUIET_RATIO = 60, 200, 10, 1.5
OWN_COMMUNES = 5
DEMANDS = 10 if contents.IS_SMALL else 300
QUIET_ROUNDS = 1 if contents.IS_SMALL else 5
DIRECTORY = contents.LOCAL if contents.IS_SMALL else contents.NATIONAL
BATCH = 5_000


def measure() -> list[Result]:
    """Import a workbook of the nation's experts beside as many others, then into an empty directory."""
    with databases.scratch(DIRECTORY) as database, TemporaryDirectory() as folder:
        file = Path(folder) / sheet_process.NAME
        with databases.connected(database):
            file.write_bytes(_workbook())
        routing = _route_meanwhile(database, file)
        with databases.connected(database):
            _empty()
        run = sheet_process.run_in_process(database, file)
        with databases.connected(database):
            tables = [(model, list(model._default_manager.values_list())) for model in _tables()]  # noqa: SLF001
            _empty()
        bare = _insert(database, tables)
    rows = sum(len(found) for _, found in tables)
    return [*_rows(run), _against_inserts(run.applied, bare, rows), routing]


def _rows(run: SheetRun) -> list[Result]:
    title = f"Dry run of a sheet of {thousands(run.experts)} experts with their own areas"
    memory = max(run.dry_run_memory, run.applied_memory)
    return [
        Result(title, f"{run.dry_run / 1000:.1f} s", f"≤ {MAX_SECONDS} s", run.dry_run <= MAX_SECONDS * 1000),
        Result(
            "… memory of its process above idle, dry run then apply",
            f"{run.dry_run_memory:.0f} MB, {run.applied_memory:.0f} MB",
            f"≤ {MAX_MEGABYTES} MB",
            memory <= MAX_MEGABYTES,
        ),
    ]


def _against_inserts(applied: float, bare: float, rows: int) -> Result:
    return Result(
        f"… apply, revision included, against bare multi-row inserts of its {thousands(rows)} rows",
        f"{applied / 1000:.1f} s, {applied / bare:.1f} × ({bare / 1000:.1f} s)",
        f"≤ {MAX_SECONDS} s, ≤ {MAX_INSERTS_RATIO} ×",
        applied <= MAX_SECONDS * 1000 and applied <= MAX_INSERTS_RATIO * bare,
    )


def _workbook() -> bytes:
    """The workbook of the whole directory, in which each expert has areas of their own."""
    communes = list(Commune.objects.current().order_by("pk").values_list("pk", flat=True))
    random_source = random.Random(contents.SEED)
    drawn = [
        (expert, code)
        for expert in Expert.objects.order_by("pk").values_list("pk", flat=True)
        for code in random_source.sample(communes, OWN_COMMUNES)
    ]
    areas = {area.code: area.pk for area in _areas({code for _, code in drawn})}
    through = Expert.areas.through
    through.objects.all().delete()
    through.objects.bulk_create(
        (through(expert_id=expert, area_id=areas[code]) for expert, code in drawn), batch_size=BATCH
    )
    lines: Iterator[SheetLine] = directory_lines(snapshot.load(), None, today=NOW.date())
    file = io.BytesIO()
    write_workbook(file, lines, ChoiceLists.load(None))
    return file.getvalue()


def _areas(codes: set[str]) -> "models.QuerySet[Area]":
    """The areas of single communes."""
    Area.objects.bulk_create(
        (
            Area(kind="commune", code=code, current_code=code, name=code, commune_count=1)
            for code in sorted(codes)
        ),
        batch_size=BATCH,
        ignore_conflicts=True,
    )
    return Area.objects.of_kind("commune")


def _tables() -> list[type[models.Model]]:
    return [Expert, Expert.subjects.through, Expert.areas.through]


def _empty() -> None:
    """Delete the experts and the rows of the journal, then vacuum as autovacuum would."""
    RevisedRow.objects.all().delete()
    Expert.objects.all().delete()
    _vacuum()


def _vacuum() -> None:
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _insert(database: str, tables: list[tuple[type[models.Model], list[tuple[Any, ...]]]]) -> float:
    """Insert the same rows with statements of many rows, in one transaction."""
    with databases.bare_connection(database) as bare:
        bare.autocommit = False
        with bare.cursor() as cursor:

            def run() -> None:
                for model, rows in tables:
                    columns = ", ".join(f'"{field.column}"' for field in model._meta.concrete_fields)
                    insert = f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES %s'
                    execute_values(cursor, insert, rows, page_size=BATCH)
                bare.commit()

            return milliseconds(run)


def _route_meanwhile(database: str, file: Path) -> Result:
    """Route the same requests among the present experts, alone, then while as many others are imported."""
    with databases.connected(database):
        # Under other addresses, so that the sheet's experts are new ones.
        Expert.objects.update(email=Concat(Value("ancien-"), "email"))
        _vacuum()
        demands = list(random_demands(random.Random(contents.SEED), DEMANDS))
        trial = sheet_process.read(file.read_bytes())
        _times(demands)
        quiet = [taken for _ in range(QUIET_ROUNDS) for taken in _times(demands)]
        connection.close()
        ready, over = multiprocessing.Event(), multiprocessing.Event()
        worker = multiprocessing.get_context("fork").Process(
            target=_apply_in_process, args=(trial, ready, over)
        )
        worker.start()
        ready.wait()
        busy: list[float] = []
        while worker.is_alive() and not over.is_set():
            busy += _times(demands, until=over.is_set)
        worker.join()
    if worker.exitcode:
        raise AssertionError("the sheet was not applied")
    ratio = percentile(busy, 99) / percentile(quiet, 99)
    return Result(
        "Routing one request while that sheet is applied, against quiet",
        f"p99 {ratio:.2f} × ({shown(busy)}; {shown(quiet)})",
        f"p99 ≤ {MAX_QUIET_RATIO} ×",
        ratio <= MAX_QUIET_RATIO,
    )


def _apply_in_process(trial: SheetTrial, ready: Any, over: Any) -> None:
    connection.ensure_connection()
    ready.set()
    sheet_process.apply(trial)
    over.set()


def _times(demands: list[SampleDemand], *, until: Callable[[], bool] = lambda: False) -> list[float]:
    """Milliseconds of each demand, in turn."""
    durations = []
    for demand in demands:
        if until():
            break
        durations.append(milliseconds(demand.route))
    return durations
