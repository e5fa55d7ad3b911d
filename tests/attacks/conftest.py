"""Fixtures for attacks: the portal with one object of every kind, and a register without cache."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache

from demo.fake_register import RegisterServer
from experts.accounts import limits
from experts.models import User
from owners.views import lost
from territories.models import Region
from tests.attacks.sample_data import SampleData
from tests.owners.visitor import Visitor


@pytest.fixture(autouse=True)
def company_register(register_server: RegisterServer, settings) -> RegisterServer:
    """A register that answers, with an empty cache and a long timeout."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    settings.REGISTER_URL = register_server.url
    settings.REGISTER_TIMEOUT = timedelta(seconds=60)
    cache.clear()
    return register_server


@pytest.fixture(autouse=True)
def no_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the minimum delays, which have tests of their own."""
    monkeypatch.setattr(limits, "MINIMUM_DELAY", timedelta(0))
    monkeypatch.setattr(lost, "ANSWERS_AFTER", timedelta(0))


@pytest.fixture(autouse=True)
def webhook_secret(settings) -> None:
    """Set a webhook secret, without which Anymail's views warn."""
    settings.ANYMAIL_WEBHOOK_SECRET = ["provider:secret"]


@pytest.fixture
def today(now: datetime) -> Iterator[datetime]:
    """Stop the clock that pages read at ``now``."""
    with time_machine.travel(now, tick=False):
        yield now


@pytest.fixture
def commit(django_capture_on_commit_callbacks) -> Any:
    """Call an action and run its ``on_commit`` callbacks."""

    def called(action: Any, *args: Any, **kwargs: Any) -> Any:
        with django_capture_on_commit_callbacks(execute=True):
            return action(*args, **kwargs)

    return called


@pytest.fixture
def visitor(client, django_capture_on_commit_callbacks) -> Visitor:
    return Visitor(client, django_capture_on_commit_callbacks)


@pytest.fixture
def national() -> User:
    return User.objects.create_user("nationale@equipe.example.org", name="Équipe nationale", role="national")


@pytest.fixture
def other_regional() -> User:
    """Staff of another region than the sample data's."""
    return _of_region("94")


@pytest.fixture
def regional() -> User:
    """Staff of the sample data's region."""
    return _of_region("27")


def _of_region(code: str) -> User:
    region = Region.objects.get(pk=code)
    return User.objects.create_user(f"region{code}@equipe.example.org", role="region", region=region)


@pytest.fixture
def sample_data(commit, national, today) -> SampleData:
    """One object of every kind, in Bourgogne."""
    return SampleData.build(commit=commit, user=national, now=today, phone="03 53 02 00 01")


@pytest.fixture
def other(commit, sample_data, today) -> SampleData:
    """Another set of objects, about another company."""
    return SampleData.build(
        commit=commit,
        user=sample_data.user,
        now=today,
        siret="",
        email="autre@example.org",
        company_name="Autre",
    )
