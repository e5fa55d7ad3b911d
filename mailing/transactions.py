"""A guard for code that is whole only within its caller's transaction."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import connection
from django.db.transaction import TransactionManagementError

P = ParamSpec("P")
R = TypeVar("R")


def transaction_required(function: Callable[P, R]) -> Callable[P, R]:
    """Decorate a function that raises ``TransactionManagementError`` outside a transaction."""

    @wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        # The transaction that Django wraps a test in does not count, as for ``atomic(durable=True)``.
        if all(block._from_testcase for block in connection.atomic_blocks):  # type: ignore[attr-defined]  # noqa: SLF001
            raise TransactionManagementError(f"{function.__qualname__} needs its caller's transaction.")
        return function(*args, **kwargs)

    return checked
