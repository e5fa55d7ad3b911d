"""The fake register, over a real socket, and a cache of its own for each test."""

from datetime import timedelta

import pytest
from django.core.cache import cache

from demo.fake_register import RegisterServer


@pytest.fixture
def register(register_server: RegisterServer, settings) -> RegisterServer:
    """The register of this test: answering, quickly given up, nothing remembered."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    settings.REGISTER_URL = register_server.url
    settings.REGISTER_TIMEOUT = timedelta(seconds=0.5)
    cache.clear()
    return register_server
