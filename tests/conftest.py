"""Fixtures for every test: the servers, a database with its content, an SMTP sink, a browser."""

import fcntl
import gc
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from subprocess import CompletedProcess
from threading import Thread
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

import django
import hypothesis
import pytest
import time_machine
from _pytest import runner
from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.db import connections, transaction
from django.db.models import Model
from django.test import TestCase, TransactionTestCase
from django.test.client import ClientHandler, store_rendered_templates

from demo import fake_register, services
from demo.embedded.server import USER
from demo.fake_register import Mode, RegisterServer
from portal.celery import BrokerState, app
from portal.frame_chunks import in_one_chunk
from tests.browsers import LAUNCH_ARGUMENTS, LIGHT_JAVASCRIPT, find_chromium
from tests.databases import DEMO_DIRECTORY, ROOT, TEMPLATES, Databases
from tests.forks import LoadedLibraries
from tests.slow import SLOW, WAITING, Scheduler, mixed, rank
from tests.smtp_sink import SmtpSink

if os.environ.get("DJANGO_SETTINGS_MODULE", "portal.settings.test") != "portal.settings.test":
    raise pytest.UsageError("unset DJANGO_SETTINGS_MODULE: pytest-django has read those settings already")
# The servers must answer before Django reads its settings, which pytest-django does after this file.
_lease = services.lease()
_addresses = _lease.__enter__()
_databases = Databases(_addresses["DATABASE_URL"])
if urlsplit(_addresses["REDIS_URL"]).username == USER:
    # A broker of its own for each process: its database has the number of the process's databases.
    _address = urlsplit(_addresses["REDIS_URL"])._replace(path=f"/{_databases.number}")
    os.environ["REDIS_URL"] = _address.geturl()
os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings.test"
connections.settings["default"]["ENGINE"] = "tests.postgresql"
django.setup()  # pytest-django does it too late when a single process runs the tests
with suppress(AttributeError):  # a process of xdist has set Django up already, and has a connection
    del connections["default"]
# ... and too early in a process of xdist, which inherits their name: the broker would be another process's.
settings.CELERY_BROKER_URL = app.conf.broker_url = os.environ.get("REDIS_URL", settings.CELERY_BROKER_URL)

# Mails of the tests' own. Changing the setting in a test would parse all templates again, twice.
settings.TEMPLATES[0]["DIRS"].append(ROOT / "tests" / "mailing" / "templates")

# How long an example takes says how busy the machine is. Each run draws other examples.
hypothesis.settings.register_profile(
    "untimed", deadline=None, max_examples=50, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("untimed")

# A test that commits gets a clone of its own: emptying each table of it afterwards would be for nobody.
TransactionTestCase._fixture_teardown = lambda case: None  # noqa: SLF001 (Django has no setting for it)


def _store_whole_pages(store, signal, sender, template, context, **kwargs):
    """Store the context of a page, not those of its hundreds of parts, each a copy."""
    if context.template is template:
        store_rendered_templates(store, signal, sender, template, context, **kwargs)


django.test.client.store_rendered_templates = _store_whole_pages

_loaded = WeakKeyDictionary()  # a handler, by the settings: another object while a test changes them


def _load_middleware_once(handler, is_async=False):
    """Share one chain of middleware between clients, as long as the settings are the same."""
    current = settings._wrapped  # noqa: SLF001
    if current not in _loaded:
        BaseHandler.load_middleware(handler, is_async)
        _loaded[current] = handler
    vars(handler).update(vars(_loaded[current]), enforce_csrf_checks=handler.enforce_csrf_checks)


ClientHandler.load_middleware = _load_middleware_once

_template = pytest.StashKey[str]()
_building = Thread(target=_databases.build, args=(DEMO_DIRECTORY,), daemon=True)


def pytest_configure(config: pytest.Config) -> None:
    for name in TEMPLATES:
        config.addinivalue_line("markers", f"{name}: the database is a clone of the template of that name")
    config.addinivalue_line("markers", "slow: left out by `make quick`; tests/slow.py lists them")
    if getattr(config.option, "numprocesses", None):
        # The process that only hands out tests builds the databases while the others collect them.
        _building.start()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two processes a core, since tests also wait for servers and browsers; one for ``-n logical``."""
    return (1 if config.option.numprocesses == "logical" else 2) * (os.cpu_count() or 1)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduler:
    config.option.loadscopereorder = False  # ours says which come first
    return Scheduler(config, log)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark a slow test, before pytest leaves out those that ``-m`` does not want."""
    if rank(item.path) < len(SLOW):
        item.add_marker(pytest.mark.slow)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Several processes mix tests that wait with tests that compute, the longest first."""
    if hasattr(config, "workerinput"):
        items[:] = mixed(items)


@contextmanager
def _after_the_first() -> Iterator[None]:
    """The first process works alone; the others wait for it, then work at the same time."""
    folder = os.open(ROOT / "tests", os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            fcntl.flock(folder, fcntl.LOCK_SH)
        yield
    finally:
        os.close(folder)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Stop the garbage collector during collection; the tests all stay: it never looks at them afterwards.

    Then it runs less often: each page makes thousands of objects.
    """
    gc.disable()
    try:
        with _after_the_first():  # it writes the bytecode of tests, which the others read
            return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(100_000, 20, 20)
        gc.enable()


def pytest_unconfigure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        gc.freeze()  # pytest and Python would look for garbage among all that ends with the process
    else:
        gc.unfreeze()  # a file that a test left open in a cycle is reported
    if _building.ident:
        _building.join()
    _databases.close()
    _lease.__exit__(None, None, None)


@contextmanager
def _chosen_clock(item: pytest.Item) -> Iterator[None]:
    """Start a test at the next full hour: no minute, hour or day ends under it.

    Rate limits count by minute and by hour, pages by day. ``CLOCK=2027-03-28T01:59:59.9+01:00`` tries another
    moment. Tests with other processes, whose clock is the machine's, keep that one.
    """
    if rank(item.path) < len(WAITING) or "process_environment" in getattr(item, "fixturenames", ()):
        yield
        return
    chosen = os.environ.get("CLOCK")
    hour = datetime.now(UTC).replace(minute=0, second=1, microsecond=0) + timedelta(hours=1)
    with time_machine.travel(datetime.fromisoformat(chosen) if chosen else hour):
        yield


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> object:
    """Run a test as pytest does, with room for the frames of its calls, which are deep in the stack."""
    with _chosen_clock(item):
        return in_one_chunk(runner.pytest_runtest_protocol)(item, nextitem)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Connect to the clone that the test's marker names (an empty schema without a marker)."""
    if not _wants_database(item):
        return
    name = next((name for name in reversed(TEMPLATES) if item.get_closest_marker(name)), "schema")
    database, connection = _databases.use(name, commits=_commits(item)), connections["default"]
    if connection.settings_dict["NAME"] != database:  # otherwise the connection serves again
        connection.close()
        connection.settings_dict["NAME"] = database
    item.stash[_template] = name


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """Undo in the clone what a test really committed."""
    result = yield
    if _template in item.stash and _commits(item):
        connections["default"].close()
        _databases.clean(item.stash[_template])
    return result


def _wants_database(item: pytest.Item) -> bool:
    return bool(item.get_closest_marker("django_db")) or "django_db_setup" in getattr(
        item, "fixturenames", ()
    )


def _commits(item: pytest.Item) -> bool:
    marker = item.get_closest_marker("django_db")
    return bool(marker and marker.kwargs.get("transaction")) or bool(
        {"transactional_db", "live_server"} & set(getattr(item, "fixturenames", ()))
    )


@pytest.fixture(scope="session")
def django_db_setup() -> None:
    """Nothing left to do: ``pytest_runtest_setup`` has made the database and connected to it."""


@pytest.fixture(scope="session")
def undone(django_db_setup, django_db_blocker) -> Callable[[], AbstractContextManager[None]]:
    """Undo in the end what is built inside: for several tests, each of which starts from it.

    A fixture of a class or of a module opens it. All tests there want what it builds, and none commits.
    """

    @contextmanager
    def block() -> Iterator[None]:
        transaction_of_all = transaction.atomic()
        transaction_of_all._from_testcase = True  # noqa: SLF001 (actions insist on transactions of their own)
        with django_db_blocker.unblock(), transaction_of_all:
            yield
            transaction.set_rollback(True)

    return block


@pytest.fixture
def process_environment(request: pytest.FixtureRequest) -> dict[str, str]:
    """The environment of a process (a worker, a command) that shares this test's database and broker."""
    url = _databases.url_of(request.node.stash[_template], commits=_commits(request.node))
    return os.environ | {"DATABASE_URL": url}


@pytest.fixture(scope="session")
def run_python() -> Iterator[Callable[..., CompletedProcess[str]]]:
    """Run Python in a process, as ``LoadedLibraries.run`` does."""
    loaded = LoadedLibraries()
    yield loaded.run
    loaded.stop()


@pytest.fixture(scope="session")
def commit() -> Callable[..., Any]:
    """Call an action as in real life: what it leaves for after its commit is done too."""

    def called(action: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        with TestCase.captureOnCommitCallbacks(execute=True):
            result = action(*args, **kwargs)
        if isinstance(result, Model):
            result.refresh_from_db()
        return result

    return called


@pytest.fixture(scope="session")
def now() -> datetime:
    """A Tuesday morning without anything special about it."""
    return datetime(2026, 12, 1, 10, 0, tzinfo=ZoneInfo("Europe/Paris"))


@pytest.fixture
def smtp_sink(settings) -> Iterator[SmtpSink]:
    """A real SMTP server on loopback that the portal's mails go to."""
    sink = SmtpSink()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = sink.address
    settings.EMAIL_TIMEOUT = 60
    yield sink
    sink.stop()


@pytest.fixture
def unavailable_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Point the application to a broker that does not answer: its pools of connections are recreated."""
    monkeypatch.setitem(app.conf, "broker_url", "redis://127.0.0.1:1/0")
    monkeypatch.setattr(BrokerState, "paused_until", 0.0)  # restored after the test
    monkeypatch.setattr(app, "_pool", None)
    monkeypatch.setattr(app.amqp, "_producer_pool", None)


@pytest.fixture(scope="session")
def running_register() -> Iterator[RegisterServer]:
    with fake_register.running() as server:
        yield server


@pytest.fixture
def register_server(running_register: RegisterServer) -> RegisterServer:
    """The company register over a real socket, answering, whatever the test before made of it."""
    running_register.mode = Mode.ANSWER
    running_register.retry_after = "4"
    running_register.questions.clear()
    return running_register


@pytest.fixture
def fail(register_server: RegisterServer, settings) -> Callable[[Mode], None]:
    """Make the register fail in one way; when that would never end, it is given up soon."""

    def failing(mode: Mode) -> None:
        register_server.mode = mode
        if mode in {Mode.HANG, Mode.TRICKLE, Mode.TRICKLE_HEADERS}:
            settings.REGISTER_TIMEOUT = timedelta(seconds=0.3)

    return failing


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    """The installed Chromium; without one, skip, or fail where a browser is required."""
    path = find_chromium()
    if path is None:
        sentence = "NO CHROMIUM OR CHROME IS INSTALLED: the browser tests do not run"
        (pytest.fail if os.environ.get("REQUIRE_BROWSER") == "1" else pytest.skip)(sentence)
    return browser_type_launch_args | {"executable_path": path, "args": [*LAUNCH_ARGUMENTS, LIGHT_JAVASCRIPT]}
