"""Whether the portal works: database, broker, beat, and mails that leave."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import redis
from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection

from mailing.models import oldest_due

BEAT_LIMIT = timedelta(minutes=5)
MAIL_LIMIT = timedelta(minutes=15)
BEAT_KEY = "portal.beat"


@dataclass(frozen=True)
class Sign:
    """One thing that was looked at; ``age`` is ``None`` where nothing was found to be old."""

    is_good: bool
    age: timedelta | None = None

    def as_json(self) -> dict[str, object]:
        state = {"state": "ok" if self.is_good else "bad"}
        return state | ({} if self.age is None else {"age_seconds": round(self.age.total_seconds())})


def signs(*, now: datetime) -> dict[str, Sign]:
    """Every sign by name. Without a database the beat and the mails cannot be known, and count as bad."""
    return {
        "database": _unless_away(_database),
        "broker": _broker(),
        "beat": _unless_away(lambda: _beat(now=now)),
        "oldest_due_mail": _unless_away(lambda: _oldest_due_mail(now=now)),
    }


def record_beat(*, now: datetime) -> None:
    """Remember that the scheduled work ran."""
    cache.set(BEAT_KEY, now, timeout=None)


def last_beat_at() -> datetime | None:
    """When the scheduled work last ran; ``None`` when it never did."""
    last: datetime | None = cache.get(BEAT_KEY)
    return last


def broker() -> redis.Redis:
    """A connection of its own to the broker, that waits for it a second at most; to be closed."""
    return redis.Redis.from_url(settings.CELERY_BROKER_URL, socket_connect_timeout=1, socket_timeout=1)


def _unless_away(look: Callable[[], Sign]) -> Sign:
    try:
        return look()
    except DatabaseError:
        return Sign(is_good=False)


def _database() -> Sign:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return Sign(is_good=True)


def _broker() -> Sign:
    try:
        with broker() as client:
            client.ping()
    except redis.RedisError:
        return Sign(is_good=False)
    return Sign(is_good=True)


def _beat(*, now: datetime) -> Sign:
    last = last_beat_at()
    if last is None:
        return Sign(is_good=False)
    return Sign(is_good=now - last <= BEAT_LIMIT, age=now - last)


def _oldest_due_mail(*, now: datetime) -> Sign:
    since = oldest_due(now=now)
    if since is None:
        return Sign(is_good=True)
    return Sign(is_good=now - since <= MAIL_LIMIT, age=now - since)
