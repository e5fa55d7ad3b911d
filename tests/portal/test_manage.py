"""Errors of every command when it cannot read or write."""

import os
from contextlib import closing

import psycopg2
import pytest

pytestmark = pytest.mark.django_db


def test_database_without_tables_is_a_sentence(run_python, process_environment):
    empty = process_environment["DATABASE_URL"].rpartition("/")[0] + "/postgres"
    environment = process_environment | {"DATABASE_URL": empty}

    ended = run_python("manage.py", "import_catalogue", environment=environment)

    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert "manage.py migrate" in ended.stderr


def test_database_away_is_a_sentence(run_python, process_environment):
    environment = process_environment | {"DATABASE_URL": "postgres://nobody:x@127.0.0.1:1/relais"}

    ended = run_python("manage.py", "import_catalogue", environment=environment)

    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert "ne répond pas" in ended.stderr


def test_table_in_use_is_a_sentence(run_python, process_environment):
    environment = process_environment | {"PGOPTIONS": "-c lock_timeout=200ms"}
    with closing(psycopg2.connect(process_environment["DATABASE_URL"])) as visitor:
        visitor.cursor().execute("LOCK TABLE territories_region IN ACCESS EXCLUSIVE MODE")
        ended = run_python("manage.py", "import_catalogue", environment=environment)

    assert ended.returncode == 1
    assert ended.stderr.startswith("D'autres se servent des mêmes tables : relancez la commande")


def test_reader_who_leaves_early_meets_no_traceback(run_python, process_environment):
    read, write = os.pipe()
    os.close(read)

    with os.fdopen(write, "wb") as stdout:
        ended = run_python("manage.py", "help", environment=process_environment, stdout=stdout)

    assert "Traceback" not in ended.stderr
