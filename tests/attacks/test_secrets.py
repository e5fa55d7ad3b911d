"""Secrets and names when something breaks: each page is made to crash with some in its hands."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from tests.attacks.addresses import every_address
from tests.attacks.world import World
from tests.experts.factories import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.reference]

PLANTED = "Zéphyrine Planterose"
ADDRESS = "zephyrine@planterose.example.org"
OURS = [address for address in every_address() if not address.is_admin and address.name != "health"]


@pytest.fixture
def crash() -> Iterator[None]:
    """Any reading of a request's row raises, its words in the error as PostgreSQL quotes them."""

    def raising(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "solicitations_" in sql:
            raise ValueError(f"Key (email)=({ADDRESS}) already exists: {PLANTED}")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(raising):
        yield


def test_no_page_that_crashes_shows_or_logs_anything(world: World, national, crash, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    tokens = {world.owner_token, world.expert_token, world.draft_token}
    secrets = {PLANTED, ADDRESS, world.solicitation.email, world.solicitation.contact_name, *tokens}
    crashed = 0
    for client in (Client(), signed_in(national)):
        client.raise_request_exception = False
        for address in OURS:
            path = world.path(address)
            for answer in (client.get(path), client.post(path, {"body": PLANTED, "email": ADDRESS})):
                page = answer.content.decode()
                crashed += answer.status_code == 500
                if answer.status_code >= 500:
                    assert [secret for secret in secrets if secret in page] == [], address
                    assert "Traceback" not in page
                    assert "postgres" not in page

    assert crashed > 20
    told = capfd.readouterr()
    written = told.out + told.err
    assert [secret for secret in secrets if secret in written] == []


def test_settings_are_shown_nowhere(settings):
    """The page of an error tells nothing of the machine, nor of the version of what runs it."""
    client = Client(raise_request_exception=False)
    for path in ("/nulle-part/", "/suivi/x/", "/api/v1/rien/", "/admin/"):
        answer = client.get(path)
        page = answer.content.decode()
        for secret in (settings.SECRET_KEY, "/work/", "site-packages", "Django/", "gunicorn", "PostgreSQL"):
            assert secret not in page
        assert "Server" not in answer
        assert "X-Powered-By" not in answer
