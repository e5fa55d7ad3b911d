"""Fixtures of the journeys: a simulated clock, a mail server, the company register."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from django.core.cache import cache

from demo.fake_register import RegisterServer
from tests.journeys.simulation import Simulation


@pytest.fixture
def company_register(register_server, settings) -> RegisterServer:
    """The company register, with an empty cache."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    settings.REGISTER_URL = register_server.url
    settings.REGISTER_TIMEOUT = timedelta(seconds=60)
    cache.clear()
    return register_server


@pytest.fixture
def simulation(
    company_register, smtp_sink, django_capture_on_commit_callbacks, now: datetime
) -> Iterator[Simulation]:
    """A simulation that starts on a Tuesday morning in December, without any mail."""
    with time_machine.travel(now, tick=False) as clock:
        yield Simulation(clock, smtp_sink, django_capture_on_commit_callbacks)
