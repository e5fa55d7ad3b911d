"""A table locked by somebody else (a migration, a command) costs the pages that read it, no others."""

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg2
import pytest
from django.apps import apps
from django.db import connection
from django.test import Client

from portal import database_waits, home_content
from tests.databases import ROOT
from tests.experts.factories import signed_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.demo_directory]

TABLES = sorted({model._meta.db_table for model in apps.get_models(include_auto_created=True)} | {"cache"})


@contextmanager
def locked(*tables: str) -> Iterator[None]:
    """Lock tables as ALTER TABLE does, from another connection."""
    with closing(psycopg2.connect(**connection.get_connection_params() | {"cursor_factory": None})) as other:
        with other.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE")
        yield
        other.rollback()


@pytest.fixture(autouse=True)
def nothing_in_memory(monkeypatch):
    monkeypatch.setattr(home_content.Memory, "content", home_content.HomeContent())
    monkeypatch.setattr(home_content.Memory, "paused_until", 0.0)


@pytest.fixture
def as_a_visit():
    """The limits of a web process, on this test's connection."""
    with connection.cursor() as cursor:
        for name in database_waits.OF_VISITS:
            cursor.execute(f"SET {name} = '300ms'")
    yield
    connection.close()


@pytest.mark.parametrize("path", ["/", "/sante/?vivant"])
def test_pages_that_never_wait_are_shown_with_every_table_locked(path):
    """Without a limit on this connection: a wait would be without end."""
    with locked(*TABLES):
        assert Client().get(path).status_code == 200


@pytest.mark.parametrize("path", ["/", "/sante/?vivant"])
def test_so_they_are_to_somebody_who_is_signed_in_and_stays_so(path, national):
    client = signed_in(national)
    before = client.cookies["sessionid"].value

    with locked(*TABLES):
        assert client.get(path).status_code == 200

    assert client.cookies["sessionid"].value == before
    assert client.get("/").status_code in {200, 302}
    assert "_auth_user_id" in client.session


@pytest.mark.parametrize("table", ["experts_theme", "experts_institution", "experts_entryquestion_subjects"])
def test_home_page_shows_what_it_last_read_while_a_table_is_locked(client, table):
    shown = client.get("/").content.decode()

    with locked(table):
        assert links_of(client.get("/")) == links_of_text(shown)


@pytest.mark.parametrize("path", ["/plan-du-site/", "/themes/droit-travail/", "/api/v1/themes/"])
def test_visit_that_needs_the_table_gives_up(path, as_a_visit):
    client = Client(raise_request_exception=False)

    with locked("experts_theme"):
        assert client.get(path).status_code == 500
        assert client.get("/contact/").status_code == 200

    assert client.get(path).status_code == 200


def test_web_processes_have_limits_and_the_others_none(settings):
    direct = {"DISABLE_SERVER_SIDE_CURSORS": False, "OPTIONS": {"options": "-c lock_timeout=9s"}}
    pooled = {"DISABLE_SERVER_SIDE_CURSORS": True}
    for database in (direct, pooled):
        database_waits.limit(database)

    assert direct["OPTIONS"]["options"] == ("-c lock_timeout=2s -c statement_timeout=15s -c lock_timeout=9s")
    assert pooled == {"DISABLE_SERVER_SIDE_CURSORS": True}
    callers = [path.name for path in ROOT.glob("*.py") if "database_waits" in path.read_text()]
    assert callers == ["gunicorn.conf.py"]
    assert "options" not in settings.DATABASES["default"].get("OPTIONS", {})


def links_of(answer) -> list[str]:
    return links_of_text(answer.content.decode())


def links_of_text(page: str) -> list[str]:
    return re.findall(r'href="(/[^"]*)"', page)
