"""Errors of every command when it cannot read or write."""

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.django_db


def manage(
    *arguments: str, environment: dict[str, str], **options: object
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(  # noqa: S603 (our own command)
        command,
        cwd=ROOT,
        env=environment,
        text=True,
        stderr=subprocess.PIPE,
        check=False,
        timeout=600,
        **options,
    )


def test_database_without_tables_is_a_sentence(process_environment):
    empty = process_environment["DATABASE_URL"].rpartition("/")[0] + "/postgres"
    environment = process_environment | {"DATABASE_URL": empty}

    ended = manage("import_catalogue", environment=environment, stdout=subprocess.PIPE)

    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert "manage.py migrate" in ended.stderr


def test_database_away_is_a_sentence(process_environment):
    environment = process_environment | {"DATABASE_URL": "postgres://nobody:x@127.0.0.1:1/relais"}

    ended = manage("import_catalogue", environment=environment, stdout=subprocess.PIPE)

    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert "ne répond pas" in ended.stderr


def test_table_in_use_is_a_sentence(process_environment):
    environment = process_environment | {"PGOPTIONS": "-c lock_timeout=200ms"}
    with closing(psycopg2.connect(process_environment["DATABASE_URL"])) as visitor:
        visitor.cursor().execute("LOCK TABLE territories_region IN ACCESS EXCLUSIVE MODE")
        ended = manage("import_catalogue", environment=environment, stdout=subprocess.PIPE)

    assert ended.returncode == 1
    assert ended.stderr.startswith("D'autres se servent des mêmes tables : relancez la commande")


def test_reader_who_leaves_early_meets_no_traceback(process_environment):
    read, write = os.pipe()
    os.close(read)

    ended = manage("help", environment=process_environment, stdout=write)
    os.close(write)

    assert "Traceback" not in ended.stderr
