"""What the work under way is called in the logs: an identifier that its tasks and its mails carry on.

A visit and a task of the clock each have one. It says nothing about anybody.
"""

import secrets
from contextvars import ContextVar

_current: ContextVar[str] = ContextVar("request_id", default="")


def begin(given: str = "") -> str:
    """Give the work that starts here the identifier of what caused it, or one of its own.

    It holds until the next beginning in this thread: what is done after an answer has left still has it.
    """
    request_id = given or secrets.token_hex(8)
    _current.set(request_id)
    return request_id


def current() -> str:
    """The identifier of the work under way; empty outside of any."""
    return _current.get()
