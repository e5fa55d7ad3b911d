"""A guard for code that is whole only within its caller's transaction; a transaction without lock waits."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connection, transaction
from django.db.transaction import TransactionManagementError

P = ParamSpec("P")
R = TypeVar("R")

LOCK_NOT_AVAILABLE = "55P03"  # of PostgreSQL


class Locked(Exception):
    """A table or a row is locked by somebody else."""


@contextmanager
def without_waiting() -> Iterator[None]:
    """A transaction that gives up a lock which is not free. Raises ``Locked``."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '50ms'")
            yield
    except OperationalError as error:
        if getattr(error.__cause__, "pgcode", None) == LOCK_NOT_AVAILABLE:
            raise Locked from error
        raise


def transaction_required(function: Callable[P, R]) -> Callable[P, R]:
    """Decorate a function that raises ``TransactionManagementError`` outside a transaction."""

    @wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        # The transaction that Django wraps a test in does not count, as for ``atomic(durable=True)``.
        if all(block._from_testcase for block in connection.atomic_blocks):  # type: ignore[attr-defined]  # noqa: SLF001
            raise TransactionManagementError(f"{function.__qualname__} needs its caller's transaction.")
        return function(*args, **kwargs)

    return checked
