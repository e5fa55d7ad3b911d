"""The whole portal behind a PgBouncer in transaction mode, which dies under load."""

import os
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import psycopg2
import pytest
from django.utils import timezone

from demo.embedded.account import ServerFailed
from portal import database_waits
from territories.models import Commune
from territories.working_time import is_working_time
from tests.faults import simulated_owners
from tests.faults.consistency import check_consistency
from tests.faults.harness import PATIENCE
from tests.faults.pooler import PgBouncer
from tests.workers import wait_for

# The clock was run at a future date: make its mails due now.
MAKE_DUE_NOW = "UPDATE mailing_outgoingemail SET not_before = now() WHERE not_before > now()"
REMINDED = "SELECT count(*) FROM mailing_outgoingemail WHERE key LIKE 'reminders:%' AND sent_at IS NOT NULL"
# A session-level lock would stay on the pooler's connection, where nobody can release it.
HELD_LOCKS = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"


@pytest.fixture(scope="session")
def installed_pgbouncer() -> None:
    """Skip the test where there is no PgBouncer, or fail where one is required."""
    try:
        PgBouncer(Path(), "").binary()
    except ServerFailed as absent:
        (pytest.fail if os.environ.get("REQUIRE_PGBOUNCER") == "1" else pytest.skip)(str(absent))


@pytest.fixture
def pooler(installed_pgbouncer, harness) -> Iterator[PgBouncer]:
    """PgBouncer used by the processes started from now on; the test's own queries do not use it."""
    pgbouncer = PgBouncer(harness.servers.folder / "pgbouncer", harness.database_url)
    with harness.servers.extra_server(pgbouncer) as url:
        address = urlsplit(url)._replace(path=urlsplit(harness.database_url).path).geturl()
        harness.environment |= {"DATABASE_URL": address, "DISABLE_SERVER_SIDE_CURSORS": "true"}
        yield pgbouncer


def moment_of_reminders() -> datetime:
    """A moment of working hours at which today's requests get a reminder."""
    at = timezone.now() + timedelta(days=4)
    while not is_working_time(at, Commune(department_id="21")):
        at += timedelta(hours=1)
    return at


def test_visits_through_the_pooler_wait_as_little_as_without_it(harness, pooler):
    address = urlsplit(harness.environment["DATABASE_URL"])
    found = {}
    for path in ("/harness_web", "/harness"):
        with closing(psycopg2.connect(address._replace(path=path).geturl())) as each, each.cursor() as cursor:
            for name in database_waits.OF_VISITS:
                cursor.execute(f"SHOW {name}")
                found[path, name] = cursor.fetchone()[0]

    assert {
        name: found["/harness_web", name] for name in database_waits.OF_VISITS
    } == database_waits.OF_VISITS
    assert {name: found["/harness", name] for name in database_waits.OF_VISITS} == dict.fromkeys(
        database_waits.OF_VISITS, "0"
    )


def test_pooler_that_is_killed_under_load(harness, pooler, scaled):
    harness.start_web()
    harness.start_worker()
    harness.start_beat()
    owners = simulated_owners.create_owners(harness, scaled(24, 200))
    posting = Thread(
        target=simulated_owners.post_all, args=(owners, harness.addresses), kwargs={"tries": 100}, daemon=True
    )
    posting.start()
    deaths = scaled(2, 6)
    for death in range(deaths):
        share = len(owners) * (death + 1) // (deaths + 1)
        wait_for(lambda share=share: sum(owner.is_acknowledged for owner in owners) >= share, PATIENCE)
        harness.servers.crash(pooler)
        harness.servers.start(pooler)
    posting.join()
    harness.wait_until_done()

    clock = harness.start_process("manage", "clock", "--at", moment_of_reminders().isoformat())
    assert clock.wait(PATIENCE) == 0, harness.log_tails()
    harness.sql(MAKE_DUE_NOW)
    harness.wait_until_done()

    report = check_consistency(harness, owners)
    assert report.is_consistent, f"{report}\n{harness.log_tails()}"
    assert report.acknowledged == report.stored == len(owners)
    assert report.duplicates <= deaths
    assert harness.count(REMINDED) == harness.count("SELECT count(DISTINCT email) FROM solicitations_mailbox")
    assert harness.count(HELD_LOCKS) == 0
