"""Dry run and apply of a sheet in a process of its own, which starts as an idle worker does."""

import multiprocessing
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import django

django.setup()  # a spawned process begins with this module

# Models can be imported once Django is set up.
from django.db import transaction  # noqa: E402

from bench import contents, databases  # noqa: E402
from bench.harness import Call, milliseconds  # noqa: E402
from directory.sheets.applying_sheets import apply_trial  # noqa: E402
from directory.sheets.sheet_plan import SheetOptions  # noqa: E402
from directory.sheets.trial import SheetTrial, try_sheet  # noqa: E402
from experts.models import Revision  # noqa: E402

NAME = "annuaire.xlsx"
NOW = contents.NOW


@dataclass(frozen=True)
class SheetRun:
    """Milliseconds of the dry run and of the apply, and the megabytes that each took above idle."""

    experts: int
    dry_run: float
    dry_run_memory: float
    applied: float
    applied_memory: float


def run_in_process(database: str, file: Path) -> SheetRun:
    """Import a file in a new process, so that the memory of this one does not count."""
    context = multiprocessing.get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(database, file, sending))
    process.start()
    sending.close()
    found: SheetRun = receiving.recv()  # EOFError when the process failed
    process.join()
    return found


def read(content: bytes) -> SheetTrial:
    """Dry run of a sheet of the nation."""
    return try_sheet(content, NAME, SheetOptions(None), now=NOW)


def apply(trial: SheetTrial) -> Revision:
    """Apply a dry run in one transaction."""
    with transaction.atomic(durable=True):
        revision = apply_trial(trial, NAME, now=NOW)
    if revision is None:
        raise AssertionError("the sheet changes nothing")
    return revision


def _run(database: str, file: Path, answer: Connection) -> None:
    trials: list[SheetTrial] = []
    revisions: list[Revision] = []
    with databases.connected(database):
        Revision.objects.exists()  # an idle worker is connected
        idle = _memory("VmRSS")
        dry_run, dry_run_memory = _peak(lambda: trials.append(read(file.read_bytes())))
        applied, applied_memory = _peak(lambda: revisions.append(apply(trials[0])))
    answer.send(
        SheetRun(
            experts=len(trials[0].plan.experts),
            dry_run=dry_run,
            dry_run_memory=dry_run_memory - idle,
            applied=applied,
            applied_memory=applied_memory - idle,
        )
    )


def _peak(call: Call) -> tuple[float, float]:
    """Milliseconds of a call, and the highest memory of the process meanwhile."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins again
    return milliseconds(call), _memory("VmHWM")


def _memory(name: str) -> float:
    """A line of the process's status, in megabytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name))
