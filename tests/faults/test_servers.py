"""Broker, database, clock or disk fail: what was acknowledged is stored, routed and mailed once."""

import time
from threading import Thread

from companies import circuit_breaker
from demo.fake_register import Mode
from portal import celery
from tests.faults import simulated_owners
from tests.faults.consistency import check_consistency
from tests.faults.harness import FULL_DISK, PATIENCE
from tests.faults.mail_server import MailBehaviour
from tests.workers import wait_for


def test_broker_stopped_while_forms_are_posted(harness, scaled):
    harness.start_web()
    owners = simulated_owners.create_owners(harness, scaled(12, 100))
    half = len(owners) // 2
    simulated_owners.post_all(owners[:half], harness.addresses)
    harness.servers.crash(harness.servers.valkey)
    simulated_owners.post_all(owners[half:], harness.addresses)
    harness.servers.start(harness.servers.valkey)
    assert all(owner.answers == [302] for owner in owners)
    assert check_consistency(harness, owners).unrouted == 0

    harness.start_worker()
    harness.start_beat()
    harness.wait_until_done()

    report = check_consistency(harness, owners)
    assert report.is_consistent, report
    assert report.duplicates == 0


def test_broker_that_hangs_makes_one_owner_wait(harness, scaled):
    """After a first timeout the broker is not called for a while; all are answered while it hangs."""
    harness.start_web()
    owners = simulated_owners.create_owners(harness, scaled(12, 40))
    simulated_owners.post_all(owners[:4], harness.addresses, at_once=1)
    began = time.monotonic()
    with harness.servers.frozen(harness.servers.valkey):
        simulated_owners.post_all(owners[4:], harness.addresses, at_once=1)
    rests = int((time.monotonic() - began) / celery.PAUSE)
    assert all(owner.answers == [302] for owner in owners)
    assert 1 <= harness.logs_of("gunicorn").count("broker away") <= 1 + rests

    harness.start_worker()
    harness.start_beat()
    harness.wait_until_done()

    report = check_consistency(harness, owners)
    assert report.is_consistent, report
    assert report.duplicates == 0


def test_broker_that_is_killed_under_a_worker_and_restarted(harness, mail, scaled):
    """The beat reconnects by itself; so does the worker, or it fails and starts again.

    It fails where kombu puts back the tasks in hand through a channel whose connection is gone.
    """
    harness.start_web()
    owners = simulated_owners.create_owners(harness, scaled(6, 60))
    harness.start_worker(restarts=True)
    harness.start_beat()
    simulated_owners.post_all(owners[:2], harness.addresses)
    wait_for(lambda: mail.count > 0, PATIENCE)
    harness.servers.crash(harness.servers.valkey)
    harness.servers.start(harness.servers.valkey)
    simulated_owners.post_all(owners[2:], harness.addresses)

    harness.wait_until_done()

    report = check_consistency(harness, owners)
    assert report.is_consistent, report
    assert report.duplicates == 0


def test_broker_emptied_with_tasks_in_it_and_a_beat_that_was_off(harness, scaled):
    harness.start_web()
    owners = simulated_owners.create_owners(harness, scaled(8, 100))
    simulated_owners.post_all(owners, harness.addresses)
    harness.servers.empty_broker()
    harness.start_worker()
    assert check_consistency(harness, owners).sent == 0

    harness.start_beat()
    harness.wait_until_done()

    report = check_consistency(harness, owners)
    assert report.is_consistent, report
    assert report.duplicates == 0


def test_database_that_crashes_under_load(harness, scaled):
    harness.start_web()
    harness.start_worker()
    harness.start_beat()
    owners = simulated_owners.create_owners(harness, scaled(24, 200))
    posting = Thread(
        target=simulated_owners.post_all, args=(owners, harness.addresses), kwargs={"tries": 100}, daemon=True
    )
    posting.start()
    crashes = scaled(1, 4)
    for crash in range(crashes):
        share = len(owners) * (crash + 1) // (crashes + 1)
        wait_for(lambda share=share: sum(owner.is_acknowledged for owner in owners) >= share, PATIENCE)
        harness.servers.crash(harness.servers.postgres)
        harness.servers.start(harness.servers.postgres)
    posting.join()

    harness.wait_until_done()

    report = check_consistency(harness, owners)
    assert report.is_consistent, report
    assert report.acknowledged == report.stored == len(owners)
    assert report.duplicates <= crashes


def test_no_space_left_for_logs(harness):
    """Web, worker and beat cannot write their logs, and work all the same."""
    harness.start_web(log=FULL_DISK)
    harness.start_worker(log=FULL_DISK)
    owners = simulated_owners.create_owners(harness, 5)
    simulated_owners.post_all(owners, harness.addresses)
    harness.start_beat(log=FULL_DISK)

    harness.wait_until_done()

    report = check_consistency(harness, owners)
    assert report.is_consistent, report
    assert report.duplicates == 0
    assert harness.is_running()


def test_two_webs_three_workers_two_beats(harness, scaled):
    """Concurrent sweeps handle each request and each mail once."""
    for _ in range(2):
        harness.start_web()
    owners = simulated_owners.create_owners(harness, scaled(14, 200))
    harness.sql("ALTER TABLE solicitations_match RENAME TO away")  # nobody can be routed now
    half = len(owners) // 2
    simulated_owners.post_all(owners[:half], harness.addresses)
    harness.sql("ALTER TABLE away RENAME TO solicitations_match")
    assert check_consistency(harness, owners).unrouted == half
    for _ in range(3):
        harness.start_worker()
    for _ in range(2):
        harness.start_beat()
    simulated_owners.post_all(owners[half:], harness.addresses)

    harness.wait_until_done()

    report = check_consistency(harness, owners)
    assert report.is_consistent, report
    assert report.duplicates == 0
    assert (len(harness.running), harness.is_running()) == (2 + 3 + 2, True)


def test_posting_waits_neither_for_the_mail_server_nor_for_the_register(
    harness, mail, scaled, register_server
):
    """All are answered while the worker still waits for the mail server."""
    harness.environment |= {"REGISTER_URL": register_server.url, "EMAIL_TIMEOUT": "3600"}
    harness.start_web()
    harness.start_worker()
    owners = simulated_owners.create_owners(harness, scaled(10, 100))
    mail.behave(MailBehaviour.HANG)
    register_server.mode = Mode.HANG
    register_server.questions.clear()
    simulated_owners.post_all(owners[:1], harness.addresses)
    wait_for(lambda: mail.hangs == 1, PATIENCE)

    simulated_owners.post_all(owners[1:], harness.addresses)

    assert all(owner.answers == [302] for owner in owners)
    assert (mail.hangs, mail.count) == (1, 0)
    assert register_server.questions == []


def test_register_that_hangs_delays_only_the_first_owners(harness, register_server):
    """After three timeouts of the second step, the register is not called for a while."""
    harness.environment["REGISTER_URL"] = register_server.url
    register_server.mode = Mode.HANG
    harness.start_web()
    began = time.monotonic()

    for number in range(10):
        simulated_owners.name_company(harness.addresses[0], f"Menuiserie {number}")

    asked = [question["q"] for question in register_server.questions]
    rests = int((time.monotonic() - began) / circuit_breaker.PAUSE.total_seconds())
    assert asked[:3] == [f"Menuiserie {number}" for number in range(3)]
    assert len(asked) <= circuit_breaker.FAILURES_ALLOWED + rests
