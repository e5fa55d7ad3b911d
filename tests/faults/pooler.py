"""PgBouncer in transaction mode, with few connections, in front of the tests' own PostgreSQL."""

import os
import re
import shutil
import signal
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2

from demo.embedded.account import Account, ServerFailed
from demo.embedded.server import USER, Server
from tests.databases import ROOT

SCALING = (ROOT / "docs" / "scaling.md").read_text()
LIMITS = re.search(r"^ *portal_web = .*(connect_query='.*')$", SCALING, re.MULTILINE)[1]
POOL_SIZE = 2  # connections to PostgreSQL: fewer than processes and threads


class PgBouncer(Server):
    """PgBouncer, found in the PATH or in Debian's /usr/sbin."""

    variable = "DATABASE_URL"
    label = "PgBouncer"
    stop_signal = signal.SIGTERM

    def __init__(self, folder: Path, postgres_url: str) -> None:
        super().__init__(folder)
        self.postgres = urlsplit(postgres_url)

    @property
    def pid_file(self) -> Path:
        return self.folder / "pgbouncer.pid"

    def binary(self) -> Path:
        found = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
        if not found:
            raise ServerFailed("NO PGBOUNCER IS INSTALLED (make pgbouncer): its test does not run")
        return Path(found)

    def prepare(self, account: Account, password: str, port: int) -> list[str | Path]:
        users = self.folder / "users.txt"
        users.write_text(f'"{USER}" "{password}"\n')
        lines = [
            "[databases]",
            f"* = host={self.postgres.hostname} port={self.postgres.port}",
            # The entry of web processes, as docs/scaling.md writes it.
            f"harness_web = host={self.postgres.hostname} port={self.postgres.port} dbname=harness {LIMITS}",
            "[pgbouncer]",
            "listen_addr = 127.0.0.1",
            f"listen_port = {port}",
            "unix_socket_dir =",
            "auth_type = scram-sha-256",
            f"auth_file = {users}",
            f"pidfile = {self.pid_file}",
            "pool_mode = transaction",
            f"default_pool_size = {POOL_SIZE}",
            # Transactions take turns on the connections: code that relies on session state fails.
            "server_round_robin = 1",
        ]
        configuration = self.folder / "pgbouncer.ini"
        configuration.write_text("\n".join([*lines, ""]))
        return [self.binary(), configuration]

    def url(self, password: str, port: int) -> str:
        return f"postgres://{USER}:{password}@127.0.0.1:{port}/relais"

    def answers(self, url: str) -> bool:
        try:
            with closing(psycopg2.connect(url, connect_timeout=2)):
                return True
        except psycopg2.OperationalError:
            return False
