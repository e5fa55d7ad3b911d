"""Secrets and names are neither shown nor logged when a page crashes."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from tests.attacks.addresses import every_address
from tests.attacks.sample_data import SampleData
from tests.experts.factories import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]

PLANTED = "Zéphyrine Planterose"
ADDRESS = "zephyrine@planterose.example.org"
OURS = [address for address in every_address() if not address.is_admin and address.name != "health"]


@pytest.fixture
def crash() -> Iterator[None]:
    """Make every query on requests raise an error that quotes a row, as PostgreSQL does."""

    def raising(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "solicitations_" in sql:
            raise ValueError(f"Key (email)=({ADDRESS}) already exists: {PLANTED}")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(raising):
        yield


def test_no_page_that_crashes_shows_or_logs_anything(sample_data: SampleData, national, crash, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    tokens = {sample_data.owner_token, sample_data.expert_token, sample_data.draft_token}
    secrets = {
        PLANTED,
        ADDRESS,
        sample_data.solicitation.email,
        sample_data.solicitation.contact_name,
        *tokens,
    }
    crashed = 0
    for client in (Client(), signed_in(national)):
        client.raise_request_exception = False
        for address in OURS:
            path = sample_data.path(address)
            for answer in (client.get(path), client.post(path, {"body": PLANTED, "email": ADDRESS})):
                page = answer.content.decode()
                crashed += answer.status_code == 500
                if answer.status_code >= 500:
                    assert [secret for secret in secrets if secret in page] == [], address
                    assert "Traceback" not in page
                    assert "postgres" not in page

    assert crashed > 20
    output = capfd.readouterr()
    written = output.out + output.err
    assert [secret for secret in secrets if secret in written] == []


def test_settings_are_shown_nowhere(settings):
    """Error pages reveal neither the machine nor the versions of software."""
    client = Client(raise_request_exception=False)
    for path in ("/nulle-part/", "/suivi/x/", "/api/v1/rien/", "/admin/"):
        answer = client.get(path)
        page = answer.content.decode()
        for secret in (settings.SECRET_KEY, "/work/", "site-packages", "Django/", "gunicorn", "PostgreSQL"):
            assert secret not in page
        assert "Server" not in answer
        assert "X-Powered-By" not in answer
