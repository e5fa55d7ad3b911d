"""Signed-in members of staff: of the region of the demo's directory, of another, of the national team."""

import pytest
from django.test import Client

from experts.models import User
from territories.models import Region
from tests.experts.factories import signed_in


def staff_of(region: str) -> User:
    return User.objects.create_user(
        f"region{region}@equipe.example.org",
        name=f"Région {region}",
        role="region",
        region=Region.objects.get(pk=region),
    )


@pytest.fixture
def regional(db) -> User:
    return staff_of("27")


@pytest.fixture
def other_regional(db) -> User:
    return staff_of("94")


@pytest.fixture
def as_regional(regional) -> Client:
    return signed_in(regional)


@pytest.fixture
def as_other_regional(other_regional) -> Client:
    return signed_in(other_regional)


@pytest.fixture
def as_national(db) -> Client:
    user = User.objects.create_user("nationale@equipe.example.org", name="Nationale", role="national")
    return signed_in(user)
