"""Log formatters: one line per event, with the rows and the request it concerns, without personal data.

Our own lines hold ids and codes. Lines of libraries keep their sentence and its numbers, but not their other
arguments (paths with tokens, recipients, rows). Errors keep their class, code and
traceback, not their message.
"""

import json
import logging
import re
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

from mailing import tracing
from portal import counters

ROOT = Path(__file__).resolve().parent.parent
# Loggers written in full: our rooms, and Celery beat, which only names tasks.
QUOTED = (
    "portal",
    "directory",
    "solicitations",
    "experts",
    "companies",
    "territories",
    "mailing",
    "celery.beat",
)
# Its messages contain text of the refused request.
UNQUOTABLE = "django.security"
# Where a message that a library formatted itself begins to quote: an address, a line that was sent.
REPEATED = re.compile(r"[=:'\"].*", re.DOTALL)
OF_EVERY_RECORD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
HIDDEN = "…"


class JsonLines(logging.Formatter):
    """One JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(_line(record) | _error(record), ensure_ascii=False, default=str)


class ReadableLines(logging.Formatter):
    """The same fields as text; ``whole_errors`` adds the messages of errors, for invented data only."""

    def __init__(self, *args: Any, whole_errors: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.whole_errors = whole_errors

    def format(self, record: logging.LogRecord) -> str:
        line = _line(record)
        opening = [str(line.pop(name)) for name in ("at", "level", "logger", "message")]
        text = " ".join([*opening, *(f"{name}={value}" for name, value in line.items())])
        if self.whole_errors and record.exc_info:
            return f"{text}\n{self.formatException(record.exc_info)}"
        error = _error(record)
        where = "".join(f"\n    {place}" for place in error.pop("trace", []))
        return " ".join([text, *(f"{name}={value}" for name, value in error.items())]) + where


class StderrHandler(logging.StreamHandler):
    """Standard error; a line that cannot be written (a full disk) is lost, and counted."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (logging's name)
        counters.LOST_LINES.labels(record.levelname.lower()).inc()


def _line(record: logging.LogRecord) -> dict[str, Any]:
    is_quoted = _is_under(record.name, *QUOTED)
    facts = {name: value for name, value in vars(record).items() if name not in OF_EVERY_RECORD}
    return {
        "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "message": record.getMessage() if is_quoted else _bare(record),
        **({"request_id": tracing.current()} if tracing.current() else {}),
        **(facts if is_quoted else {}),
    }


def _is_under(name: str, *parents: str) -> bool:
    return any(name == parent or name.startswith(f"{parent}.") for parent in parents)


def _bare(record: logging.LogRecord) -> str:
    """The message of a library, with only the numbers among its arguments."""
    if _is_under(record.name, UNQUOTABLE) or not isinstance(record.msg, str):
        return HIDDEN
    if not record.args:
        return REPEATED.sub(HIDDEN, record.msg)
    quoted = record.args
    try:
        if isinstance(quoted, dict):
            return record.msg % {name: _number(value) for name, value in quoted.items()}
        return record.msg % tuple(map(_number, quoted))
    except (TypeError, ValueError):
        return record.msg


def _number(value: object) -> object:
    return value if isinstance(value, int | float) else HIDDEN


def _error(record: logging.LogRecord) -> dict[str, Any]:
    """The classes of an error and of its causes, its traceback, and the code given by a server."""
    error = record.exc_info[1] if record.exc_info else None
    if error is None:
        return {}
    chain = list(_chain(error))
    codes = [code for each in chain if (code := _code(each))]
    return {
        "error": " < ".join(f"{type(each).__module__}.{type(each).__qualname__}" for each in chain),
        **({"code": codes[-1]} if codes else {}),
        "trace": [_place(frame, number) for frame, number in traceback.walk_tb(error.__traceback__)],
    }


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and its causes, each once."""
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        yield following
        following = following.__cause__ or (None if following.__suppress_context__ else following.__context__)


def _code(error: BaseException) -> object:
    """The code of PostgreSQL, a mail server or the system: 53100 and 28 mean that a disk is full."""
    names = ("pgcode", "smtp_code", "errno")
    return next((code for name in names if (code := getattr(error, name, None))), None)


def _place(frame: FrameType, number: int) -> str:
    _, is_library, short = frame.f_code.co_filename.rpartition("site-packages/")
    path = short if is_library else frame.f_code.co_filename.removeprefix(f"{ROOT}/")
    return f"{path}:{number} {frame.f_code.co_name}"
