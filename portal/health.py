"""Checks of the health page: database, broker, beat, sweeps, and sending of mails."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import redis
from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection

from mailing.models import last_beat_at as last_heartbeat_at
from mailing.models import oldest_due_at

BEAT_LIMIT = timedelta(minutes=5)
MAIL_LIMIT = timedelta(minutes=15)
BEAT_KEY = "portal.beat"
SWEEPS = ("mailing.sweep", "solicitations.sweep")  # without them mails, reminders and retries stop
BROKER_KEY = "portal.health"


@dataclass(frozen=True)
class Check:
    """The result of one check; ``age`` is that of the last beat or the oldest due mail, if any."""

    is_good: bool
    age: timedelta | None = None

    def as_json(self) -> dict[str, object]:
        state = {"state": "ok" if self.is_good else "bad"}
        return state | ({} if self.age is None else {"age_seconds": round(self.age.total_seconds())})


def run_checks(*, now: datetime) -> dict[str, Check]:
    """Every check by name. Without a database the beat and the mails are unknown, and count as bad."""
    return {
        "database": _unless_database_down(_database),
        "broker": _broker(),
        "beat": _unless_database_down(lambda: _beat(last_beat_at(), now=now)),
        **{name: _unless_database_down(partial(_sweep, name, now=now)) for name in SWEEPS},
        "oldest_due_mail": _unless_database_down(lambda: _oldest_due_mail(now=now)),
    }


def record_beat(*, now: datetime) -> None:
    """Record that the scheduled work ran."""
    cache.set(BEAT_KEY, now, timeout=None)


def last_beat_at() -> datetime | None:
    """Time of the last scheduled run; ``None`` when there was none."""
    last: datetime | None = cache.get(BEAT_KEY)
    return last


def broker() -> redis.Redis:
    """A new connection to the broker, with a timeout of one second; the caller closes it."""
    return redis.Redis.from_url(settings.CELERY_BROKER_URL, socket_connect_timeout=1, socket_timeout=1)


def write_to(client: redis.Redis) -> None:
    """Write as a task would: a broker that is full, read-only or cannot save still answers a PING.

    Raises ``RedisError``.
    """
    client.set(BROKER_KEY, "1", ex=timedelta(minutes=1))


def _unless_database_down(look: Callable[[], Check]) -> Check:
    try:
        return look()
    except DatabaseError:
        return Check(is_good=False)


def _database() -> Check:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return Check(is_good=True)


def _broker() -> Check:
    try:
        with broker() as client:
            write_to(client)
    except redis.RedisError:
        return Check(is_good=False)
    return Check(is_good=True)


def _sweep(name: str, *, now: datetime) -> Check:
    return _beat(last_heartbeat_at(name), now=now)


def _beat(last: datetime | None, *, now: datetime) -> Check:
    if last is None:
        return Check(is_good=False)
    return Check(is_good=now - last <= BEAT_LIMIT, age=now - last)


def _oldest_due_mail(*, now: datetime) -> Check:
    since = oldest_due_at(now=now)
    if since is None:
        return Check(is_good=True)
    return Check(is_good=now - since <= MAIL_LIMIT, age=now - since)
