"""Private storage of the files of messages: a folder of ``PRIVATE_FILES``, never served as it is."""

import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from django.conf import settings

PARTIAL = ".partial"


class NoRoom(Exception):
    """The file could not be written: the disk is full, or missing."""


def write(content: bytes) -> str:
    """Store a file and return its key; it appears once complete. Raises ``NoRoom``."""
    key = uuid.uuid4().hex
    path = path_of(key)
    draft = path.with_name(key + PARTIAL)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft.touch(mode=0o600, exist_ok=False)
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise NoRoom from error
    return key


def path_of(key: str) -> Path:
    """Path of the stored file of that key."""
    return Path(settings.PRIVATE_FILES) / key[:2] / key


def delete(keys: Iterable[str]) -> None:
    """Delete these files; one that is missing already is none of our concern."""
    for key in keys:
        path_of(key).unlink(missing_ok=True)


def stored(*, until: datetime) -> Iterator[Path]:
    """The files last written before that moment, half-written ones included."""
    folder = Path(settings.PRIVATE_FILES)
    for path in folder.glob("??/*"):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < until.timestamp():
                yield path
