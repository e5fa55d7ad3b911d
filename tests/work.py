"""Work counted, not timed: a busy machine does no more of it."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse


@dataclass
class Work:
    """Number of functions called and of SQL statements run by a piece of code."""

    calls: int = 0
    statements: int = 0


@contextmanager
def counted() -> Iterator[Work]:
    """Count what is done inside the block, in this thread."""
    work = Work()

    def call(frame: FrameType, event: str, arg: object) -> None:
        work.calls += event in {"call", "c_call"}

    def statement(execute: Callable[..., Any], *args: Any) -> Any:
        work.statements += 1
        return execute(*args)

    with connection.execute_wrapper(statement):
        sys.setprofile(call)
        try:
            yield work
        finally:
            sys.setprofile(None)


def until_the_answer(get_response: Callable[[HttpRequest], HttpResponse]) -> Any:
    """Middleware: count what the visitor waits for as ``work``, without what is done once they have it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        with counted() as work:
            response = get_response(request)
        response.work = work  # type: ignore[attr-defined]
        return response

    return middleware


@contextmanager
def ending() -> Iterator[None]:
    """Fail when the block is still at work after a minute of the processor: it would be for hours."""

    def fail(number: int, frame: FrameType | None) -> None:
        raise AssertionError("it does not end")

    before = signal.signal(signal.SIGVTALRM, fail)
    signal.setitimer(signal.ITIMER_VIRTUAL, 60)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
