"""Signed-in members of staff, and requests that they may see."""

from collections.abc import Iterator

import pytest
import time_machine
from django.test import Client

from experts.models import User
from solicitations.dispatch import holding, routing
from solicitations.models import Solicitation
from territories.models import Region
from tests.experts.factories import signed_in
from tests.solicitations.factories import send


@pytest.fixture
def national() -> User:
    return User.objects.create_user("nationale@equipe.example.org", name="Équipe nationale", role="national")


@pytest.fixture
def regional() -> User:
    """Staff of the region of the factories' requests."""
    region = Region.objects.get(pk="27")
    return User.objects.create_user(
        "region@equipe.example.org", name="La région", role="region", region=region
    )


@pytest.fixture
def other_regional() -> User:
    """Staff of another region, who must not see these requests."""
    region = Region.objects.get(pk="94")
    return User.objects.create_user(
        "ailleurs@equipe.example.org", name="Ailleurs", role="region", region=region
    )


@pytest.fixture
def as_national(national) -> Client:
    return signed_in(national)


@pytest.fixture
def as_regional(regional) -> Client:
    return signed_in(regional)


@pytest.fixture
def as_other_regional(other_regional) -> Client:
    return signed_in(other_regional)


@pytest.fixture
def today(now):
    """Stop the clock that pages read at the time of the tests' requests."""
    with time_machine.travel(now, tick=False):
        yield now


@pytest.fixture
def sent(commit, today) -> Solicitation:
    """A routed request of Is-sur-Tille, in Bourgogne-Franche-Comté."""
    return commit(send, now=today)


@pytest.fixture(scope="module")
def first_request(undone, commit, now) -> Iterator[Solicitation]:
    """The same request, that all tests of a module find sent; ``sent_once`` is read again for each."""
    with undone():
        with time_machine.travel(now, tick=False):
            request = commit(send, now=now)
        yield request


@pytest.fixture
def sent_once(first_request, today) -> Solicitation:
    return Solicitation.objects.get(pk=first_request.pk)


@pytest.fixture
def confidential(commit, today) -> Solicitation:
    return commit(send, "licenciement", now=today, text="Mon serveur ne vient plus.")


@pytest.fixture
def held(commit, today) -> Solicitation:
    """A request held at its submission, with the decision and the alert that a worker adds."""
    text = "Voir https://a.example.org et https://b.example.org"
    request = commit(send, "saisonniers", now=today, text=text)
    commit(routing.route_safely, request.pk, now=today)
    commit(holding.report_held, request.pk, now=today)
    return request
