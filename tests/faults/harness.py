"""The whole portal as processes that tests may kill: web, workers, beats, one database and one broker."""

import os
import shutil
import signal
import threading
import time
import urllib.request
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psycopg2
from celery import Celery
from psycopg2.extensions import connection as Connection  # noqa: N812 (a class)
from psycopg2.extras import execute_values

from demo.embedded.ports import free_port
from tests.faults.mail_server import MailServer
from tests.faults.servers import Servers
from tests.forks import Forked, LoadedPortals
from tests.workers import wait_for

DATABASE = "harness"
PATIENCE = 300.0  # seconds to wait at most, on a busy machine
FULL_DISK = Path("/dev/full")  # each write fails with "no space left on device"
# Move what is due later to the past, rather than wait.
MAILS_COME_DUE = """
    UPDATE mailing_outgoingemail SET created_at = created_at - interval '1 day', next_try_at = not_before
    WHERE id IN (SELECT id FROM mailing_outgoingemail
                 WHERE sent_at IS NULL AND refused_at IS NULL AND cancelled_at IS NULL
                 FOR UPDATE SKIP LOCKED)
"""
REQUESTS_COME_DUE = """
    UPDATE solicitations_solicitation SET routing_due_at = submitted_at
    WHERE id IN (SELECT id FROM solicitations_solicitation
                 WHERE routing_due_at > now() FOR UPDATE SKIP LOCKED)
"""


class PortalHarness:
    """Processes of a portal; they are killed with this one, and their logs are in ``folder``."""

    def __init__(self, servers: Servers, loaded: LoadedPortals, mail: MailServer, folder: Path) -> None:
        self.servers = servers
        self.loaded = loaded
        self.database_url = servers.database_url(DATABASE)
        self.mail = mail
        self.folder = folder
        self.running: list[Forked] = []
        self._kept = threading.local()
        self.addresses: list[str] = []
        self.private_files = servers.folder / "files"
        self.environment = os.environ | {
            "PYTEST_CURRENT_TEST": "",  # that of a portal loaded for an earlier test
            "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
            "DATABASE_URL": self.database_url,
            "REDIS_URL": servers.urls[servers.valkey],
            "EMAIL_URL": mail.url,
            "PRIVATE_FILES": str(self.private_files),
            "BENCH": "1",  # no rate limits
            "CELERY_SKIP_CHECKS": "1",  # of Django, which load all the pages in each worker and beat
            "PYTHONUNBUFFERED": "1",
        }

    def start_web(self, *, address: str = "", log: Path | None = None) -> Forked:
        """Start gunicorn, on a new port or at the address of a previous one, and wait until it answers."""
        if not address:
            address = f"http://127.0.0.1:{free_port()}"
            self.addresses.append(address)
        arguments = ("--threads", "4", "--no-control-socket", "--access-logfile", "-")
        web = self.start_process("gunicorn", "portal.wsgi", "--bind", address[7:], *arguments, log=log)
        wait_for(lambda: web.poll() is not None or _answers(address), PATIENCE)
        assert web.poll() is None, self.log_tails()
        return web

    def start_worker(self, *, log: Path | None = None, restarts: bool = False) -> Forked:
        """Start a worker that runs one task at a time; ``restarts``: it starts again when it fails."""
        arguments = ("--pool", "solo", "--loglevel", "INFO", "--without-gossip", "--without-mingle")
        celery = ("celery", "--quiet", "--app", "portal", "worker", *arguments)
        return self.start_process(*celery, log=log, restarts=restarts)

    def start_beat(self, *, log: Path | None = None) -> Forked:
        return self.start_process("celery", "--quiet", "--app", "portal", "beat", "--pidfile", "", log=log)

    def start_process(
        self,
        module: str,
        *arguments: str,
        log: Path | None = None,
        pipes: bool = False,
        restarts: bool = False,
    ) -> Forked:
        """Run a Python module in a process; ``pipes``: its standard input and output are pipes.

        ``restarts``: run it again each time it fails, as production's ``restart: unless-stopped`` does.
        """
        with (log or self.folder / f"{len(self.running)}-{module}.log").open("ab") as output:
            process = self.loaded.start(
                self.environment, module, *arguments, output=output, pipes=pipes, restarts=restarts
            )
        self.running.append(process)
        return process

    def send_task(self, task: str, *values: Any) -> None:
        """Send a task to the broker, by name."""
        with Celery(broker=self.environment["REDIS_URL"], set_as_current=False) as anyone:
            anyone.send_task(task, values)

    def is_running(self) -> bool:
        """Return whether every started process still runs."""
        return all(process.poll() is None for process in self.running)

    def kill(self, process: Forked) -> None:
        """Kill a process and its children."""
        if process.poll() is None:
            with suppress(ProcessLookupError):  # it has just ended
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def stop(self) -> None:
        for process in self.running:
            self.kill(process)
            for pipe in (process.stdin, process.stdout):
                if pipe:
                    with suppress(BrokenPipeError):
                        pipe.close()
        shutil.rmtree(self.private_files, ignore_errors=True)

    def logs_of(self, module: str) -> str:
        """Logs of all the processes of a module."""
        return "".join(log.read_text(errors="replace") for log in self.folder.glob(f"*-{module}.log"))

    def log_tails(self) -> str:
        """Ends of all the logs, for error messages."""
        logs = sorted(self.folder.glob("*.log"))
        return "\n".join(f"== {log.name}\n{log.read_text(errors='replace')[-1500:]}" for log in logs)

    def sql(self, query: str, *values: Any) -> list[tuple]:
        """Run a query and return its rows."""
        with self._connection().cursor() as cursor:
            cursor.execute(query, values or None)
            return cursor.fetchall() if cursor.description else []

    def _connection(self) -> Connection:
        """The connection of this thread, replaced when it is broken or leads elsewhere than ``database_url``.

        Tests ask while they wait, and a new connection costs ten times a query.
        """
        kept: Connection | None = getattr(self._kept, "connection", None)
        if kept is None or self._kept.url != self.database_url or not _is_alive(kept):
            kept = psycopg2.connect(self.database_url, connect_timeout=60)
            kept.autocommit = True
            self._kept.connection, self._kept.url = kept, self.database_url
        return kept

    def insert_rows(self, query: str, values: list[tuple], shape: str) -> list[tuple]:
        """Insert many rows in one statement; return the ``RETURNING`` rows, in order."""
        with (
            closing(psycopg2.connect(self.database_url)) as connection,
            connection,
            connection.cursor() as cursor,
        ):
            return execute_values(cursor, query, values, shape, page_size=1000, fetch=True)

    def count(self, query: str, *values: Any) -> int:
        [(number,)] = self.sql(query, *values)
        return int(number)

    def make_everything_due(self) -> None:
        """Make all waiting mails and requests due now."""
        self.sql(MAILS_COME_DUE)
        self.sql(REQUESTS_COME_DUE)

    def try_make_everything_due(self) -> None:
        """Make everything due, unless the database is away."""
        with suppress(psycopg2.Error):
            self.make_everything_due()

    def pending(self) -> int:
        """Number of requests to route, mails to send, and refusals without alert."""
        return self.count(
            """SELECT (SELECT count(*) FROM solicitations_solicitation WHERE routing_due_at IS NOT NULL)
                    + (SELECT count(*) FROM mailing_outgoingemail
                       WHERE sent_at IS NULL AND refused_at IS NULL AND cancelled_at IS NULL)
                    + (SELECT count(*) FROM mailing_outgoingemail AS mail
                       WHERE refused_at IS NOT NULL AND key ~ '^(received|notified):'
                         AND NOT EXISTS (
                             SELECT FROM solicitations_alert
                             WHERE solicitation_id = split_part(mail.key, ':', 2)::bigint AND cause =
                                 CASE WHEN mail.key ~ '^received:' THEN 'ack_refused' ELSE 'mail_refused' END
                         ))"""
        )

    def wait_until_done(self, *, most: float = PATIENCE, left: int = 0) -> None:
        """Wait until at most ``left`` things are pending, and keep making them due."""
        until = time.monotonic() + most
        while self.pending() > left:
            assert time.monotonic() < until, f"{self.pending()} still wait\n{self.log_tails()}"
            self.make_everything_due()
            time.sleep(0.3)


def _is_alive(connection: Connection) -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except psycopg2.Error:
        connection.close()
        return False
    return True


def _answers(address: str) -> bool:
    try:
        urllib.request.urlopen(f"{address}/sante/?vivant", timeout=2).close()  # noqa: S310 (our own)
    except OSError:
        return False
    return True
