"""The tests' databases: clones of templates that are built once and rebuilt when what they hold changes.

A template costs seconds, a clone a fraction of one. Each test process has its own clones. What a test that
commits has added is deleted; if it changed more, the clone is replaced at the next use.
"""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_MS = 60_000  # for the end of a session
# What the sessions of this database have written since its statistics were reset.
WRITTEN = """
    SELECT relid::regclass::text, schemaname FROM pg_stat_all_tables JOIN pg_class ON pg_class.oid = relid
    WHERE n_tup_ins + n_tup_upd + n_tup_del > 0
      AND NOT relisshared AND schemaname <> 'pg_toast' AND pg_class.relname NOT LIKE 'pg_statistic%'
"""
# After the vacuum of a template; -1 where nobody looked.
FILLED = """
    SELECT oid::regclass::text FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND reltuples <> 0
"""
# The content is dated before the moments that tests name, whichever day they run.
IMPORTED_AT = "2026-11-02T09:00:00+01:00"
COMMANDS = """
import json
import sys
import django
import time_machine
from django.core.management import call_command
time_machine.travel(sys.argv[1]).start()
django.setup()
for command in json.loads(sys.argv[2]):
    call_command(*command)
"""
LOCK_SPACE = 1_907  # advisory locks of ours, beside those of anyone else
NUMBER_SPACE = 1_909
BUILDING = 0


@dataclass(frozen=True)
class Template:
    """The content of a database: its source files and the commands that fill it, after its parent's."""

    name: str
    parent: "Template | None"
    sources: tuple[str, ...]
    commands: tuple[tuple[str, ...], ...]

    @property
    def fingerprint(self) -> str:
        digest = hashlib.sha256(self.parent.fingerprint.encode() if self.parent else b"")
        digest.update(repr((IMPORTED_AT, self.commands)).encode())
        for path in sorted({path for pattern in self.sources for path in ROOT.glob(pattern)}):
            if path.is_file() and "__pycache__" not in path.parts and not path.is_relative_to(ROOT / ".venv"):
                digest.update(path.name.encode() + path.read_bytes())
        return digest.hexdigest()[:12]

    @property
    def database(self) -> str:
        return f"template_{self.name}_{self.fingerprint}"


SCHEMA = Template(
    "schema", None, ("*/migrations/*.py", "requirements.txt"), (("migrate",), ("createcachetable",))
)
TERRITORIES = Template("territories", SCHEMA, ("territories/**/*",), (("import_territories",),))
DEMO_DIRECTORY = Template(
    "demo_directory",
    TERRITORIES,
    ("experts/*.py", "experts/models/*", "experts/management/**/*", "experts/data/*", "directory/**/*"),
    (("import_catalogue",), ("import_directory", "experts/data/directory-demo.yaml")),
)
TEMPLATES = {template.name: template for template in (SCHEMA, TERRITORIES, DEMO_DIRECTORY)}


class Databases:
    """The clones of one test process on the server of ``url``, and the ``number`` that names them.

    No other process of this server has that number, whichever command it belongs to. One that was killed
    gives it back, and its clones are replaced by those of the next.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.clones: dict[tuple[str, bool], str] = {}
        self.filled: dict[str, set[str]] = {}  # the tables that hold rows in a template
        self._connection = psycopg2.connect(self._url_of("postgres"))
        self._connection.autocommit = True
        self.number = next(filter(self._take, count(1)))

    def _take(self, number: int) -> bool:
        """Take a number until the connection ends, unless another process has it."""
        [(is_ours,)] = self._execute("SELECT pg_try_advisory_lock(%s, %s)", NUMBER_SPACE, number)
        return bool(is_ours)

    def use(self, name: str, *, commits: bool = False) -> str:
        """The name of this process's clone of a template, made on first use.

        There is another one for what ``commits``, where PostgreSQL counts nothing that was rolled back.
        """
        if (name, commits) not in self.clones:
            template = self.build(TEMPLATES[name])
            clone = f"test_relais_{self.number}_{name}{'_committed' if commits else ''}"
            self._drop(clone)
            self._execute(f'CREATE DATABASE "{clone}" TEMPLATE "{template}" STRATEGY FILE_COPY')
            self.clones[name, commits] = clone
            if commits and name not in self.filled:
                with self._connected(clone) as cursor:
                    cursor.execute(FILLED)
                    self.filled[name] = {table for (table,) in cursor.fetchall()}
        return self.clones[name, commits]

    def url_of(self, name: str, *, commits: bool = False) -> str:
        """The address of this process's clone of a template."""
        return self._url_of(self.use(name, commits=commits))

    def clean(self, name: str) -> None:
        """Undo what a test has committed in its clone of a template.

        Tables that are empty in the template are emptied. If others were written to, or the schema, the clone
        is recreated at the next use.
        """
        try:
            with self._connected(self.clones[name, True]) as cursor:
                self._end_sessions(cursor)
                cursor.execute(WRITTEN)
                written = dict(cursor.fetchall())
                is_restored = set(written.values()) <= {"public"} and not written.keys() & self.filled[name]
                if is_restored and written:
                    cursor.execute("SET session_replication_role = replica")  # foreign keys: in any order
                    cursor.execute("".join(f"DELETE FROM {table};" for table in written))  # noqa: S608 (our tables)
                    cursor.execute("SELECT pg_stat_reset()")
        except psycopg2.errors.InsufficientPrivilege:  # a server that is not ours
            is_restored = False
        if not is_restored:
            self.spoil(name, commits=True)

    def _end_sessions(self, cursor: "psycopg2.extensions.cursor") -> None:
        """End the other sessions of this database: PostgreSQL counts the last writes of one when it ends."""
        cursor.execute(
            "SELECT pg_terminate_backend(pid, %s) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend'",
            [PATIENCE_MS],
        )

    def spoil(self, name: str, *, commits: bool = False) -> None:
        """Recreate at the next use."""
        self._drop(self.clones.pop((name, commits)))

    def close(self) -> None:
        for name, commits in list(self.clones):
            self.spoil(name, commits=commits)
        self._connection.close()

    def build(self, template: Template) -> str:
        """Build a template unless it exists. One process builds at a time; a shared lock says who uses it."""
        database = template.database
        self._execute("SELECT pg_advisory_lock_shared(%s, %s)", LOCK_SPACE, _lock_key(database))
        if not self._exists(database):
            self._execute("SELECT pg_advisory_lock(%s, %s)", LOCK_SPACE, BUILDING)
            try:
                if not self._exists(database):
                    self._clear_others(template)
                    self._fill(template, f"{database}_draft")
                    self._execute(f'ALTER DATABASE "{database}_draft" RENAME TO "{database}"')
            finally:
                self._execute("SELECT pg_advisory_unlock(%s, %s)", LOCK_SPACE, BUILDING)
        return database

    def _fill(self, template: Template, draft: str) -> None:
        source = self.build(template.parent) if template.parent else "template0"
        self._drop(draft)
        self._execute(f'CREATE DATABASE "{draft}" TEMPLATE "{source}" STRATEGY FILE_COPY')
        environment = os.environ | {
            "DATABASE_URL": self._url_of(draft),
            "DJANGO_SETTINGS_MODULE": "portal.settings.test",
        }
        done = subprocess.run(  # noqa: S603 (fixed commands)
            [sys.executable, "-c", COMMANDS, IMPORTED_AT, json.dumps(template.commands)],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{template.name}: {done.stderr[-2000:]}")
        self._tidy(draft)

    def _tidy(self, database: str) -> None:
        """Leave no work to the first reader of each clone, and statistics to the planner."""
        with self._connected(database) as cursor:
            cursor.execute("VACUUM (FREEZE, ANALYZE)")

    def _clear_others(self, template: Template) -> None:
        """Drop earlier templates of that name which no other process uses."""
        pattern = f"template\\_{template.name}\\_%"
        for (database,) in self._execute("SELECT datname FROM pg_database WHERE datname LIKE %s", pattern):
            key = _lock_key(database.removesuffix("_draft"))
            [(is_free,)] = self._execute("SELECT pg_try_advisory_lock(%s, %s)", LOCK_SPACE, key)
            if is_free:
                self._drop(database)
                self._execute("SELECT pg_advisory_unlock(%s, %s)", LOCK_SPACE, key)

    def _exists(self, database: str) -> bool:
        return bool(self._execute("SELECT 1 FROM pg_database WHERE datname = %s", database))

    def _drop(self, database: str) -> None:
        self._execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    @contextmanager
    def _connected(self, database: str) -> Iterator["psycopg2.extensions.cursor"]:
        with closing(psycopg2.connect(self._url_of(database))) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                yield cursor

    def _execute(self, query: str, *values: object) -> list[tuple]:
        with closing(self._connection.cursor()) as cursor:
            cursor.execute(query, values or None)
            return cursor.fetchall() if cursor.description else []

    def _url_of(self, database: str) -> str:
        return urlsplit(self.url)._replace(path=f"/{database}").geturl()


def _lock_key(database: str) -> int:
    return int.from_bytes(hashlib.sha256(database.encode()).digest()[:4], signed=True)
