"""The databases of the benchmarks: built once per seed, size and version of the schema, then kept."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import psycopg2
from django.conf import settings
from django.db import connection

from tests.databases import DEMO_DIRECTORY, Databases

PREFIX = "bench"
LOCK_SPACE = 1_908  # an advisory lock of ours
HERE = Path(__file__).resolve().parent
GENERATORS = ("directory.py", "history.py", "history.sql", "history_tables.py", "history_clock.py")


@dataclass(frozen=True)
class Content:
    """The content of a database: the numbers that determine it, its fill function, and its parent."""

    name: str
    numbers: tuple[int, ...]
    fill: Callable[[], None]
    parent: "Content | None" = None

    @cached_property
    def database(self) -> str:
        """The name of the database, which changes with anything that determines its content."""
        digest = hashlib.sha256(
            (self.parent.database if self.parent else DEMO_DIRECTORY.fingerprint).encode()
        )
        digest.update(repr(self.numbers).encode())
        for name in GENERATORS:
            digest.update((HERE / name).read_bytes())
        return f"{PREFIX}_{self.name}_{digest.hexdigest()[:12]}"


def build(content: Content) -> str:
    """Build a database unless it exists; return its name. One process builds at a time."""
    with bare_connection("postgres") as bare, bare.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, 0)", [LOCK_SPACE])
        _ensure(content)
    return content.database


def _ensure(content: Content) -> None:
    """Fill a draft database, renamed once complete."""
    if _execute("SELECT 1 FROM pg_database WHERE datname = %s", content.database):
        return
    _drop_earlier(content)
    draft = f"{content.database}_draft"
    if content.parent:
        _ensure(content.parent)
        _copy(content.parent.database, draft)
    else:
        _copy(clones().use("demo_directory"), draft)
        clones().spoil("demo_directory")
    with connected(draft), connection.cursor() as cursor:
        content.fill()
        cursor.execute("VACUUM ANALYZE")
    _execute(f'ALTER DATABASE "{draft}" RENAME TO "{content.database}"')


def _drop_earlier(content: Content) -> None:
    """Drop unused databases of earlier versions or interrupted builds."""
    unused = """
        SELECT datname FROM pg_database
        WHERE datname LIKE %s
          AND NOT EXISTS (SELECT FROM pg_stat_activity AS used WHERE used.datname = pg_database.datname)
    """
    for (name,) in _execute(unused, f"{PREFIX}\\_{content.name}\\_%"):
        _execute(f'DROP DATABASE IF EXISTS "{name}"')


@contextmanager
def connected(database: str) -> Iterator[None]:
    """Connect Django to this database during the block."""
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = database
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before


@contextmanager
def bare_connection(database: str) -> Iterator["psycopg2.extensions.connection"]:
    """A psycopg2 connection outside Django, in autocommit mode."""
    with closing(psycopg2.connect(url(database))) as bare:
        bare.autocommit = True
        yield bare


@contextmanager
def scratch(content: Content) -> Iterator[str]:
    """Create a copy that a benchmark may write to; yield its name, then drop it."""
    source, name = build(content), f"{PREFIX}_scratch_{clones().number}"
    _execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')  # left by a killed benchmark
    _copy(source, name)
    try:
        yield name
    finally:
        _execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@cache
def clones() -> Databases:
    """The databases of this process alone; their number also selects its broker database."""
    return Databases(url("postgres"))


def _copy(source: str, target: str) -> None:
    _execute(f'CREATE DATABASE "{target}" TEMPLATE "{source}" STRATEGY FILE_COPY')


def _execute(query: str, *values: object) -> list[tuple[object, ...]]:
    with bare_connection("postgres") as bare, bare.cursor() as cursor:
        cursor.execute(query, values or None)
        return cursor.fetchall() if cursor.description else []


def url(database: str) -> str:
    """The address of a database of the server."""
    known = settings.DATABASES["default"]
    return (
        f"postgres://{known['USER']}:{known['PASSWORD']}@{known['HOST']}:{known['PORT'] or 5432}/{database}"
    )
