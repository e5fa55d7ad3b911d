"""The embedded PostgreSQL and Valkey of development, tests and the demo: one pair per checkout.

They run from wheels on free loopback ports, with their files under ``.services/``. Their addresses are in
``.services/env``, which the settings read when the environment names no server. Not for production:
their URLs name the user ``embedded``, which the production settings refuse.
"""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dotenv import dotenv_values

from demo.embedded.account import account_for
from demo.embedded.postgres import Postgres
from demo.embedded.server import Server
from demo.embedded.valkey import Valkey

FOLDER = Path(__file__).resolve().parent.parent / ".services"
VARIABLES = ("DATABASE_URL", "REDIS_URL")


def start(folder: Path = FOLDER, *, keep: bool = True) -> dict[str, str]:
    """Start the servers that the environment does not name, unless they run; return both URLs.

    ``keep``: they run until ``stop``; otherwise until the last ``lease`` ends.
    Raises ``ServerFailed`` with a sentence to show.
    """
    wanted = [server for server in _servers(folder) if server.variable not in os.environ]
    if wanted:
        folder.mkdir(mode=0o700, exist_ok=True)
        with _locked(folder):
            _start_missing(wanted, folder)
            if keep and not (folder / "kept").exists():
                (folder / "kept").touch(mode=0o600)
    return addresses(folder)


def stop(folder: Path = FOLDER) -> None:
    """Stop this checkout's servers, even when the environment names others."""
    if folder.is_dir():
        with _locked(folder):
            _stop_all(folder)


def is_running(folder: Path = FOLDER) -> bool:
    """True when every server that the environment does not name answers."""
    saved = _saved(folder)
    wanted = [server for server in _servers(folder) if server.variable not in os.environ]
    return all(server.is_healthy(saved.get(server.variable, "")) for server in wanted)


def addresses(folder: Path = FOLDER) -> dict[str, str]:
    """Both URLs, the environment's before the embedded servers'; unknown ones are left out."""
    known = _saved(folder) | {name: os.environ[name] for name in VARIABLES if name in os.environ}
    return {name: known[name] for name in VARIABLES if name in known}


@contextmanager
def lease(folder: Path = FOLDER) -> Iterator[dict[str, str]]:
    """Run the servers during the block; the last lease stops them, unless ``start`` was told to keep them."""
    folder.mkdir(mode=0o700, exist_ok=True)
    leases = os.open(folder / "leases", os.O_RDONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(leases, fcntl.LOCK_SH)
        yield start(folder, keep=False)
    finally:
        with _locked(folder):
            if _is_last(leases) and not (folder / "kept").exists():
                _stop_all(folder)
        os.close(leases)


def _is_last(leases: int) -> bool:
    try:
        fcntl.flock(leases, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _servers(folder: Path) -> list[Server]:
    return [Postgres(folder / "postgres"), Valkey(folder / "valkey")]


def _start_missing(wanted: list[Server], folder: Path) -> None:
    saved = _saved(folder)
    missing = [server for server in wanted if not server.is_healthy(saved.get(server.variable, ""))]
    if not missing:
        return
    account = account_for(folder, [server.binary() for server in missing])
    password = _password(folder)
    for server in missing:
        saved[server.variable] = server.start(account, password, saved.get(server.variable, ""))
    _save(folder, saved)


def _stop_all(folder: Path) -> None:
    for server in _servers(folder):
        server.stop()
    (folder / "kept").unlink(missing_ok=True)


def _password(folder: Path) -> str:
    path = folder / "password"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(16))
    return path.read_text()


def _saved(folder: Path) -> dict[str, str]:
    return {name: value for name, value in dotenv_values(folder / "env").items() if value}


def _save(folder: Path, urls: dict[str, str]) -> None:
    """Write the file atomically."""
    draft = folder / "env.draft"
    draft.touch(mode=0o600)
    draft.write_text("".join(f"{name}={urls[name]}\n" for name in VARIABLES if name in urls))
    draft.rename(folder / "env")


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Allow one start or stop at a time; the folder itself is locked, since any account can open it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
        _give_to_owner(folder)
    finally:
        os.close(descriptor)


def _give_to_owner(folder: Path) -> None:
    """Give files written by root to the owner of the folder, who runs the servers."""
    if os.geteuid() == 0:
        owner = folder.stat()
        for path in folder.iterdir():
            os.chown(path, owner.st_uid, owner.st_gid)
