"""The fake register, over a real socket, with an empty cache for each test."""

from datetime import timedelta

import pytest
from django.core.cache import cache

from demo.fake_register import RegisterServer


@pytest.fixture
def company_register(register_server: RegisterServer, settings) -> RegisterServer:
    """A register that answers, with an empty cache."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    settings.REGISTER_URL = register_server.url
    settings.REGISTER_TIMEOUT = timedelta(seconds=60)
    cache.clear()
    return register_server
