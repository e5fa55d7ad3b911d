"""The Celery application as the threads of a web server see it."""

import socket
import time
from threading import Thread

import pytest
from celery import current_app

from mailing import tasks
from portal import celery
from portal.celery import app


def test_every_thread_publishes_through_the_portals_application():
    """A web server answers in threads: there, Celery's own default would publish to another broker."""
    seen: list[object] = []

    def look() -> None:
        seen.extend([current_app.main, current_app.conf.broker_url, tasks.sweep.app.main])

    thread = Thread(target=look)
    thread.start()
    thread.join()

    assert seen == [app.main, app.conf.broker_url, app.main]


def seconds_to_publish():
    started = time.monotonic()
    tasks.sweep.delay()
    return time.monotonic() - started


class TestBrokerThatHangs:
    """It takes the connection and never says a word."""

    @pytest.fixture(autouse=True)
    def hanging(self, broker_away, monkeypatch):
        monkeypatch.setattr(celery.Broker, "rests_until", 0.0)
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
            monkeypatch.setitem(app.conf, "broker_url", url)
            yield

    def test_one_visitor_waits_and_the_next_ones_do_not(self):
        assert 1.5 < seconds_to_publish() < 4
        assert seconds_to_publish() < 0.1

    def test_it_is_asked_again_later(self, monkeypatch):
        monkeypatch.setattr(celery, "REST", 0.2)
        seconds_to_publish()
        time.sleep(0.3)

        assert seconds_to_publish() > 1.5


def test_a_broker_that_refuses_at_once_is_asked_each_time(broker_away):
    seconds_to_publish()

    assert celery.Broker.rests_until <= time.monotonic()
