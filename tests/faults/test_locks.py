"""A table that somebody else holds locked, in front of a web process with four threads."""

import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from urllib.error import HTTPError

import psycopg2

from tests.faults.harness import PATIENCE


def state_of(address: str) -> int:
    try:
        with urllib.request.urlopen(address, timeout=PATIENCE) as answer:  # noqa: S310 (our own)
            return int(answer.status)
    except HTTPError as error:
        return error.code


def test_locked_table_costs_its_pages_alone(harness):
    """More visits than threads ask for it, and all of them end while it is still locked."""
    harness.start_web()
    [site] = harness.addresses
    assert state_of(f"{site}/") == 200

    with closing(psycopg2.connect(harness.database_url)) as other, other.cursor() as cursor:
        cursor.execute("LOCK TABLE experts_theme IN ACCESS EXCLUSIVE MODE")
        with ThreadPoolExecutor(max_workers=12) as visitors:
            waiting = [visitors.submit(state_of, f"{site}/plan-du-site/") for _ in range(8)]
            others = [visitors.submit(state_of, site + path) for path in ("/", "/sante/?vivant", "/contact/")]
            assert [answer.result() for answer in others] == [200, 200, 200]
            assert [answer.result() for answer in waiting] == [500] * 8
        other.rollback()

    assert state_of(f"{site}/plan-du-site/") == 200
