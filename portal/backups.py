"""Dump of the database to one file, and restore, with pg_dump and pg_restore; private files beside it."""

import os
import subprocess
import tarfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.backends.postgresql.client import DatabaseClient

from portal import postgres_tools

HOST_OPTIONS = {"host": "PGHOST", "port": "PGPORT", "target_session_attrs": "PGTARGETSESSIONATTRS"}


class BackupFailed(Exception):
    """No backup was made, or nothing was restored; the message says why."""


def dump(path: Path) -> None:
    """Write the database to ``path``, which only its owner can read and which appears once complete.

    Raises ``BackupFailed`` when the file exists already, or a tool or the database is missing.
    """
    if path.exists():
        raise BackupFailed(f"{path} existe déjà : donnez un autre nom.")
    draft = path.with_name(f"{path.name}.partial")
    draft.touch(mode=0o600)
    try:
        _run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={draft}")
        draft.rename(path)
    finally:
        draft.unlink(missing_ok=True)


def files_beside(path: Path) -> Path:
    """The archive of the private files that goes with a dump."""
    return path.with_name(f"{path.name}.files.tar")


def dump_files(path: Path) -> int:
    """Write the private files beside the dump, and return their number; without any, no archive is made.

    After the dump: the files that its rows name stand there, unless they were erased meanwhile.
    """
    folder, archive = Path(settings.PRIVATE_FILES), files_beside(path)
    stored = sorted(file for file in folder.glob("??/*") if file.is_file() and not file.suffix)
    if not stored:
        return 0
    draft = archive.with_name(f"{archive.name}.partial")
    draft.touch(mode=0o600)
    try:
        with tarfile.open(draft, "w") as written:
            for file in stored:
                with suppress(FileNotFoundError):
                    written.add(file, arcname=str(file.relative_to(folder)))
        draft.rename(archive)
    finally:
        draft.unlink(missing_ok=True)
    return len(stored)


def load_files(path: Path) -> int:
    """Restore the private files beside a dump, and return their number; 0 without archive."""
    archive = files_beside(path)
    if not archive.exists():
        return 0
    folder = Path(settings.PRIVATE_FILES)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tarfile.open(archive) as read:
        read.extractall(folder, filter="data")
        return len(read.getmembers())


def load(path: Path) -> None:
    """Restore a file written by ``dump`` into an empty database: all of it, or nothing.

    Raises ``BackupFailed`` when the database holds a table, or the file is incomplete.
    """
    if tables := connection.introspection.table_names():
        raise BackupFailed(f"La base n'est pas vide ({len(tables)} tables) : restaurez dans une base neuve.")
    options = ("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges")
    _run("pg_restore", *options, "--dbname", str(connection.settings_dict["NAME"]), str(path))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # statistics are not in the file, and plans are poor without them


def _run(tool: str, *options: str) -> None:
    """Run one of PostgreSQL's tools on our database; the password is passed by the environment only."""
    configured = connection.settings_dict
    if configured["DISABLE_SERVER_SIDE_CURSORS"]:
        # pg_dump empties search_path, and the pooler reuses its connection: others would find no table.
        raise BackupFailed(
            "DATABASE_URL est celle d'un PgBouncer (DISABLE_SERVER_SIDE_CURSORS) : donnez celle de "
            "PostgreSQL, et DISABLE_SERVER_SIDE_CURSORS=false."
        )
    address, environment = DatabaseClient.settings_to_cmd_args_env(configured, [])
    where = address[1:] if tool == "pg_dump" else address[1:-1]
    done = subprocess.run(  # noqa: S603 (fixed arguments)
        [_tool(tool), *where, "--no-password", *options],
        env=os.environ | _several_hosts(configured["OPTIONS"]) | (environment or {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BackupFailed(f"{tool} : {done.stderr.strip()}")


def _several_hosts(options: Mapping[str, object]) -> dict[str, str]:
    """Variables for hosts given as options (a primary and its replica), which Django does not pass on."""
    return {name: str(options[key]) for key, name in HOST_OPTIONS.items() if key in options}


def _tool(name: str) -> Path:
    """The tool of the newest PostgreSQL on this machine: PostgreSQL refuses tools older than the server."""
    if found := postgres_tools.find(name):
        return found
    raise BackupFailed(f"{name} manque : installez le paquet postgresql-client.")
