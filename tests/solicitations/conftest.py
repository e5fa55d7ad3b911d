"""Fixtures of the tests of requests."""

from collections.abc import Iterator

import pytest

from solicitations.models import Solicitation
from tests.solicitations.factories import send


@pytest.fixture(scope="module")
def first_request(undone, commit, now) -> Iterator[Solicitation]:
    """A request that all tests of a module find sent; ``sent_once`` is read again for each."""
    with undone():
        yield commit(send, now=now)


@pytest.fixture
def sent_once(first_request) -> Solicitation:
    return Solicitation.objects.get(pk=first_request.pk)
