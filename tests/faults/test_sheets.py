"""Spreadsheets whose worker is killed: read and imported again, once; two imports of the same rows."""

import time

import psycopg2
import pytest

from experts.changes.applying import DIRECTORY_LOCK
from tests.directory.sheets.workbooks import csv
from tests.faults.harness import PATIENCE, PortalHarness

PLIE = "entreprises@plie-dijon.example.org"
SEND = """
    INSERT INTO directory_sheetupload (author_id, region_id, file_name, content, whole, replaces_declared,
        state, sent_at, rows_read, attempts, report, fingerprint, must_be_confirmed)
    SELECT min(id), '27', 'f.csv', %s, '', false, 'waiting', now(), 0, 0, '{}', '', false FROM experts_user
    RETURNING id
"""
WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
)


class Portal:
    """Uploads of a portal whose workers are started, held at a lock, and killed."""

    def __init__(self, harness: PortalHarness) -> None:
        self.harness = harness
        arguments = ("create_staff", "nationale@example.org", "--role", "national")
        assert harness.start_process("django", *arguments).wait(PATIENCE) == 0, harness.log_tails()

    def send(self, job: str) -> int:
        content = csv(["Mail", "Fonction"], [PLIE, job])
        [(pk,)] = self.harness.sql(SEND, psycopg2.Binary(content))
        return int(pk)

    def work(self, *uploads: int) -> None:
        for pk in uploads:
            self.harness.send_task("directory.tasks.work_on_sheet", pk)

    def sweep(self) -> None:
        """Queue again the sheets of killed workers, as if they had not been heard of for an hour."""
        self.harness.sql("UPDATE directory_sheetupload SET heard_at = heard_at - interval '1 hour'")
        self.queue_waiting()

    def queue_waiting(self) -> None:
        """Queue the waiting sheets, as beat does."""
        self.harness.send_task("directory.tasks.sweep_sheets")

    def accept(self, *uploads: int) -> None:
        self.harness.sql(
            "UPDATE directory_sheetupload SET state = 'accepted', attempts = 0 WHERE id = ANY(%s)",
            list(uploads),
        )

    def states(self) -> list[str]:
        return [state for (state,) in self.harness.sql("SELECT state FROM directory_sheetupload ORDER BY id")]

    def wait_for_states(self, *expected: str) -> None:
        self.wait(lambda: sorted(self.states()) == sorted(expected))

    def wait_at_lock(self, count: int = 1) -> None:
        self.wait(lambda: self.harness.count(WAITING) == count)

    def wait(self, is_done) -> None:
        until = time.monotonic() + PATIENCE
        while not is_done():
            assert time.monotonic() < until, f"{self.states()}\n{self.harness.log_tails()}"
            time.sleep(0.1)

    def revisions(self) -> int:
        return self.harness.count("SELECT count(*) FROM experts_revision WHERE cause = 'sheet'")

    def job(self) -> str:
        [(job,)] = self.harness.sql("SELECT job FROM experts_expert WHERE email = %s", PLIE)
        return str(job)


@pytest.fixture
def portal(harness):
    return Portal(harness)


@pytest.fixture
def holder(harness):
    """A connection that holds locks until it is rolled back."""
    connection = psycopg2.connect(harness.database_url)
    yield connection
    connection.close()


def hold(holder, statement: str) -> None:
    with holder.cursor() as cursor:
        cursor.execute(statement)


def test_worker_killed_in_a_dry_run_then_in_an_import(portal, harness, holder):
    before, upload = portal.job(), portal.send("Nouvelle")
    hold(holder, "LOCK TABLE experts_expert IN ACCESS EXCLUSIVE MODE")
    worker = harness.start_worker()
    portal.work(upload)
    portal.wait_at_lock()

    harness.kill(worker)
    holder.rollback()
    worker = harness.start_worker()
    portal.sweep()
    portal.wait_for_states("ready")
    assert (portal.job(), portal.revisions()) == (before, 0)

    hold(holder, f"SELECT pg_advisory_lock({DIRECTORY_LOCK})")
    portal.accept(upload)
    portal.work(upload)
    portal.wait_at_lock()
    harness.kill(worker)
    hold(holder, f"SELECT pg_advisory_unlock({DIRECTORY_LOCK})")
    holder.rollback()
    assert (portal.job(), portal.states(), portal.revisions()) == (before, ["applying"], 0)

    harness.start_worker()
    portal.sweep()
    portal.wait_for_states("applied")
    portal.sweep()
    assert (portal.job(), portal.revisions()) == ("Nouvelle", 1)


def test_of_two_imports_of_one_row_at_once_the_second_is_shown_again(portal, harness, holder):
    uploads = [portal.send("Première"), portal.send("Seconde")]
    harness.start_worker()
    portal.work(*uploads)
    portal.wait_for_states("ready", "ready")
    hold(holder, f"SELECT pg_advisory_lock({DIRECTORY_LOCK})")
    harness.start_worker()
    portal.accept(*uploads)
    portal.work(*uploads)
    portal.wait_at_lock(2)

    hold(holder, f"SELECT pg_advisory_unlock({DIRECTORY_LOCK})")
    portal.wait(lambda: "applied" in portal.states() and "applying" not in portal.states())
    portal.queue_waiting()
    portal.wait_for_states("applied", "ready")

    assert portal.revisions() == 1
    assert portal.job() in {"Première", "Seconde"}
