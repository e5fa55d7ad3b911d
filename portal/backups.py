"""The whole database in one file, and back, by PostgreSQL's own tools."""

import os
import subprocess
from pathlib import Path

from django.db import connection
from django.db.backends.postgresql.client import DatabaseClient

from portal import postgres_tools


class BackupFailed(Exception):
    """Nothing was copied, or nothing was changed; the message says why."""


def dump(path: Path) -> None:
    """Write the database as it is at this moment; ``path`` appears once whole, for its owner's eyes.

    Raises ``BackupFailed`` when there is such a file already, or a tool or the database is missing.
    """
    if path.exists():
        raise BackupFailed(f"{path} existe déjà : donnez un autre nom.")
    draft = path.with_name(f"{path.name}.partial")
    draft.touch(mode=0o600)
    try:
        _run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={draft}")
        draft.rename(path)
    finally:
        draft.unlink(missing_ok=True)


def load(path: Path) -> None:
    """Fill an empty database with what ``dump`` wrote: all of it, or nothing.

    Raises ``BackupFailed`` when the database holds a table, or the file is not whole.
    """
    if tables := connection.introspection.table_names():
        raise BackupFailed(f"La base n'est pas vide ({len(tables)} tables) : restaurez dans une base neuve.")
    options = ("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges")
    _run("pg_restore", *options, "--dbname", str(connection.settings_dict["NAME"]), str(path))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # statistics are not in the file, and plans are poor without them


def _run(tool: str, *options: str) -> None:
    """One of PostgreSQL's tools on our database; its password travels by the environment alone."""
    address, environment = DatabaseClient.settings_to_cmd_args_env(connection.settings_dict, [])
    where = address[1:] if tool == "pg_dump" else address[1:-1]
    done = subprocess.run(  # noqa: S603 (our own words)
        [_tool(tool), *where, "--no-password", *options],
        env=os.environ | (environment or {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BackupFailed(f"{tool} : {done.stderr.strip()}")


def _tool(name: str) -> Path:
    """The tool of the newest PostgreSQL of this machine: an older one than the server's is refused."""
    if found := postgres_tools.find(name):
        return found
    raise BackupFailed(f"{name} manque : installez le paquet postgresql-client.")
