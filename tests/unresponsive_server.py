"""A server that accepts connections and never answers, or closes each one immediately."""

import socket
from contextlib import suppress
from threading import Thread
from typing import Self


class UnresponsiveServer:
    """Listens on loopback inside a ``with`` block, and counts who came."""

    def __init__(self, *, closes_connections: bool = False) -> None:
        self.closes_connections = closes_connections
        self._connections: list[socket.socket] = []

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(self.closes_connections)
        self._thread = Thread(target=self._close_each, daemon=True)
        if self.closes_connections:
            self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        if self.closes_connections:
            self._thread.join()
        for connection in (self._listener, *self._connections):
            connection.close()

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    @property
    def count(self) -> int:
        """The number of connections made so far; the system holds those that nobody has accepted."""
        if not self.closes_connections:
            self._accept_all()
        return len(self._connections)

    def _accept_all(self) -> None:
        with suppress(OSError):
            while True:
                self._connections.append(self._listener.accept()[0])

    def _close_each(self) -> None:
        with suppress(OSError):
            while True:
                self._connections.append(self._listener.accept()[0])
                self._connections[-1].close()
