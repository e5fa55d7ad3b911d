"""Asks ClamAV, when it is configured, whether a file holds a virus."""

import socket
import struct

from django.conf import settings

TIMEOUT = 20
CHUNK = 65_536


class ScannerDown(Exception):
    """ClamAV did not answer: the file may be unsafe."""


def finds_virus(content: bytes) -> bool:
    """Return whether ClamAV refuses the content; ``False`` without ClamAV. Raises ``ScannerDown``."""
    if not settings.CLAMAV_ADDRESS:
        return False
    host, _, port = settings.CLAMAV_ADDRESS.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=TIMEOUT) as connection:
            connection.sendall(b"zINSTREAM\0")
            for start in range(0, len(content), CHUNK):
                chunk = content[start : start + CHUNK]
                connection.sendall(struct.pack("!I", len(chunk)) + chunk)
            connection.sendall(struct.pack("!I", 0))
            answer = connection.recv(4096)
    except OSError as error:
        raise ScannerDown from error
    if answer.rstrip(b"\0\n").endswith(b"OK"):
        return False
    if b"FOUND" in answer:
        return True
    raise ScannerDown(answer.decode("ascii", "replace"))
