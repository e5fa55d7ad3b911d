"""Ports for servers that must be told theirs before they start."""

import secrets
import socket

# Below those that Linux gives, from 32768, to outgoing connections and to servers that ask for any: one of
# these would be taken between the choice and the start.
CHOSEN = range(20_000, 32_768)


def is_free(port: int) -> bool:
    """True when a server could listen on this port of 127.0.0.1 now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # closed connections do not count
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port of 127.0.0.1 at random, so that two processes rarely choose the same."""
    while not is_free(port := secrets.choice(CHOSEN)):
        pass
    return port
