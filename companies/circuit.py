"""The circuit breaker: a register that fails is left alone for a while, then tried by one visitor."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from companies import memory

FAILURES_ALLOWED = 3
FAILURES_REMEMBERED = timedelta(minutes=5)
REST = timedelta(seconds=30)
TRIAL = timedelta(seconds=10)  # how long the others wait for the one who tries
LONGEST_REST = timedelta(minutes=5)
UNSAID_REST = timedelta(seconds=5)

OPEN_KEY = "register:open"
FAILURES_KEY = "register:failures"
TRIAL_KEY = "register:trial"


def may_call() -> bool:
    """Whether the register may be called now; after a rest, one caller in turn."""
    if memory.recall(OPEN_KEY):
        return False
    if (memory.recall(FAILURES_KEY) or 0) < FAILURES_ALLOWED:
        return True
    return memory.claim(TRIAL_KEY, during=TRIAL)


def note_success() -> None:
    """The register answered: earlier failures are forgotten."""
    if memory.recall(FAILURES_KEY):
        memory.forget(FAILURES_KEY)
        memory.forget(TRIAL_KEY)


def note_failure() -> None:
    """The register failed; the third time in a row, it rests."""
    failures = (memory.recall(FAILURES_KEY) or 0) + 1
    memory.keep(FAILURES_KEY, failures, during=FAILURES_REMEMBERED)
    if failures >= FAILURES_ALLOWED:
        rest(REST)
        memory.forget(TRIAL_KEY)


def rest(duration: timedelta) -> None:
    """Leave the register alone for that time, five minutes at most."""
    memory.keep(OPEN_KEY, True, during=min(max(duration, timedelta(seconds=1)), LONGEST_REST))


def asked_rest(retry_after: str, *, now: datetime) -> timedelta:
    """The time that a ``Retry-After`` header asks for, in either of its two forms; a short one if unreadable.

    Source: RFC 9110, section 10.2.3.
    """
    try:
        if retry_after.strip().isdecimal():
            return timedelta(seconds=min(int(retry_after), LONGEST_REST.seconds))
        until = parsedate_to_datetime(retry_after)
    except (ValueError, OverflowError):
        return UNSAID_REST
    return until.replace(tzinfo=until.tzinfo or UTC) - now
