"""Test processes share no database, and ignore the caller's environment variables."""

import os
from contextlib import closing

from demo import services
from tests.databases import Databases
from tests.environment import forget_the_shell


def test_two_processes_on_one_server_have_databases_of_different_numbers():
    url = services.addresses()["DATABASE_URL"]
    with closing(Databases(url)) as one, closing(Databases(url)) as two:
        numbers = {one.number, two.number}

    assert len(numbers) == 2


def test_shell_may_name_the_servers_and_says_nothing_else_to_tests(monkeypatch):
    servers = {"DATABASE_URL": "postgres://elsewhere/x", "REDIS_URL": "redis://elsewhere/0"}
    for name in (*servers, "SITE_URL", "REGISTER_URL", "BREVO_API_KEY", "PORT", "http_proxy"):
        monkeypatch.setenv(name, servers.get(name, "said by the shell"))

    forget_the_shell()

    assert "said by the shell" not in os.environ.values()
    assert servers.items() <= os.environ.items()
