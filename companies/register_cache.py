"""Django's cache, without errors when its database is down: nothing is cached then."""

import logging
from datetime import timedelta
from typing import Any

from django.core.cache import cache
from django.db import Error

logger = logging.getLogger(__name__)


def get(key: str) -> Any:
    """The value of this key; ``None`` when there is none, or when the cache is down."""
    try:
        return cache.get(key)
    except Error as error:
        return _log(error)


def put(key: str, value: Any, *, timeout: timedelta) -> None:
    """Store this value until ``timeout``."""
    try:
        cache.set(key, value, timeout=timeout.total_seconds())
    except Error as error:
        _log(error)


def add(key: str, *, timeout: timedelta) -> bool:
    """Store ``True`` under this key unless it exists; true when stored, or when the cache is down."""
    try:
        return bool(cache.add(key, True, timeout=timeout.total_seconds()))
    except Error as error:
        _log(error)
        return True


def delete(key: str) -> None:
    """Delete this key."""
    try:
        cache.delete(key)
    except Error as error:
        _log(error)


def _log(error: Error) -> None:
    logger.warning("cache unavailable: %s", type(error).__name__)
