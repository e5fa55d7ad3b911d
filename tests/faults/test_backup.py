"""A backup restored into an empty database is the same database."""

import os
import re
import subprocess
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest

from demo.embedded.postgres import Postgres
from tests.faults import simulated_owners
from tests.faults.harness import PATIENCE

TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
SHAPE = """
    SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT sequencename, last_value::text FROM pg_sequences WHERE schemaname = 'public'
    ORDER BY 1, 2
"""
INCOMING = """
    INSERT INTO mailing_incomingemail (channel, message_id, sender, recipient, subject, raw, state, reason,
        about, received_at, next_try_at, last_error)
    VALUES ('pipe', '<one@example.org>', 'a@example.org', 'b@example.org', 'Réponse', %s, 'received', '',
        '{}', now(), now(), '')
"""
RAW = bytes(range(256)) * 10


@pytest.fixture
def empty(own_servers):
    """URL of an empty database."""
    with closing(psycopg2.connect(own_servers.urls[own_servers.postgres])) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("CREATE DATABASE restored")
            yield own_servers.database_url("restored")
            cursor.execute("DROP DATABASE restored WITH (FORCE)")


@pytest.fixture
def manage(run_python):
    """Run a command on a database."""

    def run(database, *arguments):
        environment = os.environ | {"DATABASE_URL": database}
        return run_python("manage.py", *map(str, arguments), environment=environment)

    return run


def content(database):
    """Row count and digest of every table; every constraint, index and sequence."""
    with closing(psycopg2.connect(database)) as connection, connection.cursor() as cursor:
        cursor.execute(TABLES)
        digests = {}
        for (table,) in cursor.fetchall():
            cursor.execute(
                f"SELECT count(*), md5(string_agg(row_text, chr(10) ORDER BY row_text)) "  # noqa: S608
                f'FROM (SELECT "{table}"::text AS row_text FROM "{table}") AS rows'
            )
            digests[table] = cursor.fetchone()
        cursor.execute(SHAPE)
        return digests, cursor.fetchall()


def tables_within(backup):
    """Tables whose rows are in the file, according to pg_restore."""
    tool = Postgres(Path()).binary().with_name("pg_restore")
    listing = subprocess.run([tool, "--list", backup], capture_output=True, text=True, check=True)  # noqa: S603
    return set(re.findall(r" TABLE DATA public (\w+) ", listing.stdout))


def test_restored_database_is_the_same(manage, harness, empty, tmp_path):
    harness.start_web()
    simulated_owners.post_all(simulated_owners.create_owners(harness, 6), harness.addresses)
    harness.sql(INCOMING, RAW)
    backup = tmp_path / "portal.backup"

    made = manage(harness.database_url, "backup", backup)
    restored = manage(empty, "restore", backup)

    assert (made.returncode, restored.returncode) == (0, 0), made.stderr + restored.stderr
    assert content(empty) == content(harness.database_url)
    assert tables_within(backup) == set(content(empty)[0])  # those that are empty here too
    assert restored.stdout.startswith("6 demandes, la dernière du ")
    assert "18 mails, dont 18 encore à envoyer" in restored.stdout
    assert backup.stat().st_mode & 0o077 == 0
    assert manage(empty, "migrate", "--check").returncode == 0


def test_backup_of_a_running_portal_is_consistent(manage, harness, empty, tmp_path):
    """Each request of the copy has its needs and its mails."""
    harness.start_web()
    owners = simulated_owners.create_owners(harness, 12)
    simulated_owners.post_all(owners[:4], harness.addresses)
    process = harness.start_process("manage", "backup", str(tmp_path / "portal.backup"))
    simulated_owners.post_all(owners[4:], harness.addresses)
    assert process.wait(PATIENCE) == 0

    assert manage(empty, "restore", tmp_path / "portal.backup").returncode == 0

    harness.database_url = empty
    kept = harness.count("SELECT count(*) FROM solicitations_solicitation")
    assert 4 <= kept <= 12
    assert harness.count("SELECT count(*) FROM mailing_outgoingemail WHERE key LIKE 'received:%'") == kept
    assert harness.count("SELECT count(*) FROM solicitations_need") == kept


def test_restore_refuses_a_database_that_holds_something(manage, harness, tmp_path):
    backup = tmp_path / "portal.backup"
    manage(harness.database_url, "backup", backup)
    before = content(harness.database_url)

    refused = manage(harness.database_url, "restore", backup)

    assert refused.returncode == 1
    assert "La base n'est pas vide" in refused.stderr
    assert content(harness.database_url) == before


def test_address_with_two_hosts_is_backed_up(manage, harness, empty, tmp_path):
    """URL with a primary that is away and the server that replaces it."""
    backup = tmp_path / "portal.backup"
    alive = urlsplit(harness.database_url)
    hosts = f"host=127.0.0.1,127.0.0.1&port=1,{alive.port}&target_session_attrs=read-write"
    address = alive._replace(netloc=f"{alive.username}:{alive.password}@", query=hosts).geturl()

    made = manage(address, "backup", backup)

    assert made.returncode == 0, made.stderr
    assert manage(empty, "restore", backup).returncode == 0
    assert content(empty) == content(harness.database_url)


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_address_of_a_pooler_is_refused(manage, empty, tmp_path, monkeypatch, command):
    """pg_dump would leave each of its connections without a ``search_path``."""
    monkeypatch.setenv("DISABLE_SERVER_SIDE_CURSORS", "true")

    refused = manage(empty, command, tmp_path / "portal.backup")

    assert refused.returncode == 1
    assert "donnez celle de PostgreSQL" in refused.stderr
    assert not list(tmp_path.glob("portal*"))


def test_file_cut_short_restores_nothing(manage, harness, empty, tmp_path):
    backup = tmp_path / "portal.backup"
    manage(harness.database_url, "backup", backup)
    backup.write_bytes(backup.read_bytes()[: backup.stat().st_size // 2])

    refused = manage(empty, "restore", backup)

    assert refused.returncode == 1
    assert refused.stderr.startswith("CommandError: pg_restore")
    assert content(empty) == ({}, [])


def test_backup_never_writes_over_another_nor_leaves_half_a_file(manage, harness, tmp_path):
    backup = tmp_path / "portal.backup"
    backup.write_text("yesterday's")

    assert manage(harness.database_url, "backup", backup).returncode == 1
    assert manage("postgres://embedded:wrong@127.0.0.1:1/none", "backup", tmp_path / "new").returncode == 1

    assert [path.name for path in tmp_path.iterdir() if path.name != "logs"] == ["portal.backup"]
    assert backup.read_text() == "yesterday's"
