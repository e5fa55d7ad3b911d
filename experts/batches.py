"""Files of requests, a JSON object per line (JSONL), that commands answer in order. Pure but for the file."""

import codecs
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

STANDARD_INPUT = "-"


class InvalidInput(ValueError):
    """A request that cannot be answered; the message is one or several French sentences."""

    def __init__(self, *sentences: str) -> None:
        super().__init__(" ".join(sentences))


def read_lines(name: str) -> Iterator[bytes]:
    """Read the lines of a file that are not blank. Raises ``InvalidInput`` when it cannot be read."""
    if name == STANDARD_INPUT:
        yield from _not_blank(sys.stdin.buffer)
        return
    try:
        with Path(name).open("rb") as file:
            yield from _not_blank(file)
    except OSError:
        raise InvalidInput(f"Le fichier « {name} » ne peut pas être lu.") from None


def parse_line(line: bytes) -> dict[str, Any]:
    """Parse the object of a line. Raises ``InvalidInput``."""
    try:
        request = json.loads(line.decode())
    except (ValueError, RecursionError):
        raise InvalidInput("Cette ligne n'est pas du JSON lisible, en UTF-8.") from None
    if not isinstance(request, dict):
        raise InvalidInput("Cette ligne n'est pas un objet JSON : écrivez {…}.")
    return request


def _not_blank(file: BinaryIO) -> Iterator[bytes]:
    for line in file:
        if content := line.removeprefix(codecs.BOM_UTF8).strip():
            yield content
