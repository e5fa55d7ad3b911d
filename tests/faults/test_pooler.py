"""The whole portal behind a PgBouncer in transaction mode, which dies under load."""

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import pytest
from django.utils import timezone

from demo.embedded.account import ServerFailed
from territories.models import Commune
from territories.working_time import is_working_time
from tests.faults import visitors
from tests.faults.pooler import PgBouncer
from tests.faults.reckoning import reckon
from tests.faults.stand import PATIENCE
from tests.workers import wait_for

# The clock was run for a day to come: its mails leave now.
LEAVES_NOW = "UPDATE mailing_outgoingemail SET not_before = now() WHERE not_before > now()"
REMINDED = "SELECT count(*) FROM mailing_outgoingemail WHERE key LIKE 'reminders:%' AND sent_at IS NOT NULL"
# A lock of a session stays on the pooler's connection, where nobody can release it.
LOCKS_LEFT = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"


@pytest.fixture(scope="session")
def installed_pgbouncer() -> None:
    """Skip the test where there is no PgBouncer, or fail where one is required."""
    try:
        PgBouncer(Path(), "").binary()
    except ServerFailed as absent:
        (pytest.fail if os.environ.get("REQUIRE_PGBOUNCER") == "1" else pytest.skip)(str(absent))


@pytest.fixture
def pooler(installed_pgbouncer, stand) -> Iterator[PgBouncer]:
    """Processes that are started from now on reach PostgreSQL through it; what the test counts does not."""
    pgbouncer = PgBouncer(stand.servers.folder / "pgbouncer", stand.database_url)
    with stand.servers.one_more(pgbouncer) as url:
        address = urlsplit(url)._replace(path=urlsplit(stand.database_url).path).geturl()
        stand.environment |= {"DATABASE_URL": address, "DISABLE_SERVER_SIDE_CURSORS": "true"}
        yield pgbouncer


def when_reminders_leave() -> datetime:
    """A moment at which the experts of the requests of today are late, and at work."""
    at = timezone.now() + timedelta(days=4)
    while not is_working_time(at, Commune(department_id="21")):
        at += timedelta(hours=1)
    return at


def test_pooler_that_dies_under_load(stand, pooler, size):
    stand.web()
    stand.worker()
    stand.beat()
    owners = visitors.arrive(stand, size(24, 200))
    posting = Thread(
        target=visitors.send_all, args=(owners, stand.addresses), kwargs={"tries": 100}, daemon=True
    )
    posting.start()
    deaths = size(2, 6)
    for death in range(deaths):
        share = len(owners) * (death + 1) // (deaths + 1)
        wait_for(lambda share=share: sum(owner.is_thanked for owner in owners) >= share, PATIENCE)
        stand.servers.crash(pooler)
        stand.servers.start(pooler)
    posting.join()
    stand.settle()

    clock = stand.start("manage", "clock", "--at", when_reminders_leave().isoformat())
    assert clock.wait(PATIENCE) == 0, stand.words()
    stand.sql(LEAVES_NOW)
    stand.settle()

    count = reckon(stand, owners)
    assert count.is_whole, f"{count}\n{stand.words()}"
    assert count.thanked == count.kept == len(owners)
    assert count.duplicates <= deaths
    assert stand.number(REMINDED) == stand.number("SELECT count(DISTINCT email) FROM solicitations_mailbox")
    assert stand.number(LOCKS_LEFT) == 0
