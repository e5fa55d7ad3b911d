"""The nightly task of the portal."""

from datetime import timedelta

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection

from portal import tasks


def cached() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key FROM cache")
        return [key for (key,) in cursor.fetchall()]


@pytest.mark.django_db
def test_only_expired_sessions_and_cache_entries_are_deleted():
    for days in (-1, 1):
        session = SessionStore()
        session.set_expiry(timedelta(days=days))
        session.save()
    cache.set("register", "Peintures Vannier SARL")
    with connection.cursor() as cursor:  # as it lies there once its time is over
        cursor.execute("INSERT INTO cache VALUES (%s, %s, now() - interval '1 minute')", ["over", "Vannier"])

    tasks.erase_expired()

    assert [kept.session_key for kept in Session.objects.all()] == [session.session_key]
    assert cached() == [":1:register"]
