"""Fixtures of the owner's pages: a visitor, a register, valid answers."""

from datetime import timedelta

import pytest
from django.core.cache import cache

from demo.fake_register import RegisterServer
from experts.accounts import limits
from tests.owners.visitor import Visitor


@pytest.fixture(autouse=True)
def company_register(register_server: RegisterServer, settings) -> RegisterServer:
    """The fake register of this test, with an empty cache."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    settings.REGISTER_URL = register_server.url
    settings.REGISTER_TIMEOUT = timedelta(seconds=60)
    cache.clear()
    return register_server


@pytest.fixture(autouse=True)
def no_minimum_delay(monkeypatch) -> None:
    """Tests type faster than people; the delay has a test of its own."""
    monkeypatch.setattr(limits, "MINIMUM_DELAY", timedelta(0))


@pytest.fixture
def visitor(client, django_capture_on_commit_callbacks) -> Visitor:
    return Visitor(client, django_capture_on_commit_callbacks)
