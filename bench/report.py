"""Prints the table of results, and writes RESULTS.md with the environment and the notes."""

import os
import platform
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.db import connection

from bench import contents, databases
from bench.harness import Result, thousands
from experts.models import Expert, Office
from solicitations.models import Match, Need, Solicitation
from territories.models import Commune

HERE = Path(__file__).resolve().parent
HEADER = "| What | Measured | Limit | Met |\n|---|---|---|---|"
# Settings of PostgreSQL that determine the cost of commits and queries.
SERVER = (
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "shared_buffers",
    "max_parallel_workers_per_gather",
)
MARKS = {True: "yes", False: "**no**", None: ""}


@dataclass(frozen=True)
class Section:
    """The results of one benchmark, and its duration in seconds."""

    name: str
    rows: list[Result]
    seconds: float


def take(name: str, measure: Callable[[], list[Result]]) -> Section:
    """Run one benchmark."""
    print(f"{name}…", flush=True)
    before = time.perf_counter()
    rows = measure()
    return Section(name, rows, time.perf_counter() - before)


def table(sections: Iterable[Section]) -> str:
    """All results, as a Markdown table."""
    rows = [row for section in sections for row in section.rows]
    lines = [f"| {row.title} | {row.measured} | {row.limit} | {MARKS[row.is_met]} |" for row in rows]
    return "\n".join([HEADER, *lines])


def write(sections: list[Section]) -> None:
    """Write RESULTS.md: the table, then the evidence and the notes (``notes/``) of each benchmark."""
    parts = [
        "# Results",
        "Written by `make bench`; what is said of each measure is kept in `notes/`.",
        _environment(sections),
        table(sections),
    ]
    for section in sections:
        notes = HERE / "notes" / f"{section.name}.md"
        parts.append(f"## {section.name.capitalize()}")
        parts += [row.evidence for row in section.rows if row.evidence]
        parts += [notes.read_text().strip()] if notes.exists() else []
    (HERE / "RESULTS.md").write_text("\n\n".join(parts) + "\n")


def _environment(sections: Iterable[Section]) -> str:
    seconds = sum(section.seconds for section in sections)
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, current_setting(name) FROM unnest(%s) AS name", [list(SERVER)])
        server = ", ".join(f"{name} {value}" for name, value in cursor.fetchall())
        cursor.execute("SHOW server_version")
        [version] = cursor.fetchone()
    lines = [
        f"- {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, commit {_commit()}, `python -m bench` in {seconds:.0f} s",
        f"- {_processor()}, {os.cpu_count()} cores, {_memory()} GB, load {os.getloadavg()[0]:.1f} at the end",
        "- All on this machine: servers, web processes, worker, and what calls them",
        f"- Python {platform.python_version()}, PostgreSQL {version.split()[0]}: {server}",
        f"- Seed {contents.SEED}. {_contents()}",
    ]
    return "\n".join(lines)


def _contents() -> str:
    """Numbers of rows, counted in the databases."""
    counted = []
    for content in (contents.MANY, contents.FEW):
        with databases.connected(databases.build(content)):
            counted.append([thousands(rows.objects.count()) for rows in (Solicitation, Need, Match)])
            pairs = Expert.subjects.through.objects.count()
            directory = [thousands(rows.objects.count()) for rows in (Expert, Office, Commune)]
    past = ["{} requests, {} needs, {} matches".format(*numbers) for numbers in counted]
    return (
        f"{directory[0]} experts of {directory[1]} offices, {thousands(pairs)} pairs of expert and subject, "
        f"{directory[2]} communes; {past[0]}; beside them {past[1]}"
    )


def _commit() -> str:
    """The commit, marked when files were changed since."""
    command = ["git", "-C", str(HERE), "describe", "--always", "--dirty", "--exclude=*"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _memory() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)
