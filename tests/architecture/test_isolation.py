"""Test processes share neither databases nor what the caller's shell says."""

from contextlib import closing

from demo import services
from tests.databases import Databases


def test_two_processes_on_one_server_have_databases_of_different_numbers():
    url = services.addresses()["DATABASE_URL"]
    with closing(Databases(url)) as one, closing(Databases(url)) as two:
        numbers = {one.number, two.number}

    assert len(numbers) == 2
