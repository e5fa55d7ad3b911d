"""Runs the portal as processes: gunicorn, a worker, a mail server."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from celery import Celery
from django.conf import settings

from bench import contents, databases
from demo.embedded.ports import free_port
from demo.processes import killed_with_parent

ROOT = Path(__file__).resolve().parent.parent
PROCESS_TIMEOUT = 60.0  # seconds, enough for a slow machine
WEB_PROCESSES = 1 if contents.IS_SMALL else 2


@dataclass(frozen=True)
class Site:
    """Ports of the running processes; ``accepted`` has one line per mail: time and recipient."""

    port: int
    smtp: int
    accepted: Path
    environment: Mapping[str, str]

    def arrivals(self) -> list[tuple[float, str]]:
        """Time of acceptance (``time.time``) and recipient of each mail."""
        lines = [line.split(" ", 1) for line in self.accepted.read_text().splitlines()]
        return [(float(at), to) for at, to in lines]

    @contextmanager
    def worker(self) -> Iterator[None]:
        """Run a worker during the block."""
        celery = ["celery", "--quiet", "--app", "portal", "worker", "--concurrency", "1"]
        with _running([*celery, "--loglevel", "WARNING"], self.environment):
            yield


@contextmanager
def serving(database: str, *, variables: Mapping[str, str] = {}) -> Iterator[Site]:
    """Run gunicorn as the demo does and a mail server, on this database.

    ``variables`` complete or replace the usual environment variables.
    """
    port, smtp = free_port(), free_port()
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "bench.served_settings",
        "DATABASE_URL": databases.url(database),
        "REDIS_URL": _broker_url(),
        "EMAIL_URL": f"smtp://127.0.0.1:{smtp}",
        "PYTHONUNBUFFERED": "1",
        "CELERY_SKIP_CHECKS": "1",  # Django's system checks would load all the pages in the worker
        **variables,
    }
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        accepted = Path(folder) / "accepted"
        accepted.touch()
        scale = ["--workers", str(WEB_PROCESSES), "--threads", "4"]
        arguments = ["gunicorn", "portal.wsgi", "--bind", f"127.0.0.1:{port}", *scale, "--no-control-socket"]
        stack.enter_context(_running(arguments, environment))
        stack.enter_context(_running(["bench.sink", str(smtp), str(accepted)], environment))
        _wait(lambda: _answers(port) and _listens(smtp))
        yield Site(port, smtp, accepted, environment)


@contextmanager
def _running(arguments: list[str], environment: Mapping[str, str]) -> Iterator[None]:
    process = subprocess.Popen(
        [*killed_with_parent(), sys.executable, "-m", *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=PROCESS_TIMEOUT)


@contextmanager
def celery_app() -> Iterator[Celery]:
    """A Celery application that publishes to the worker of ``serving``."""
    celery = Celery(broker=_broker_url(), set_as_current=False)
    try:
        yield celery
    finally:
        celery.close()


def purge() -> None:
    """Delete the published tasks that no worker has taken."""
    with celery_app() as celery:
        celery.control.purge()


def _broker_url() -> str:
    parts = urlsplit(str(settings.CELERY_BROKER_URL))
    return urlunsplit(parts._replace(path=f"/{databases.clones().number}"))


def _wait(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + PROCESS_TIMEOUT
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError
        time.sleep(0.2)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/sante/?vivant")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
