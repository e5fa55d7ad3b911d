"""Fixtures of the fault tests: a portal and servers of their own; ``FAULTS=long`` for long runs."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from demo import services
from demo.embedded.ports import free_port
from tests.databases import Databases
from tests.faults import servers
from tests.faults.harness import DATABASE, PortalHarness
from tests.faults.mail_server import MailServer
from tests.faults.servers import Servers
from tests.forks import LoadedPortals

IS_LONG = os.environ.get("FAULTS") == "long"
DEMO_DIRECTORY = "demo_directory"  # the database that each test gets a copy of


@pytest.fixture(scope="session")
def own_servers() -> Iterator[Servers]:
    """Servers that tests may kill; the catalogue and the demo's directory are loaded."""
    with servers.running() as own:
        _load_demo_directory(own)
        yield own


@pytest.fixture(scope="session")
def loaded_portals() -> Iterator[LoadedPortals]:
    portals = LoadedPortals()
    yield portals
    portals.stop()


@pytest.fixture(scope="session")
def mail_port() -> int:
    """The port of every test's mail server: the portal that is loaded for one test serves the next."""
    return free_port()


@pytest.fixture
def mail(mail_port: int) -> Iterator[MailServer]:
    server = MailServer(mail_port)
    yield server
    server.stop()


@pytest.fixture
def harness(
    own_servers: Servers, loaded_portals: LoadedPortals, mail: MailServer, tmp_path: Path
) -> Iterator[PortalHarness]:
    """A portal without any process yet."""
    own_servers.restore()
    _execute(own_servers, f"CREATE DATABASE {DATABASE} TEMPLATE {DEMO_DIRECTORY} STRATEGY FILE_COPY")
    portal = PortalHarness(own_servers, loaded_portals, mail, tmp_path)
    try:
        yield portal
    finally:
        portal.stop()
        own_servers.restore()
        _execute(own_servers, f"DROP DATABASE {DATABASE} WITH (FORCE)")


@pytest.fixture
def scaled() -> Callable[[int, int], int]:
    """Choose a number for a short run or a long one: ``scaled(short, long)``."""
    return lambda short, long: long if IS_LONG else short


def _load_demo_directory(own: Servers) -> None:
    """Copy the tests' database by PostgreSQL's own tools; test_backup tries our commands."""
    _execute(own, f"CREATE DATABASE {DEMO_DIRECTORY}")
    shared = Databases(services.addresses()["DATABASE_URL"])
    dump, restore = (own.postgres.binary().with_name(name) for name in ("pg_dump", "pg_restore"))
    try:
        copied = subprocess.run(  # noqa: S603 (our own words)
            [dump, "--format=custom", "--compress=0", "--dbname", shared.url_of("demo_directory")],
            stdout=subprocess.PIPE,
            check=True,
        )
    finally:
        shared.close()
    subprocess.run(  # noqa: S603
        [restore, "--dbname", own.database_url(DEMO_DIRECTORY)], input=copied.stdout, check=True
    )


def _execute(own: Servers, query: str) -> None:
    with closing(psycopg2.connect(own.urls[own.postgres])) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(query)
