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
from solicitations.views.company import lost
from territories.models import Region
from tests.attacks.world import World
from tests.solicitations.company.visitor import Visitor


@pytest.fixture(autouse=True)
def register(register_server: RegisterServer, settings) -> RegisterServer:
    """The register, answering; nothing is remembered of another test, and nobody has to wait."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    settings.REGISTER_URL = register_server.url
    settings.REGISTER_TIMEOUT = timedelta(seconds=60)
    cache.clear()
    return register_server


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attackers are patient, tests are not: the delays have tests of their own."""
    monkeypatch.setattr(limits, "MINIMUM_DELAY", timedelta(0))
    monkeypatch.setattr(lost, "ANSWERS_AFTER", timedelta(0))


@pytest.fixture(autouse=True)
def webhook_secret(settings) -> None:
    """Anymail warns of its views' having none, the unused ones too."""
    settings.ANYMAIL_WEBHOOK_SECRET = ["provider:secret"]


@pytest.fixture
def today(now: datetime) -> Iterator[datetime]:
    """Pages read the clock: it stands at ``now``."""
    with time_machine.travel(now, tick=False):
        yield now


@pytest.fixture
def commit(django_capture_on_commit_callbacks) -> Any:
    """Call an action as in real life: what it leaves for after its commit is done too."""

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
def neighbour() -> User:
    """Of a region that has nothing to do with the world."""
    return _of_region("94")


@pytest.fixture
def regional() -> User:
    """Of the world's region."""
    return _of_region("27")


def _of_region(code: str) -> User:
    region = Region.objects.get(pk=code)
    return User.objects.create_user(f"region{code}@equipe.example.org", role="region", region=region)


@pytest.fixture
def world(commit, national, today) -> World:
    """One of everything, in Bourgogne."""
    return World.build(commit=commit, user=national, now=today, phone="03 53 02 00 01")


@pytest.fixture
def other(commit, world, today) -> World:
    """The same again, about another company."""
    return World.build(
        commit=commit, user=world.user, now=today, siret="", email="autre@example.org", company_name="Autre"
    )
