"""The embedded servers, started in temporary checkouts."""

import os
import shutil
import signal
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest
import redis

from demo import services
from demo.embedded.account import account_for
from demo.embedded.postgres import Postgres
from demo.embedded.valkey import Valkey

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="root alone changes account")


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch):
    for name in services.VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def checkout():
    """The servers' folder, to be made, of a checkout that any account can reach."""
    with checkouts() as make:
        yield make


@contextmanager
def checkouts():
    """Folders that any account can reach; pytest's own are 0700."""
    with tempfile.TemporaryDirectory(prefix="relais-") as folder:
        Path(folder).chmod(0o755)

        def make(name="one", mode=0o755):
            parent = Path(folder) / name
            parent.mkdir(mode=mode)
            return parent / ".services"

        yield make
        for parent in Path(folder).iterdir():
            services.stop(parent / ".services")


@pytest.fixture(scope="module")
def made():
    """The servers' folder of a checkout whose servers have run: PostgreSQL's files take long to make."""
    with pytest.MonkeyPatch.context() as monkeypatch, checkouts() as make:
        for name in services.VARIABLES:
            monkeypatch.delenv(name, raising=False)
        folder = make("made")
        services.start(folder)
        yield folder


@pytest.fixture
def folder(made):
    """The servers' folder of a checkout whose servers are stopped."""
    services.stop(made)
    yield made
    services.stop(made)


def pids(folder):
    return [server.pid() for server in (Postgres(folder / "postgres"), Valkey(folder / "valkey"))]


def use(addresses):
    """Send a query to both servers."""
    with closing(psycopg2.connect(addresses["DATABASE_URL"])) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 40 + 2")
        assert cursor.fetchone() == (42,)
    with redis.Redis.from_url(addresses["REDIS_URL"]) as client:
        assert client.ping()


def test_start_gives_two_servers_that_answer(checkout):
    use(services.start(checkout()))


def test_second_start_finds_the_first(folder):
    first = services.start(folder)
    running = pids(folder)

    assert services.start(folder) == first
    assert pids(folder) == running


def test_stop_leaves_nothing(folder):
    services.start(folder)
    running = pids(folder)

    services.stop(folder)

    assert pids(folder) == [None, None]
    assert not any(Path(f"/proc/{pid}/cwd").exists() for pid in running)
    assert not services.is_running(folder)


def test_stop_is_harmless_twice_and_before_any_start(checkout):
    folder = checkout()

    services.stop(folder)
    services.start(folder)
    services.stop(folder)
    services.stop(folder)


def test_content_and_addresses_survive_a_stop(folder):
    first = services.start(folder)
    with closing(psycopg2.connect(first["DATABASE_URL"])) as connection:
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE kept ()")
        connection.commit()

    services.stop(folder)

    assert services.start(folder) == first
    with closing(psycopg2.connect(first["DATABASE_URL"])) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM kept")


@pytest.mark.parametrize("killed", [0, 1], ids=["postgres", "valkey"])
def test_killed_server_is_started_again(folder, killed):
    services.start(folder)
    os.kill(pids(folder)[killed], signal.SIGKILL)

    use(services.start(folder))


def test_stale_pid_files_of_other_processes_are_ignored(folder):
    services.start(folder)
    services.stop(folder)
    for path in (folder / "postgres/postmaster.pid", folder / "valkey/valkey.pid"):
        path.write_text(f"{os.getpid()}\n")

    use(services.start(folder))


def test_interrupted_creation_is_done_again(checkout):
    folder = checkout()
    (folder / "postgres/base").mkdir(parents=True)
    (folder / "postgres/base/half").touch()

    use(services.start(folder))


def test_two_checkouts_have_separate_servers(checkout):
    one, two = services.start(checkout("one")), services.start(checkout("two"))

    ports = {urlsplit(url).port for addresses in (one, two) for url in addresses.values()}

    assert len(ports) == 4


def test_copied_checkout_gets_servers_of_its_own(checkout):
    one, two = checkout("one"), checkout("two")
    first = services.start(one)
    shutil.copytree(one, two)

    assert not services.is_running(two)
    use(services.start(two))
    services.stop(two)
    use(first)


def test_moved_checkout_keeps_its_servers(checkout):
    one, two = checkout("one"), checkout("two")
    first = services.start(one)
    running = pids(one)
    one.rename(two)

    assert services.start(two) == first
    assert pids(two) == running


def test_concurrent_starts_make_one_pair(checkout):
    folder = checkout()

    with ThreadPoolExecutor() as pool:
        results = list(pool.map(lambda _: services.start(folder), range(4)))

    assert results == [results[0]] * 4
    use(results[0])


@pytest.mark.parametrize("name", services.VARIABLES)
def test_environment_wins_and_its_server_is_not_started(folder, monkeypatch, name):
    monkeypatch.setenv(name, "elsewhere://host/1")

    addresses = services.start(folder)

    assert addresses[name] == "elsewhere://host/1"
    assert pids(folder).count(None) == 1


def test_environment_that_names_both_starts_nothing(checkout, monkeypatch):
    folder = checkout()
    for name in services.VARIABLES:
        monkeypatch.setenv(name, "elsewhere://host/1")

    services.start(folder)

    assert not folder.exists()


def test_last_lease_stops_the_servers(folder):
    with services.lease(folder) as addresses:
        with services.lease(folder):
            use(addresses)
        use(addresses)

    assert pids(folder) == [None, None]


def test_lease_leaves_servers_that_were_asked_to_stay(folder):
    services.start(folder)

    with services.lease(folder) as addresses:
        pass

    use(addresses)


def test_strangers_are_refused(folder):
    addresses = services.start(folder)
    database, broker = (urlsplit(addresses[name]) for name in services.VARIABLES)

    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(database._replace(netloc=f"embedded@127.0.0.1:{database.port}").geturl())
    with redis.Redis(port=broker.port) as client, pytest.raises(redis.AuthenticationError):
        client.ping()


def test_secrets_are_for_the_owner_alone(folder):
    services.start(folder)

    for path in (folder / "env", folder / "password", folder / "valkey/valkey.conf"):
        assert path.stat().st_mode & 0o077 == 0


@as_root
def test_root_works_under_a_closed_home(checkout):
    use(services.start(checkout("closed", mode=0o700)))


@as_root
def test_root_works_under_a_closed_home_without_namespaces(checkout, monkeypatch, tmp_path):
    for name in ("sh", "setpriv"):
        (tmp_path / name).symlink_to(shutil.which(name))
    folder = checkout("closed", mode=0o700)
    monkeypatch.setenv("PATH", str(tmp_path))

    use(services.start(folder))

    assert account_for(folder, []).prefix[0] == "setpriv"


@as_root
def test_servers_never_run_as_root(folder):
    services.start(folder)

    assert 0 not in [Path(f"/proc/{pid}").stat().st_uid for pid in pids(folder)]


@as_root
def test_files_belong_to_the_owner_of_the_checkout(checkout):
    folder = checkout()
    os.chown(folder.parent, 1, 1)

    services.start(folder)

    assert {path.stat().st_uid for path in folder.rglob("*")} == {1}


def test_status_prints_both_lines_and_needs_no_database(run_python):
    addresses = {"DATABASE_URL": "postgres://nowhere.invalid/x", "REDIS_URL": "redis://nowhere.invalid/0"}

    done = run_python("manage.py", "services", "status", environment=os.environ | addresses)

    assert done.returncode == 0
    assert done.stdout.splitlines() == [f"{name}={url}" for name, url in addresses.items()]


def test_unknown_order_is_refused(run_python):
    done = run_python("manage.py", "services", "restart", environment=os.environ)

    assert done.returncode != 0
