"""The primary is lost under load, and its replica takes its place."""

from collections.abc import Iterator
from threading import Thread

import pytest

from tests.faults import simulated_owners
from tests.faults.consistency import check_consistency
from tests.faults.harness import PATIENCE
from tests.faults.replica import Replication, replicated
from tests.faults.simulated_owners import SimulatedOwner
from tests.workers import wait_for

AT_ONCE = 4


@pytest.fixture
def replication(harness) -> Iterator[Replication]:
    """The portal's database on a primary and its replica."""
    with replicated(harness.servers) as pair:
        harness.database_url = harness.environment["DATABASE_URL"] = pair.address("harness")
        yield pair


def test_replica_promoted_under_load(harness, replication, scaled):
    """Nothing is acknowledged before the replica has it; web and worker find the new primary."""
    web, worker, beat = harness.start_web(), harness.start_worker(), harness.start_beat()
    owners = simulated_owners.create_owners(harness, scaled(24, 200))
    posting = Thread(
        target=simulated_owners.post_all,
        args=(owners, harness.addresses),
        kwargs={"at_once": AT_ONCE, "tries": 100},
        daemon=True,
    )
    posting.start()
    wait_for(lambda: len(_left(owners)) <= len(owners) * 2 // 3, PATIENCE)

    replication.cut()
    wait_for(lambda: replication.waiting_commits() >= min(AT_ONCE, len(_left(owners))), PATIENCE)
    harness.servers.power_off(replication.primary)
    replication.promote()

    posting.join()
    harness.wait_until_done()
    report = check_consistency(harness, owners)
    assert report.is_consistent, f"{report}\n{harness.log_tails()}"
    assert report.acknowledged == report.stored == len(owners)
    assert report.duplicates <= 1
    assert harness.running == [web, worker, beat]
    assert harness.is_running()


def _left(owners: list[SimulatedOwner]) -> list[SimulatedOwner]:
    return [owner for owner in owners if not owner.is_acknowledged]
