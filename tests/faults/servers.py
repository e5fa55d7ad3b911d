"""PostgreSQL and Valkey servers of the fault tests, which may be stopped and killed."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import redis

from demo.embedded.account import Account, ServerFailed, account_for
from demo.embedded.postgres import Postgres
from demo.embedded.server import Server
from demo.embedded.valkey import Valkey
from tests.workers import wait_for

PASSWORD = "faults"
ATTEMPTS = 5
MEMORY_BYTES = 8_000_000_000  # the default on a machine of 16 GB; the servers take up to two


class DurablePostgres(Postgres):
    """PostgreSQL whose commits survive a crash of the server, as in production."""

    def prepare(self, account: Account, password: str, port: int) -> list[str | Path]:
        return [*super().prepare(account, password, port), "-c", "synchronous_commit=on"]


class Servers:
    """Both servers, in a folder that any account may read; they are killed with this process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.postgres, self.valkey = DurablePostgres(folder / "postgres"), Valkey(folder / "valkey")
        account = account_for(folder, [self.postgres.binary(), self.valkey.binary()])
        # KILL: a server stopped by SIGSTOP would not handle another signal.
        self.account = replace(account, prefix=(*account.prefix, "setpriv", "--pdeathsig", "KILL"))
        self.urls = {
            server: server.start(self.account, PASSWORD, "") for server in (self.postgres, self.valkey)
        }

    @contextmanager
    def extra_server(self, server: Server) -> Iterator[str]:
        """Run another server beside these and yield its address; its files are deleted afterwards."""
        try:
            self.urls[server] = server.start(self.account, PASSWORD, "")
            yield self.urls[server]
        finally:
            self.urls.pop(server, None)
            server.stop()
            shutil.rmtree(server.folder, ignore_errors=True)

    def start(self, server: Server) -> None:
        """Start again at the same address."""
        for _ in range(ATTEMPTS):
            if server.start(self.account, PASSWORD, self.urls[server]) == self.urls[server]:
                return
            server.stop()  # it was given another port, which no process of the portal knows
        raise ServerFailed(f"{server.label} does not come back where it was")

    def restart(self, server: Server) -> None:
        server.stop()
        self.start(server)

    def crash(self, server: Server) -> None:
        """Kill the server without a clean shutdown."""
        pid = server.pid()
        assert pid
        os.kill(pid, signal.SIGQUIT if server is self.postgres else signal.SIGKILL)
        wait_for(lambda: server.pid() is None)

    def power_off(self, server: Server) -> None:
        """Kill a server and its children immediately, as a power failure does."""
        pid = server.pid()
        assert pid
        os.kill(pid, signal.SIGSTOP)  # it starts no more children
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for each in (*map(int, children), pid):
            os.kill(each, signal.SIGKILL)
        wait_for(lambda: server.pid() is None)

    @contextmanager
    def frozen(self, server: Server) -> Iterator[None]:
        """Stop the process for a while: it accepts connections and answers nothing."""
        pid = server.pid()
        assert pid
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def restore(self) -> None:
        """Start the servers that do not run, and empty the broker."""
        for server, url in self.urls.items():
            if not server.is_healthy(url):
                self.start(server)
        self.empty_broker()

    def empty_broker(self) -> None:
        with redis.Redis.from_url(self.urls[self.valkey]) as client:
            client.flushall()

    def database_url(self, name: str) -> str:
        return urlsplit(self.urls[self.postgres])._replace(path=f"/{name}").geturl()


def _temporary_files() -> str | None:
    """A folder in memory where there is room and ``TMPDIR`` names no other; ``None``: the usual one.

    Each test makes a database and drops it: ext4 without a journal passes over the files just deleted, one by
    one, whenever another is made.
    """
    memory = Path("/dev/shm")  # noqa: S108 (a new folder of ours in it)
    if os.environ.get("TMPDIR") or not memory.is_dir():
        return None
    return str(memory) if shutil.disk_usage(memory).free > MEMORY_BYTES else None


@contextmanager
def running() -> Iterator[Servers]:
    folder = Path(tempfile.mkdtemp(prefix="relais-faults-", dir=_temporary_files()))
    folder.chmod(0o755)  # pytest's own folders are 0700
    servers = None
    try:
        servers = Servers(folder)
        yield servers
    finally:
        for server in servers.urls if servers else ():
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)
