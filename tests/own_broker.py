"""A broker of one test's own, which may be filled or made read-only."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from demo.embedded.ports import free_port
from demo.embedded.valkey import Valkey
from tests.workers import wait_for

# Each lets a client connect and PING, and refuses to write.
REFUSALS = {
    "full": {"maxmemory": "1", "maxmemory-policy": "noeviction"},
    "read-only": {"replicaof": "127.0.0.1 1"},
    "without enough replicas": {"min-replicas-to-write": "1"},
}


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Run a broker on a free port and yield its address."""
    port = free_port()
    options = ("--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", str(folder))
    with (folder / "broker.log").open("wb") as log:
        server = subprocess.Popen([Valkey(folder).binary(), *options], stdout=log, stderr=log)  # noqa: S603
    try:
        url = f"redis://127.0.0.1:{port}/0"
        wait_for(lambda: Valkey(folder).answers(url))
        yield url
    finally:
        server.kill()
        server.wait()


def refuse_writes(url: str, kind: str) -> None:
    """Make the broker refuse what is written from now on: a key of ``REFUSALS``."""
    with redis.Redis.from_url(url) as client:
        for name, value in REFUSALS[kind].items():
            if name == "replicaof":
                client.replicaof(*value.split())
            else:
                client.config_set(name, value)
