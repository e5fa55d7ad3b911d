"""A primary and its streaming replica, copied from the tests' own PostgreSQL, that tests may destroy."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2

from demo.embedded.account import Account, ServerFailed
from tests.faults.servers import DurablePostgres, Servers
from tests.workers import wait_for

NAME = "replica"  # its application_name on the primary


class CopiedPostgres(DurablePostgres):
    """A server whose files are copied from the one at ``source``, and which may then replicate it."""

    def __init__(
        self, folder: Path, source: str, *, is_following: bool = False, options: tuple[str, ...] = ()
    ) -> None:
        super().__init__(folder)
        self.source = source
        self.is_following = is_following
        self.options = options

    def prepare(self, account: Account, password: str, port: int) -> list[str | Path]:
        return [*super().prepare(account, password, port), *self.options]

    def _create_cluster(self, account: Account, password: str) -> None:
        done = account.run(
            self.binary().with_name("pg_basebackup"),
            *("--pgdata", self.folder, "--dbname", self.source, "--checkpoint", "fast", "--no-sync"),
            *(["--write-recovery-conf"] if self.is_following else []),
            cwd=self.folder,
        )
        if done.returncode:
            raise ServerFailed(done.stderr)


class Replication:
    """A primary whose commits wait for its replica."""

    def __init__(self, servers: Servers, primary: CopiedPostgres, replica: CopiedPostgres) -> None:
        self.servers = servers
        self.primary = primary
        self.replica = replica

    def address(self, database: str) -> str:
        """A URL that names both servers and connects to the one that accepts writes."""
        first, second = (urlsplit(self.servers.urls[server]) for server in (self.primary, self.replica))
        hosts = f"host={first.hostname},{second.hostname}&port={first.port},{second.port}"
        account = f"{first.username}:{first.password}@"
        return first._replace(
            netloc=account, path=f"/{database}", query=f"{hosts}&target_session_attrs=read-write"
        ).geturl()

    def is_streaming(self) -> bool:
        state = "SELECT 1 FROM pg_stat_replication WHERE application_name = %s AND sync_state = 'sync'"
        return bool(self._ask(self.primary, state, NAME))

    def cut(self) -> None:
        """Disconnect the replica from the primary, for good."""
        self._ask(self.replica, "ALTER SYSTEM SET primary_conninfo = ''")
        self._ask(self.replica, "SELECT pg_reload_conf()")
        wait_for(lambda: not self.is_streaming())

    def waiting_commits(self) -> int:
        """Number of connections whose commit waits for the replica."""
        return len(self._ask(self.primary, "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep'"))

    def promote(self) -> None:
        assert self._ask(self.replica, "SELECT pg_promote()") == [(True,)]

    def _ask(self, server: CopiedPostgres, query: str, *values: object) -> list[tuple]:
        with closing(psycopg2.connect(self.servers.urls[server], connect_timeout=5)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(query, values or None)
                return cursor.fetchall() if cursor.description else []


@contextmanager
def replicated(servers: Servers) -> Iterator[Replication]:
    """Run a primary copied from the PostgreSQL of these servers, and its replica."""
    options = ("-c", f"synchronous_standby_names={NAME}")
    primary = CopiedPostgres(servers.folder / "primary", servers.urls[servers.postgres], options=options)
    with servers.extra_server(primary) as url:
        replica = CopiedPostgres(servers.folder / NAME, f"{url}?application_name={NAME}", is_following=True)
        with servers.extra_server(replica):
            replication = Replication(servers, primary, replica)
            wait_for(replication.is_streaming)
            yield replication
