"""A real Celery worker for a test, on that test's database, broker and mail server."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection

from demo.processes import killed_with_parent
from portal.celery import app
from tests.databases import ROOT
from tests.smtp_sink import SmtpSink

START, ARRIVAL_TIMEOUT = 300.0, 300.0  # seconds before giving up, on a machine busy with other work


@contextmanager
def running_worker(environment: dict[str, str], sink: SmtpSink) -> Iterator[Callable[[], str]]:
    """Ready once inside, saying what it wrote; what earlier tests left in the broker is thrown away."""
    app.control.purge()
    host, port = sink.address
    with tempfile.NamedTemporaryFile() as log:
        process = subprocess.Popen(  # noqa: S603 (fixed commands)
            [
                *(
                    *killed_with_parent(),
                    sys.executable,
                    "-m",
                    "celery",
                    "-A",
                    "portal",
                    "worker",
                    "--loglevel=INFO",
                ),
                *("--pool=solo", "--without-gossip", "--without-mingle", "--without-heartbeat"),
            ],
            cwd=ROOT,
            env=environment
            | {
                "DJANGO_SETTINGS_MODULE": "tests.worker_settings",
                "EMAIL_URL": f"smtp://{host}:{port}",
                "CELERY_SKIP_CHECKS": "1",
            },
            stdout=log,
            stderr=log,
        )

        def output() -> str:
            return Path(log.name).read_text(encoding="utf-8")

        try:
            wait_for(lambda: "ready." in output() or process.poll() is not None, START)
            assert process.poll() is None, output()
            yield output
        finally:
            process.terminate()
            process.wait(timeout=ARRIVAL_TIMEOUT)


def wait_for(condition: Callable[[], bool], most: float = ARRIVAL_TIMEOUT) -> None:
    """Return as soon as the condition holds."""
    until = time.monotonic() + most
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.05)


def wait_for_a_blocked_session(count: int = 1) -> None:
    """Return as soon as ``count`` sessions of the test's database wait for locks that others hold."""

    def is_blocked() -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")  # kept until the end of a transaction
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            return bool(cursor.fetchone()[0] >= count)

    wait_for(is_blocked)
