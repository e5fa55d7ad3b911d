"""Ports chosen for servers that must be told theirs."""

import socket

from demo.embedded import ports


def test_a_port_where_a_server_listens_is_not_free():
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert not ports.is_free(server.getsockname()[1])


def test_a_port_that_is_taken_is_not_chosen(monkeypatch):
    port = ports.free_port()
    with socket.create_server(("127.0.0.1", port)):
        monkeypatch.setattr(ports, "CHOSEN", [port] * 50 + [ports.free_port()])

        assert ports.free_port() != port
