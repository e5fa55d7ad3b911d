"""Objects of a JSON file of hundreds of megabytes, one at a time: the memory stays flat."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

PART = 1024 * 1024  # characters
LONGEST_OBJECT = 20 * PART
BEFORE_LIST = re.compile(r"[\s,:]*")
BETWEEN = re.compile(r"[\s,]*")
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
        self._skip_to_list()
        count = 0
        while self._has_more():
            count += 1
            yield self._next(count)

    def _skip_to_list(self) -> None:
        """Move into the list, which is the file's, or that of the key « service » of its object."""
        if self._peek() != "[":
            self._skip_to_key()
        self.position += 1

    def _skip_to_key(self) -> None:
        """Move to the list of the key « service »; other keys are skipped, whatever they hold."""
        missing = "la liste « service » n'y est pas : ce n'est pas la base attendue."
        if self._peek() != "{":
            raise UnreadableServices(missing)
        self.position += 1
        while self._peek() == '"':
            key = self._value(missing)
            if self._peek() == "[" and key == "service":
                return
            self._value(missing)
        raise UnreadableServices(missing)

    def _peek(self) -> str:
        """The next character that is no mark between values; empty at the end."""
        while True:
            found = BEFORE_LIST.match(self.text, self.position)
            self.position = found.end() if found else self.position
            if self.position < len(self.text) or self.is_over:
                return self.text[self.position : self.position + 1]
            self._grow()

    def _value(self, missing: str) -> Any:
        """A key or a value before the list."""
        while True:
            try:
                value, end = self.decoder.raw_decode(self.text, self.position)
            except (json.JSONDecodeError, RecursionError) as error:
                if self.is_over or len(self.text) - self.position > LONGEST_OBJECT:
                    raise UnreadableServices(missing) from error
            else:
                if end < len(self.text) or self.is_over:  # else a number may go on
                    self.position = end
                    return value
            self._grow()

    def _has_more(self) -> bool:
        """Move to the next object; ``False`` at the end of the list."""
        while True:
            found = BETWEEN.match(self.text, self.position)
            self.position = found.end() if found else self.position
            if self.position < len(self.text):
                return self.text[self.position] != "]"
            if self.is_over:
                raise UnreadableServices(CUT_SHORT)
            self._grow()

    def _next(self, count: int) -> Any:
        """The object at the position, once enough of the file is read."""
        while True:
            try:
                item, self.position = self.decoder.raw_decode(self.text, self.position)
            except (json.JSONDecodeError, RecursionError) as error:
                if self.is_over or len(self.text) - self.position > LONGEST_OBJECT:
                    sentence = CUT_SHORT if self._is_cut(error) else f"le service n° {count} est illisible."
                    raise UnreadableServices(sentence) from error
                self._grow()
            else:
                return item

    def _is_cut(self, error: Exception) -> bool:
        return isinstance(error, json.JSONDecodeError) and error.pos >= len(self.text.rstrip()) - 1

    def _grow(self) -> None:
        """Read more, at least as much as what waits: long objects are not decoded too often."""
        waiting = len(self.text) - self.position
        more = self.file.read(max(PART, waiting))
        self.is_over = not more
        self.text, self.position = self.text[self.position :] + more, 0
