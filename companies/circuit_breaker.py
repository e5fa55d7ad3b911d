"""Circuit breaker of the register: after repeated failures, no call for a while, then one trial call."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from companies import register_cache

FAILURES_ALLOWED = 3
FAILURES_REMEMBERED = timedelta(minutes=5)
PAUSE = timedelta(seconds=30)
TRIAL = timedelta(seconds=10)  # time during which the other callers wait for the trial call
MAX_PAUSE = timedelta(minutes=5)
DEFAULT_PAUSE = timedelta(seconds=5)

OPEN_KEY = "register:open"
FAILURES_KEY = "register:failures"
TRIAL_KEY = "register:trial"


def may_call() -> bool:
    """True when the register may be called now; after a pause, true for one caller at a time."""
    if register_cache.get(OPEN_KEY):
        return False
    if (register_cache.get(FAILURES_KEY) or 0) < FAILURES_ALLOWED:
        return True
    return register_cache.add(TRIAL_KEY, timeout=TRIAL)


def record_success() -> None:
    """Reset the count of failures after a successful call."""
    if register_cache.get(FAILURES_KEY):
        register_cache.delete(FAILURES_KEY)
        register_cache.delete(TRIAL_KEY)


def record_failure() -> None:
    """Count a failed call; after the third in a row, pause."""
    failures = (register_cache.get(FAILURES_KEY) or 0) + 1
    register_cache.put(FAILURES_KEY, failures, timeout=FAILURES_REMEMBERED)
    if failures >= FAILURES_ALLOWED:
        pause(PAUSE)
        register_cache.delete(TRIAL_KEY)


def pause(duration: timedelta) -> None:
    """Allow no call for that time, five minutes at most."""
    register_cache.put(OPEN_KEY, True, timeout=min(max(duration, timedelta(seconds=1)), MAX_PAUSE))


def requested_pause(retry_after: str, *, now: datetime) -> timedelta:
    """The pause that a ``Retry-After`` header asks for, in either of its two forms; a default if invalid.

    Source: RFC 9110, section 10.2.3.
    """
    try:
        if retry_after.strip().isdecimal():
            return timedelta(seconds=min(int(retry_after), MAX_PAUSE.seconds))
        until = parsedate_to_datetime(retry_after)
    except (ValueError, OverflowError):
        return DEFAULT_PAUSE
    return until.replace(tzinfo=until.tzinfo or UTC) - now
