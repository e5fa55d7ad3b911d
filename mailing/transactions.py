"""A guard for code that is whole only within its caller's transaction; a transaction without lock waits."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

from django.conf import settings
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


def wait_for_sending() -> None:
    """Have this transaction wait for a mail that is being sent, as long as a mail server may hang.

    A visit gives up any other lock sooner; workers and commands wait without limit, and keep doing so.
    """
    limits = str(connection.settings_dict["OPTIONS"])
    if "lock_timeout" not in limits and not connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"]:
        return  # of a pooler, the limit is not known here
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('lock_timeout', %s, true) WHERE current_setting('lock_timeout') <> '0'",
            [f"{2 * settings.EMAIL_TIMEOUT}s"],
        )


def transaction_required(function: Callable[P, R]) -> Callable[P, R]:
    """Decorate a function that raises ``TransactionManagementError`` outside a transaction."""

    @wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        # The transaction that Django wraps a test in does not count, as for ``atomic(durable=True)``.
        if all(block._from_testcase for block in connection.atomic_blocks):  # type: ignore[attr-defined]  # noqa: SLF001
            raise TransactionManagementError(f"{function.__qualname__} needs its caller's transaction.")
        return function(*args, **kwargs)

    return checked
