"""Broker, database, clock or disk fail: what was acknowledged is kept, routed and mailed once."""

import time
from threading import Thread

from companies import circuit_breaker
from demo.fake_register import Mode
from portal import celery
from tests.faults import visitors
from tests.faults.mail_server import Manner
from tests.faults.reckoning import reckon
from tests.faults.stand import FULL_DISK, PATIENCE
from tests.workers import wait_for


def test_broker_stopped_while_forms_are_posted(stand, size):
    stand.web()
    owners = visitors.arrive(stand, size(12, 100))
    half = len(owners) // 2
    visitors.send_all(owners[:half], stand.addresses)
    stand.servers.crash(stand.servers.valkey)
    visitors.send_all(owners[half:], stand.addresses)
    stand.servers.start(stand.servers.valkey)
    assert all(owner.answers == [302] for owner in owners)
    assert reckon(stand, owners).unrouted == 0

    stand.worker()
    stand.beat()
    stand.settle()

    count = reckon(stand, owners)
    assert count.is_whole, count
    assert count.duplicates == 0


def test_broker_that_hangs_makes_one_visitor_wait(stand, size):
    """Then it is left alone for a while; all are answered before it says a word."""
    stand.web()
    owners = visitors.arrive(stand, size(12, 40))
    visitors.send_all(owners[:4], stand.addresses, at_once=1)
    began = time.monotonic()
    with stand.servers.frozen(stand.servers.valkey):
        visitors.send_all(owners[4:], stand.addresses, at_once=1)
    rests = int((time.monotonic() - began) / celery.PAUSE)
    assert all(owner.answers == [302] for owner in owners)
    assert 1 <= stand.wrote("gunicorn").count("broker away") <= 1 + rests

    stand.worker()
    stand.beat()
    stand.settle()

    count = reckon(stand, owners)
    assert count.is_whole, count
    assert count.duplicates == 0


def test_broker_that_dies_under_a_worker_and_comes_back(stand, mail, size):
    """The same worker and the same beat go on by themselves."""
    stand.web()
    owners = visitors.arrive(stand, size(6, 60))
    stand.worker()
    stand.beat()
    visitors.send_all(owners[:2], stand.addresses)
    wait_for(lambda: mail.count > 0, PATIENCE)
    stand.servers.crash(stand.servers.valkey)
    stand.servers.start(stand.servers.valkey)
    visitors.send_all(owners[2:], stand.addresses)

    stand.settle()

    count = reckon(stand, owners)
    assert count.is_whole, count
    assert count.duplicates == 0


def test_broker_emptied_with_tasks_in_it_and_a_beat_that_was_off(stand, size):
    stand.web()
    owners = visitors.arrive(stand, size(8, 100))
    visitors.send_all(owners, stand.addresses)
    stand.servers.empty_broker()
    stand.worker()
    assert reckon(stand, owners).sent == 0

    stand.beat()
    stand.settle()

    count = reckon(stand, owners)
    assert count.is_whole, count
    assert count.duplicates == 0


def test_database_that_crashes_under_load(stand, size):
    stand.web()
    stand.worker()
    stand.beat()
    owners = visitors.arrive(stand, size(24, 200))
    posting = Thread(
        target=visitors.send_all, args=(owners, stand.addresses), kwargs={"tries": 100}, daemon=True
    )
    posting.start()
    crashes = size(1, 4)
    for crash in range(crashes):
        share = len(owners) * (crash + 1) // (crashes + 1)
        wait_for(lambda share=share: sum(owner.is_thanked for owner in owners) >= share, PATIENCE)
        stand.servers.crash(stand.servers.postgres)
        stand.servers.start(stand.servers.postgres)
    posting.join()

    stand.settle()

    count = reckon(stand, owners)
    assert count.is_whole, count
    assert count.thanked == count.kept == len(owners)
    assert count.duplicates <= crashes


def test_no_space_left_for_logs(stand):
    """Web, worker and beat cannot write a word: they work all the same."""
    stand.web(log=FULL_DISK)
    stand.worker(log=FULL_DISK)
    owners = visitors.arrive(stand, 5)
    visitors.send_all(owners, stand.addresses)
    stand.beat(log=FULL_DISK)

    stand.settle()

    count = reckon(stand, owners)
    assert count.is_whole, count
    assert count.duplicates == 0
    assert stand.is_running()


def test_two_webs_three_workers_two_beats(stand, size):
    """Many sweeps meet the same requests and the same mails: each is dealt with once."""
    for _ in range(2):
        stand.web()
    owners = visitors.arrive(stand, size(14, 200))
    stand.sql("ALTER TABLE solicitations_match RENAME TO away")  # nobody can be routed now
    half = len(owners) // 2
    visitors.send_all(owners[:half], stand.addresses)
    stand.sql("ALTER TABLE away RENAME TO solicitations_match")
    assert reckon(stand, owners).unrouted == half
    for _ in range(3):
        stand.worker()
    for _ in range(2):
        stand.beat()
    visitors.send_all(owners[half:], stand.addresses)

    stand.settle()

    count = reckon(stand, owners)
    assert count.is_whole, count
    assert count.duplicates == 0
    assert (len(stand.running), stand.is_running()) == (2 + 3 + 2, True)


def test_posting_waits_neither_for_the_mail_server_nor_for_the_register(stand, mail, size, register_server):
    """All are answered while the worker is still kept waiting by the first mail."""
    stand.environment |= {"REGISTER_URL": register_server.url, "EMAIL_TIMEOUT": "3600"}
    stand.web()
    stand.worker()
    owners = visitors.arrive(stand, size(10, 100))
    mail.behave(Manner.HANG)
    register_server.mode = Mode.HANG
    register_server.questions.clear()
    visitors.send_all(owners[:1], stand.addresses)
    wait_for(lambda: mail.silences == 1, PATIENCE)

    visitors.send_all(owners[1:], stand.addresses)

    assert all(owner.answers == [302] for owner in owners)
    assert (mail.silences, mail.count) == (1, 0)
    assert register_server.questions == []


def test_register_that_hangs_is_waited_for_by_its_first_visitors_alone(stand, register_server):
    """At the step that asks it: after three who waited in vain, once each, it is left alone."""
    stand.environment["REGISTER_URL"] = register_server.url
    register_server.mode = Mode.HANG
    stand.web()
    began = time.monotonic()

    for number in range(10):
        visitors.name_company(stand.addresses[0], f"Menuiserie {number}")

    asked = [question["q"] for question in register_server.questions]
    rests = int((time.monotonic() - began) / circuit_breaker.PAUSE.total_seconds())
    assert asked[:3] == [f"Menuiserie {number}" for number in range(3)]
    assert len(asked) <= circuit_breaker.FAILURES_ALLOWED + rests
