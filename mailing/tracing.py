"""The identifier of the current request or task, for the logs; its tasks and mails keep the same one.

It contains nothing about a person.
"""

import secrets
from contextvars import ContextVar

_current: ContextVar[str] = ContextVar("request_id", default="")


def begin(given: str = "") -> str:
    """Set the identifier of the request or task that starts here: the given one, or a new one.

    It is kept in this thread until the next call, so that work done after an answer still has it.
    """
    request_id = given or secrets.token_hex(8)
    _current.set(request_id)
    return request_id


def current() -> str:
    """The identifier of the current request or task; empty outside of any."""
    return _current.get()
