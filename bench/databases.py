"""The databases that are measured: built once for a seed, a size and a version of the schema, then kept."""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import psycopg2
from django.conf import settings
from django.db import connection

from tests.databases import REFERENCE, Databases

HERE = Path(__file__).resolve().parent
GENERATORS = ("directory.py", "history.py", "history.sql", "past.py", "past_clock.py")


@dataclass(frozen=True)
class Content:
    """What a database holds: the numbers that make it what it is, who fills it, and from what."""

    name: str
    numbers: tuple[int, ...]
    fill: Callable[[], None]
    parent: "Content | None" = None

    @cached_property
    def database(self) -> str:
        """Its name, another one as soon as anything of it changes."""
        digest = hashlib.sha256((self.parent.database if self.parent else REFERENCE.fingerprint).encode())
        digest.update(repr(self.numbers).encode())
        for name in GENERATORS:
            digest.update((HERE / name).read_bytes())
        return f"bench_{self.name}_{digest.hexdigest()[:12]}"


def build(content: Content) -> str:
    """Build a database unless it stands, in a draft renamed when it is whole; returns its name."""
    name, draft = content.database, f"bench_{content.name}_draft"
    if _execute("SELECT 1 FROM pg_database WHERE datname = %s", name):
        return name
    for (old,) in _execute(
        "SELECT datname FROM pg_database WHERE datname LIKE %s", f"bench\\_{content.name}\\_%"
    ):
        _execute(f'DROP DATABASE "{old}" WITH (FORCE)')
    if content.parent:
        _copy(build(content.parent), draft)
    else:
        clones = Databases(_url("postgres"), f"bench_{os.getpid()}")
        _copy(clones.use("reference"), draft)
        clones.close()
    with connected(draft), connection.cursor() as cursor:
        content.fill()
        cursor.execute("VACUUM ANALYZE")
    _execute(f'ALTER DATABASE "{draft}" RENAME TO "{name}"')
    return name


@contextmanager
def connected(database: str) -> Iterator[None]:
    """Have Django work on this database."""
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
    """A connection that Django knows nothing of, each statement its own transaction."""
    with closing(psycopg2.connect(_url(database))) as bare:
        bare.autocommit = True
        yield bare


def _copy(source: str, target: str) -> None:
    _execute(f'CREATE DATABASE "{target}" TEMPLATE "{source}" STRATEGY FILE_COPY')


def _execute(query: str, *values: object) -> list[tuple[object, ...]]:
    with bare_connection("postgres") as bare, bare.cursor() as cursor:
        cursor.execute(query, values or None)
        return cursor.fetchall() if cursor.description else []


def _url(database: str) -> str:
    known = settings.DATABASES["default"]
    return (
        f"postgres://{known['USER']}:{known['PASSWORD']}@{known['HOST']}:{known['PORT'] or 5432}/{database}"
    )
