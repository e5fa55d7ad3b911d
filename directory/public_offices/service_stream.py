"""Objects of a JSON file of hundreds of megabytes, one at a time: the memory stays flat."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

PART = 1024 * 1024  # characters
MAX_OBJECT_BYTES = 20 * PART
BETWEEN = re.compile(r"[\s,:]*")
MISSING = "la liste « service » n'y est pas : ce n'est pas la base attendue."
CUT_SHORT = "le fichier est coupé : sa fin manque."


class UnreadableServices(Exception):
    """The file is not the expected JSON; the message is a sentence."""


def read_services(path: Path) -> Iterator[Any]:
    """The items of the list ``service``, or of the only list. Raises ``UnreadableServices``."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            yield from _Reader(file).items()
    except OSError as error:
        raise UnreadableServices(f"ce fichier ne peut pas être ouvert ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise UnreadableServices("ce fichier n'est pas en UTF-8.") from error


class _Reader:
    """A window on the file, moved forward as its objects are read."""

    def __init__(self, file: IO[str]) -> None:
        self.file, self.text, self.position, self.is_over = file, "", 0, False
        self.decoder = json.JSONDecoder()

    def items(self) -> Iterator[Any]:
        """The items of the file's list, or of each list that its object has under the key « service »."""
        if self._peek() == "[":
            yield from self._list(1)
            return
        if self._peek() != "{":
            raise UnreadableServices(MISSING)
        self.position += 1
        count = lists = 0
        while self._peek() == '"':
            key = self._value(MISSING)
            mark = self._peek()
            if key != "service" or mark != "[":
                self._value(MISSING)
                continue
            lists += 1
            for item in self._list(count + 1):
                count += 1
                yield item
        if not lists:
            raise UnreadableServices(MISSING)

    def _list(self, first: int) -> Iterator[Any]:
        """The items of the list at the position, left behind; ``first``: the number of its first one."""
        self.position += 1
        number = first
        while (mark := self._peek()) != "]":
            if not mark:
                raise UnreadableServices(CUT_SHORT)
            yield self._value(f"le service n° {number} est illisible.", CUT_SHORT)
            number += 1
        self.position += 1

    def _peek(self) -> str:
        """The next character that is no mark between values; empty at the end."""
        while True:
            found = BETWEEN.match(self.text, self.position)
            self.position = found.end() if found else self.position
            if self.position < len(self.text) or self.is_over:
                return self.text[self.position : self.position + 1]
            self._grow()

    def _value(self, unreadable: str, cut_short: str = "") -> Any:
        """The value at the position, once enough of the file is read; sentences when it cannot be."""
        while True:
            try:
                value, end = self.decoder.raw_decode(self.text, self.position)
            except (json.JSONDecodeError, RecursionError) as error:
                if self.is_over or len(self.text) - self.position > MAX_OBJECT_BYTES:
                    sentence = cut_short if self._is_cut(error) else ""
                    raise UnreadableServices(sentence or unreadable) from error
            else:
                if end < len(self.text) or self.is_over:  # else a number may go on
                    self.position = end
                    return value
            self._grow()

    def _is_cut(self, error: Exception) -> bool:
        return isinstance(error, json.JSONDecodeError) and error.pos >= len(self.text.rstrip()) - 1

    def _grow(self) -> None:
        """Read more, at least as much as what waits: long objects are not decoded too often."""
        waiting = len(self.text) - self.position
        more = self.file.read(max(PART, waiting))
        self.is_over = not more
        self.text, self.position = self.text[self.position :] + more, 0
