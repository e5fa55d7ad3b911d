"""The whole portal as processes that may be killed: web, workers, beats, on one database and one broker."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psycopg2
from celery import Celery
from psycopg2.extras import execute_values

from tests.databases import ROOT
from tests.faults.mail_server import MailServer
from tests.faults.servers import Servers
from tests.workers import wait_for

PATIENCE = 300.0  # seconds for what must happen, on a machine that is busy elsewhere
FULL_DISK = Path("/dev/full")  # each write says: no space left on device
# What is still to happen, in the past: the clock need not be waited for.
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


class Stand:
    """Processes, each in a session of its own, that die with this one; their logs lie in ``folder``."""

    def __init__(self, servers: Servers, database: str, mail: MailServer, folder: Path) -> None:
        self.servers = servers
        self.database_url = servers.database_url(database)
        self.mail = mail
        self.folder = folder
        self.running: list[subprocess.Popen[bytes]] = []
        self.addresses: list[str] = []
        self.environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
            "DATABASE_URL": self.database_url,
            "REDIS_URL": servers.urls[servers.valkey],
            "EMAIL_URL": mail.url,
            "BENCH": "1",  # nobody posts so often from one address
            "PYTHONUNBUFFERED": "1",
        }

    def web(self, *, address: str = "", log: Path | None = None) -> subprocess.Popen[bytes]:
        """Start gunicorn, on a port of its own or where another one was, and wait until it answers."""
        if not address:
            address = f"http://127.0.0.1:{_free_port()}"
            self.addresses.append(address)
        words = ("--threads", "4", "--no-control-socket", "--access-logfile", "-")
        web = self.start("gunicorn", "portal.wsgi", "--bind", address[7:], *words, log=log)
        wait_for(lambda: web.poll() is not None or _answers(address), PATIENCE)
        assert web.poll() is None, self.words()
        return web

    def worker(self, *, log: Path | None = None) -> subprocess.Popen[bytes]:
        """Start a worker, which does one thing at a time and no more."""
        words = ("--pool", "solo", "--loglevel", "INFO", "--without-gossip", "--without-mingle")
        return self.start("celery", "--quiet", "--app", "portal", "worker", *words, log=log)

    def beat(self, *, log: Path | None = None) -> subprocess.Popen[bytes]:
        return self.start("celery", "--quiet", "--app", "portal", "beat", "--pidfile", "", log=log)

    def start(
        self, module: str, *words: str, log: Path | None = None, pipes: bool = False
    ) -> subprocess.Popen[bytes]:
        """A module of Python in a process; ``pipes``: we speak to it, and it to us."""
        tied = ("setpriv", "--pdeathsig", "KILL") if shutil.which("setpriv") else ()
        with (log or self.folder / f"{len(self.running)}-{module}.log").open("ab") as output:
            process = subprocess.Popen(  # noqa: S603 (our own words)
                [*tied, sys.executable, "-m", module, *words],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.PIPE if pipes else subprocess.DEVNULL,
                stdout=subprocess.PIPE if pipes else output,
                stderr=output,
                start_new_session=True,
            )
        self.running.append(process)
        return process

    def order(self, task: str, *values: Any) -> None:
        """Put a task in the broker, by its name alone."""
        with Celery(broker=self.environment["REDIS_URL"], set_as_current=False) as anyone:
            anyone.send_task(task, values)

    def is_running(self) -> bool:
        """Whether every process that was started is still there."""
        return all(process.poll() is None for process in self.running)

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """At once, with its children: the machine lost its power."""
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        for process in self.running:
            self.kill(process)
            for pipe in (process.stdin, process.stdout):
                if pipe:
                    with suppress(BrokenPipeError):
                        pipe.close()

    def wrote(self, module: str) -> str:
        """All that the processes of a module wrote."""
        return "".join(log.read_text(errors="replace") for log in self.folder.glob(f"*-{module}.log"))

    def words(self) -> str:
        """The ends of all logs."""
        logs = sorted(self.folder.glob("*.log"))
        return "\n".join(f"== {log.name}\n{log.read_text(errors='replace')[-1500:]}" for log in logs)

    def sql(self, query: str, *values: Any) -> list[tuple]:
        """What the database says."""
        with closing(psycopg2.connect(self.database_url, connect_timeout=60)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(query, values or None)
                return cursor.fetchall() if cursor.description else []

    def rows(self, query: str, values: list[tuple], shape: str) -> list[tuple]:
        """Insert many rows at once; what they return, in order."""
        with (
            closing(psycopg2.connect(self.database_url)) as connection,
            connection,
            connection.cursor() as cursor,
        ):
            return execute_values(cursor, query, values, shape, page_size=1000, fetch=True)

    def number(self, query: str, *values: Any) -> int:
        [(number,)] = self.sql(query, *values)
        return int(number)

    def let_time_pass(self) -> None:
        """All that waits for its time is due."""
        self.sql(MAILS_COME_DUE)
        self.sql(REQUESTS_COME_DUE)

    def let_time_pass_safely(self) -> None:
        """The same, while the database comes and goes."""
        with suppress(psycopg2.Error):
            self.let_time_pass()

    def pending(self) -> int:
        """Requests to be routed, mails to be sent, and refusals of which staff have not heard."""
        return self.number(
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

    def settle(self, *, most: float = PATIENCE, left: int = 0) -> None:
        """Wait until no more than ``left`` things wait, while minutes pass by the second."""
        until = time.monotonic() + most
        while self.pending() > left:
            assert time.monotonic() < until, f"{self.pending()} still wait\n{self.words()}"
            self.let_time_pass()
            time.sleep(0.3)


def _answers(address: str) -> bool:
    try:
        urllib.request.urlopen(f"{address}/sante/?vivant", timeout=2).close()  # noqa: S310 (our own)
    except OSError:
        return False
    return True


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as closed_at_once:
        port: int = closed_at_once.getsockname()[1]
        return port
