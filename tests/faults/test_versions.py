"""Two versions side by side: tables that change under load, rows that only the next version understands."""

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Thread

import psycopg2
import pytest
from psycopg2 import sql

from solicitations.migrations._locks import IN_ORDER
from tests.faults import simulated_owners
from tests.faults.consistency import check_consistency
from tests.faults.harness import PATIENCE
from tests.workers import wait_for

MAIL_OF_THE_NEXT_VERSION = """
    INSERT INTO mailing_outgoingemail (key, "to", template, context, about, thread, reply_to, from_name,
        list_id, unsubscribe_url, is_automatic, is_secret, created_at, not_before, next_try_at, attempts,
        failure, last_error, message_id, provider_id)
    VALUES ('news:1', 'expert@example.org', 'examples/emails/notice', '{"name": "Ada"}', '{}', '', '', '', '',
        '', true, false, now(), now(), now(), 0, '', '', '<next@example.org>', '')
"""
WRITTEN = re.findall(r"solicitations_\w+", IN_ORDER.sql)
# What a next version may do to tables while this one works: the columns that it adds have a default there. A
# migration is one transaction, which keeps its locks to the end; here it alters first what visits write last.
MIGRATIONS = (
    (
        IN_ORDER.sql,
        "ALTER TABLE solicitations_event DROP CONSTRAINT event_kind",
        "SELECT pg_sleep(0.7)",  # the time to build an index
        "ALTER TABLE solicitations_solicitation ADD COLUMN later text",
        "ALTER TABLE solicitations_solicitation ADD COLUMN counted integer NOT NULL DEFAULT 0",
        "ALTER TABLE solicitations_solicitation DROP CONSTRAINT solicitation_state",
        "ALTER TABLE solicitations_solicitation DROP CONSTRAINT solicitation_ended_iff_over",
    ),
    (
        "ALTER TABLE mailing_outgoingemail ADD COLUMN later text NOT NULL DEFAULT ''",
        "ALTER TABLE mailing_outgoingemail ADD CONSTRAINT later CHECK (later <> 'never') NOT VALID",
    ),
    ("ALTER TABLE mailing_outgoingemail VALIDATE CONSTRAINT later",),
)


def migrate(harness, *, patience: str) -> None:
    """Alter the tables as ``PGOPTIONS='-c lock_timeout=…' manage.py migrate`` does."""
    with closing(psycopg2.connect(harness.database_url, options=f"-c lock_timeout={patience}")) as connection:
        for changes in MIGRATIONS:
            with connection, connection.cursor() as cursor:
                for change in changes:
                    cursor.execute(change)


def test_migration_while_forms_are_posted_and_mails_leave(harness, scaled):
    harness.start_web()
    harness.start_worker()
    harness.start_beat()
    owners = simulated_owners.create_owners(harness, scaled(16, 200))
    posting = Thread(target=simulated_owners.post_all, args=(owners, harness.addresses), daemon=True)
    posting.start()
    wait_for(lambda: sum(owner.is_acknowledged for owner in owners) >= len(owners) // 4, PATIENCE)

    migrate(harness, patience="60s")

    posting.join()
    harness.wait_until_done()
    report = check_consistency(harness, owners)
    assert report.is_consistent, report
    assert all(owner.answers == [302] for owner in owners)
    assert harness.count("SELECT count(*) FROM mailing_outgoingemail WHERE later = ''") == report.mails


def test_migration_that_cannot_have_its_table_gives_up_and_forms_go_on(harness):
    """Without the timeout, every query would wait behind it until the long transaction ends."""
    harness.start_web()
    owners = simulated_owners.create_owners(harness, 4)
    with closing(psycopg2.connect(harness.database_url)) as long_report, long_report.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM solicitations_solicitation")
        with pytest.raises(psycopg2.errors.LockNotAvailable):
            migrate(harness, patience="500ms")
        simulated_owners.post_all(owners, harness.addresses)

    assert all(owner.answers == [302] for owner in owners)
    migrate(harness, patience="60s")


def test_migration_gives_way_to_a_visit_that_takes_the_tables_backwards(harness):
    """Waiting for one another, either would be the victim that PostgreSQL chooses."""
    with closing(psycopg2.connect(harness.database_url)) as visit, visit.cursor() as cursor:
        cursor.execute("LOCK TABLE solicitations_draft IN ROW EXCLUSIVE MODE")
        migration = ThreadPoolExecutor(1).submit(migrate, harness, patience="60s")
        wait_for(lambda: harness.count("SELECT count(*) FROM pg_locks WHERE NOT granted") or migration.done())
        for table in reversed(WRITTEN):
            cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table)))
        visit.commit()
        migration.result()


def test_worker_of_the_version_before_leaves_what_it_does_not_know(harness, mail):
    harness.start_web()
    owners = simulated_owners.create_owners(harness, 4)
    simulated_owners.post_all(owners, harness.addresses)
    migrate(harness, patience="60s")
    harness.sql(MAIL_OF_THE_NEXT_VERSION)
    harness.sql(
        "INSERT INTO solicitations_event (solicitation_id, kind, is_by_company, from_state, to_state, reason,"
        " at) SELECT min(id), 'teleported', false, '', '', '', now() FROM solicitations_solicitation"
    )
    harness.sql(
        "UPDATE solicitations_solicitation SET state = 'dreamt', routing_due_at = now() WHERE email = %s",
        owners[0].email,
    )
    harness.send_task("solicitations.tasks.teleport", 7)
    old = harness.start_worker()
    beat = harness.start_beat()
    simulated_owners.post_all(simulated_owners.create_owners(harness, 2, first=100), harness.addresses)

    harness.wait_until_done(left=2)

    unknown = "SELECT failure, refused_at FROM mailing_outgoingemail WHERE key = 'news:1'"
    wait_for(lambda: harness.sql(unknown) == [("content", None)], PATIENCE)
    assert harness.sql("SELECT state FROM solicitations_solicitation WHERE routing_due_at IS NOT NULL") == [
        ("dreamt",)
    ]
    assert harness.count("SELECT count(*) FROM solicitations_match") == 12
    harness.kill(old)
    harness.kill(beat)
    harness.environment["DJANGO_SETTINGS_MODULE"] = "tests.faults.next_version"
    harness.start_worker()
    harness.start_beat()
    wait_for(lambda: harness.make_everything_due() or mail.mailboxes["expert@example.org"] == 1, PATIENCE)
