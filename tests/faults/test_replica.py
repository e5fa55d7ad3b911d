"""The primary is lost under load, and its replica takes its place."""

from collections.abc import Iterator
from threading import Thread

import pytest

from tests.faults import visitors
from tests.faults.reckoning import reckon
from tests.faults.replica import Replication, replicated
from tests.faults.stand import PATIENCE
from tests.workers import wait_for

AT_ONCE = 4


@pytest.fixture
def replication(stand) -> Iterator[Replication]:
    """The portal's database, on two servers of its own."""
    with replicated(stand.servers) as pair:
        stand.database_url = stand.environment["DATABASE_URL"] = pair.address("stand")
        yield pair


def test_replica_promoted_under_load(stand, replication, size):
    """Nothing is acknowledged before the replica has it; web and worker find the new primary alone."""
    web, worker, beat = stand.web(), stand.worker(), stand.beat()
    owners = visitors.arrive(stand, size(24, 200))
    posting = Thread(
        target=visitors.send_all,
        args=(owners, stand.addresses),
        kwargs={"at_once": AT_ONCE, "tries": 100},
        daemon=True,
    )
    posting.start()
    wait_for(lambda: sum(owner.is_thanked for owner in owners) >= len(owners) // 3, PATIENCE)

    replication.cut()
    wait_for(lambda: replication.waiting_commits() >= AT_ONCE or not posting.is_alive(), PATIENCE)
    stand.servers.power_off(replication.primary)
    replication.promote()

    posting.join()
    stand.settle()
    count = reckon(stand, owners)
    assert count.is_whole, f"{count}\n{stand.words()}"
    assert count.thanked == count.kept == len(owners)
    assert count.duplicates <= 1
    assert stand.running == [web, worker, beat]
    assert stand.is_running()
