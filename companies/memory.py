"""The cache, as something one may lose: when it is away, nothing is remembered and nobody is stopped."""

import logging
from datetime import timedelta
from typing import Any

from django.core.cache import cache
from django.db import Error

logger = logging.getLogger(__name__)


def recall(key: str) -> Any:
    """What was kept under this key; ``None`` when nothing was, or when the cache is away."""
    try:
        return cache.get(key)
    except Error as error:
        return _say(error)


def keep(key: str, value: Any, *, during: timedelta) -> None:
    """Remember this value for a while."""
    try:
        cache.set(key, value, timeout=during.total_seconds())
    except Error as error:
        _say(error)


def claim(key: str, *, during: timedelta) -> bool:
    """Whether nobody else holds this key; everybody does when the cache is away."""
    try:
        return bool(cache.add(key, True, timeout=during.total_seconds()))
    except Error as error:
        _say(error)
        return True


def forget(key: str) -> None:
    """Drop what was kept under this key."""
    try:
        cache.delete(key)
    except Error as error:
        _say(error)


def _say(error: Error) -> None:
    logger.warning("cache away: %s", type(error).__name__)
