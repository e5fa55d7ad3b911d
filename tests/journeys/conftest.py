"""The world of a journey: a clock that one moves on, a mail server, the register, people."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from django.core.cache import cache

from demo.fake_register import RegisterServer
from tests.journeys.world import World


@pytest.fixture
def register(register_server, settings) -> RegisterServer:
    """The company register, and nothing remembered from another test."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    settings.REGISTER_URL = register_server.url
    settings.REGISTER_TIMEOUT = timedelta(seconds=2)
    cache.clear()
    return register_server


@pytest.fixture
def world(register, smtp_sink, django_capture_on_commit_callbacks, now: datetime) -> Iterator[World]:
    """A Tuesday morning in December; nothing was sent yet."""
    with time_machine.travel(now, tick=False) as clock:
        yield World(clock, smtp_sink, django_capture_on_commit_callbacks)
