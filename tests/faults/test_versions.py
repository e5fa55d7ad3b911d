"""Two versions side by side: tables that change under load, rows that only the next version understands."""

from contextlib import closing
from threading import Thread

import psycopg2
import pytest

from solicitations.migrations._locks import IN_ORDER
from tests.faults import visitors
from tests.faults.reckoning import reckon
from tests.faults.stand import PATIENCE
from tests.workers import wait_for

MAIL_OF_THE_NEXT_VERSION = """
    INSERT INTO mailing_outgoingemail (key, "to", template, context, about, thread, reply_to, from_name,
        list_id, unsubscribe_url, is_automatic, is_secret, created_at, not_before, next_try_at, attempts,
        failure, last_error, message_id, provider_id)
    VALUES ('news:1', 'expert@example.org', 'plays/emails/notice', '{"name": "Ada"}', '{}', '', '', '', '',
        '', true, false, now(), now(), now(), 0, '', '', '<next@example.org>', '')
"""
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


def migrate(stand, *, patience: str) -> None:
    """Change the tables as ``PGOPTIONS='-c lock_timeout=…' manage.py migrate`` does."""
    with closing(psycopg2.connect(stand.database_url, options=f"-c lock_timeout={patience}")) as connection:
        for changes in MIGRATIONS:
            with connection, connection.cursor() as cursor:
                for change in changes:
                    cursor.execute(change)


def test_migration_while_forms_are_posted_and_mails_leave(stand, size):
    stand.web()
    stand.worker()
    stand.beat()
    owners = visitors.arrive(stand, size(16, 200))
    posting = Thread(target=visitors.send_all, args=(owners, stand.addresses), daemon=True)
    posting.start()
    wait_for(lambda: sum(owner.is_thanked for owner in owners) >= len(owners) // 4, PATIENCE)

    migrate(stand, patience="60s")

    posting.join()
    stand.settle()
    count = reckon(stand, owners)
    assert count.is_whole, count
    assert all(owner.answers == [302] for owner in owners)
    assert stand.number("SELECT count(*) FROM mailing_outgoingemail WHERE later = ''") == count.mails


def test_migration_that_cannot_have_its_table_gives_up_and_forms_go_on(stand):
    """Without the timeout, everybody would queue behind it for as long as the long transaction lasts."""
    stand.web()
    owners = visitors.arrive(stand, 4)
    with closing(psycopg2.connect(stand.database_url)) as long_report, long_report.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM solicitations_solicitation")
        with pytest.raises(psycopg2.errors.LockNotAvailable):
            migrate(stand, patience="500ms")
        visitors.send_all(owners, stand.addresses)

    assert all(owner.answers == [302] for owner in owners)
    migrate(stand, patience="60s")


def test_worker_of_the_version_before_leaves_what_it_does_not_know(stand, mail):
    stand.web()
    owners = visitors.arrive(stand, 4)
    visitors.send_all(owners, stand.addresses)
    migrate(stand, patience="60s")
    stand.sql(MAIL_OF_THE_NEXT_VERSION)
    stand.sql(
        "INSERT INTO solicitations_event (solicitation_id, kind, is_by_company, from_state, to_state, reason,"
        " at) SELECT min(id), 'teleported', false, '', '', '', now() FROM solicitations_solicitation"
    )
    stand.sql(
        "UPDATE solicitations_solicitation SET state = 'dreamt', routing_due_at = now() WHERE email = %s",
        owners[0].email,
    )
    stand.order("solicitations.tasks.teleport", 7)
    old = stand.worker()
    beat = stand.beat()
    visitors.send_all(visitors.arrive(stand, 2, first=100), stand.addresses)

    stand.settle(left=2)

    unknown = "SELECT failure, refused_at FROM mailing_outgoingemail WHERE key = 'news:1'"
    wait_for(lambda: stand.sql(unknown) == [("content", None)], PATIENCE)
    assert stand.sql("SELECT state FROM solicitations_solicitation WHERE routing_due_at IS NOT NULL") == [
        ("dreamt",)
    ]
    assert stand.number("SELECT count(*) FROM solicitations_match") == 12
    stand.kill(old)
    stand.kill(beat)
    stand.environment["DJANGO_SETTINGS_MODULE"] = "tests.faults.next_version"
    stand.worker()
    stand.beat()
    wait_for(lambda: stand.let_time_pass() or mail.mailboxes["expert@example.org"] == 1, PATIENCE)
