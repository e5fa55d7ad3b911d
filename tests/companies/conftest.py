"""The fake register, over a real socket, and a cache of its own for each test."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core.cache import cache

from companies import fake_register
from companies.fake_register import Mode, RegisterServer


@pytest.fixture(scope="session")
def register_server() -> Iterator[RegisterServer]:
    with fake_register.running() as server:
        yield server


@pytest.fixture
def register(register_server: RegisterServer, settings) -> RegisterServer:
    """The register of this test: answering, quickly given up, nothing remembered."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    settings.REGISTER_URL = register_server.url
    settings.REGISTER_TIMEOUT = timedelta(seconds=0.5)
    register_server.mode = Mode.ANSWER
    register_server.retry_after = "4"
    register_server.questions.clear()
    cache.clear()
    return register_server
