"""Rate limits: exact counts, by client and window, that tell nothing of the client."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from django.utils.crypto import salted_hmac

from experts import tasks
from experts.accounts import limits
from experts.models import RateCounter

EMAIL = "victime@example.org"
COUNT_OF_THE_VERSION_BEFORE = """
    INSERT INTO solicitations_tally AS known (key, times, until) VALUES (%s, %s, %s)
    ON CONFLICT (key) DO UPDATE SET times = known.times + excluded.times
"""

pytestmark = pytest.mark.django_db


@pytest.mark.django_db(transaction=True)
def test_a_burst_in_threads_passes_by_not_one(now):
    limit = limits.Limit("rafale", 20, limits.HOUR)

    def tries(_: int) -> list[bool]:
        try:
            return [limit.is_over("192.0.2.1", now=now) for _ in range(10)]
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=8) as threads:
        answers = [answer for each in threads.map(tries, range(8)) for answer in each]

    assert answers.count(False) == 20


def test_limit_counts_within_its_window(now):
    limit = limits.Limit("essai", 2, timedelta(hours=1))

    assert [limit.is_over("x", now=now) for _ in range(3)] == [False, False, True]
    assert not limit.is_over("y", now=now)
    assert not limit.is_over("x", now=now + timedelta(hours=1))


def test_a_count_tells_nobody_and_ends(now):
    limits.SENT_PER_EMAIL.is_over(EMAIL, now=now)

    assert EMAIL not in RateCounter.objects.get().key
    assert not RateCounter.objects.over(now=now).exists()
    assert RateCounter.objects.over(now=now + timedelta(days=1)).exists()


def test_counters_that_ended_are_deleted_and_no_others():
    now = timezone.now()
    RateCounter.objects.count("essai:x:1", until=now - timedelta(seconds=1))
    RateCounter.objects.count("essai:y:1", until=now + timedelta(hours=1))

    tasks.delete_old_counters()

    assert [counter.key for counter in RateCounter.objects.all()] == ["essai:y:1"]


def test_version_before_and_this_one_count_together(now):
    digest = salted_hmac("solicitations.limits", "192.0.2.1").hexdigest()[:24]
    window = int(now.timestamp() // 3600)
    with connection.cursor() as cursor:
        counted = [f"essai:{digest}:{window}", 2, now + timedelta(hours=1)]
        cursor.execute(COUNT_OF_THE_VERSION_BEFORE, counted)

    assert limits.Limit("essai", 2, limits.HOUR).is_over("192.0.2.1", now=now)


@pytest.mark.parametrize(
    "typed", [EMAIL, "VICTIME@example.org", "victime+1@example.org", "Victime+x+y@Example.ORG"]
)
def test_no_spelling_makes_another_mailbox(typed):
    assert limits.normalise_email(typed) == EMAIL


@pytest.mark.parametrize(
    ("proxied", "remote", "forwarded", "expected"),
    [
        (False, "192.0.2.1", "198.51.100.7", "192.0.2.1"),
        (True, "10.0.0.1", "203.0.113.5, 198.51.100.7", "198.51.100.7"),
        (True, "10.0.0.1", None, "10.0.0.1"),
        (False, "2001:db8:1:2:3:4:5:6", None, "2001:0db8:0001:0002"),
        (False, "2001:db8:1:2:ffff::", None, "2001:0db8:0001:0002"),
        (False, "2001:db8:1:3::1", None, "2001:0db8:0001:0003"),
        (True, "10.0.0.1", "192.0.2.1, 2001:db8::1", "2001:0db8:0000:0000"),
        (True, "::1", "::ffff:198.51.100.7", "198.51.100.7"),
    ],
)
def test_address_is_the_visitors_own(rf, settings, proxied, remote, forwarded, expected):
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if proxied else None
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}

    assert limits.address_of(rf.get("/", REMOTE_ADDR=remote, headers=headers)) == expected
