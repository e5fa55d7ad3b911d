"""A server that lets anyone connect and never says a word, or closes each connection at once."""

import socket
from contextlib import suppress
from threading import Thread
from typing import Self


class MuteServer:
    """Listens on loopback inside a ``with`` block, and counts who came."""

    def __init__(self, *, hangs_up: bool = False) -> None:
        self.hangs_up = hangs_up
        self._connections: list[socket.socket] = []

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(self.hangs_up)
        self._thread = Thread(target=self._close_each, daemon=True)
        if self.hangs_up:
            self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        if self.hangs_up:
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
        if not self.hangs_up:
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
