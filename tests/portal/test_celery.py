"""The Celery application as the threads of a web server see it."""

from contextlib import closing
from threading import Thread

import pytest
from celery import current_app
from celery.app.trace import build_tracer
from celery.fixups.django import DjangoWorkerFixup
from django.conf import settings as project
from django.db import connection, connections
from django.utils.module_loading import autodiscover_modules

from mailing import tasks
from portal import celery
from portal.celery import app
from tests import own_broker
from tests.unresponsive_server import UnresponsiveServer


def test_every_thread_publishes_through_the_portals_application():
    """In other threads, Celery's default application would publish to another broker."""
    seen: list[object] = []

    def look() -> None:
        seen.extend([current_app.main, current_app.conf.broker_url, tasks.sweep.app.main])

    thread = Thread(target=look)
    thread.start()
    thread.join()

    assert seen == [app.main, app.conf.broker_url, app.main]


@pytest.fixture
def broker(unavailable_broker, monkeypatch):
    """Use a server as the broker, with no pause in progress."""
    monkeypatch.setattr(celery, "PAUSE", 3600.0)
    return lambda server: monkeypatch.setitem(app.conf, "broker_url", f"redis://127.0.0.1:{server.port}/0")


class TestBrokerThatHangs:
    """A broker that accepts the connection and never answers."""

    @pytest.fixture
    def hanging(self, broker, monkeypatch):
        patience = {"socket_timeout": celery.SLOW + 0.1}
        monkeypatch.setitem(
            app.conf, "broker_transport_options", project.CELERY_BROKER_TRANSPORT_OPTIONS | patience
        )
        with UnresponsiveServer() as silent:
            broker(silent)
            yield silent

    def test_visitor_waits_two_seconds_at_most(self):
        options = app.conf.broker_transport_options

        assert options["socket_timeout"] == 2
        assert options["socket_connect_timeout"] <= 2

    def test_one_visitor_waits_once_and_the_next_ones_do_not(self, hanging):
        for _ in range(3):
            tasks.sweep.delay()

        assert hanging.count == 1

    def test_it_is_asked_again_later(self, hanging, monkeypatch):
        monkeypatch.setattr(celery, "PAUSE", 0.0)
        for _ in range(2):
            tasks.sweep.delay()

        assert hanging.count == 2


@pytest.mark.parametrize("kind", own_broker.REFUSALS)
def test_a_broker_that_takes_nothing_leaves_the_task_to_the_sweep(
    kind, unavailable_broker, monkeypatch, tmp_path
):
    with own_broker.running(tmp_path) as url:
        monkeypatch.setitem(app.conf, "broker_url", url)
        own_broker.refuse_writes(url, kind)

        assert tasks.sweep.delay() is None


def test_a_broker_that_refuses_at_once_is_asked_each_time(broker, monkeypatch):
    monkeypatch.setattr(celery, "SLOW", 3600.0)  # at once, however busy the machine
    with UnresponsiveServer(closes_connections=True) as refusing:
        broker(refusing)
        for _ in range(3):
            tasks.sweep.delay()

    assert refusing.count == 3


def test_each_task_has_a_time_limit_and_ends_by_itself_before():
    autodiscover_modules("tasks")  # as a worker: here Celery started before Django had settings
    rooms = ("portal.", "solicitations.", "experts.", "mailing.", "directory.")
    tasks_of_ours = [task for name, task in app.tasks.items() if name.startswith(rooms)]

    assert len(tasks_of_ours) >= 9
    for task in tasks_of_ours:
        soft = task.soft_time_limit or app.conf.task_soft_time_limit
        hard = task.time_limit or app.conf.task_time_limit
        assert 0 < soft < hard


class TestConnectionOfAWorker:
    """The connection to PostgreSQL of a process that does one task after the other."""

    @pytest.fixture
    def do_task(self, transactional_db, monkeypatch):
        """Do a task as a worker of production; returns the process of PostgreSQL that answered."""
        connection.close()
        monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", 60)
        monkeypatch.setitem(connection.settings_dict, "CONN_HEALTH_CHECKS", True)
        fixup = DjangoWorkerFixup(app)
        trace = build_tracer(tasks.sweep.name, tasks.sweep, app=app)

        def do() -> int:
            fixup.on_task_prerun(tasks.sweep)
            outcome = trace("1", (), {}, {"id": "1", "is_eager": False})
            fixup.on_task_postrun(tasks.sweep)
            assert outcome.info is None
            return connection.connection.info.backend_pid

        yield do
        connection.close()

    def test_tasks_share_it(self, do_task):
        assert do_task() == do_task()

    def test_one_that_postgresql_has_closed_is_replaced(self, do_task):
        first = do_task()
        with closing(connections.create_connection("default")) as other, other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [first])

        assert do_task() != first

    def test_one_that_is_too_old_is_replaced(self, do_task):
        first = do_task()
        connection.close_at = 0

        assert do_task() != first
