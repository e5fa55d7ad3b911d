"""The mail server or a worker fails: each mail arrives, or its row says why it does not."""

import json
from collections import Counter

from tests.faults import simulated_owners
from tests.faults.consistency import check_consistency
from tests.faults.harness import PATIENCE
from tests.faults.mail_server import SHORT_EMAIL_TIMEOUT, MailBehaviour
from tests.workers import wait_for

MAILS = "SELECT count(*) FROM mailing_outgoingemail"


def test_worker_killed_in_the_middle_of_its_mails(harness, mail, scaled):
    mail.delay = 0.02
    harness.start_web()
    owners = simulated_owners.create_owners(harness, scaled(16, 70))
    simulated_owners.post_all(owners, harness.addresses)
    worker = harness.start_worker()
    kills = scaled(2, 6)
    for kill in range(kills):
        wait_for(lambda kill=kill: mail.count >= (kill + 1) * harness.count(MAILS) // (kills + 2), PATIENCE)
        harness.kill(worker)
        worker = harness.start_worker()
    harness.start_beat()

    harness.wait_until_done()

    report = check_consistency(harness, owners)
    assert report.is_consistent, report
    assert report.duplicates <= kills


def test_mail_server_that_fails_in_every_way(harness, mail, scaled):
    harness.environment["EMAIL_TIMEOUT"] = SHORT_EMAIL_TIMEOUT
    harness.start_web()
    harness.start_worker()
    owners = simulated_owners.create_owners(harness, scaled(7, 70))
    behaviours = [behaviour for behaviour in MailBehaviour if behaviour != MailBehaviour.REFUSE]
    turns = Counter()

    def next_behaviour() -> MailBehaviour:
        turns["mail"] += 1
        return behaviours[turns["mail"] % len(behaviours)]

    mail.behaviour = next_behaviour
    mail.refused = {owners[0].email}
    simulated_owners.post_all(owners, harness.addresses)
    harness.start_beat()
    wait_for(lambda: turns["mail"] >= 2 * len(behaviours), PATIENCE)
    mail.behave()
    harness.wait_until_done()

    report = check_consistency(harness, owners)
    assert report.is_consistent, report
    assert report.duplicates <= mail.unanswered
    assert harness.sql('SELECT "to", last_error FROM mailing_outgoingemail WHERE refused_at IS NOT NULL') == [
        (owners[0].email, "550 5.1.1 no such mailbox")
    ]
    wait_for(
        lambda: harness.count("SELECT count(*) FROM solicitations_alert WHERE cause = 'ack_refused'") == 1
    )


POISON = """
    CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF EXISTS (SELECT 1 FROM solicitations_need JOIN solicitations_solicitation AS request
                   ON request.id = solicitation_id WHERE solicitations_need.id = NEW.need_id AND email = '{}')
        THEN RAISE 'poisoned'; END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER poison BEFORE INSERT ON solicitations_match FOR EACH ROW EXECUTE FUNCTION poison()
"""
# A mail whose result cannot be written.
UNWRITABLE_RESULT = """
    CREATE FUNCTION refuse_result() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF OLD.id = {} AND NEW.attempts > OLD.attempts THEN RAISE 'result refused'; END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER unwritable BEFORE UPDATE ON mailing_outgoingemail
        FOR EACH ROW EXECUTE FUNCTION refuse_result()
"""
FIRST_NOTICE = """
    SELECT mail.id, context -> 'why' FROM mailing_outgoingemail AS mail
    JOIN solicitations_solicitation AS request ON about @> array['request:' || request.id]::varchar[]
    WHERE key LIKE 'notified:%%' AND email = %s ORDER BY mail.id LIMIT 1
"""


def test_rows_that_always_fail_do_not_stop_the_others(harness):
    """A request that cannot be routed, a mail that cannot be rendered, a mail whose result cannot be written.

    The broker is emptied, so that only the sweep sends.
    """
    harness.start_web()
    owners = simulated_owners.create_owners(harness, 5)
    harness.sql(POISON.format(owners[0].email))
    simulated_owners.post_all(owners, harness.addresses)
    [(poisoned, reasons)] = harness.sql(FIRST_NOTICE, owners[1].email)
    write = "UPDATE mailing_outgoingemail SET context = jsonb_set(context, '{why}', %s) WHERE id = %s"
    harness.sql(write, "7", poisoned)
    harness.sql(
        UNWRITABLE_RESULT.format(harness.count("SELECT min(id) FROM mailing_outgoingemail"))
    )  # before all others
    harness.servers.empty_broker()
    harness.start_worker()
    harness.start_beat()

    harness.wait_until_done(left=3)

    [(error,)] = harness.sql("SELECT routing_error FROM solicitations_solicitation WHERE routed_at IS NULL")
    assert error == "InternalError"
    unwritten = (
        "SELECT id, failure FROM mailing_outgoingemail WHERE sent_at IS NULL AND key LIKE 'notified:%'"
    )
    assert harness.sql(unwritten) == [(poisoned, "content")]
    assert check_consistency(harness, owners).lost == 0
    harness.sql("DROP TRIGGER poison ON solicitations_match")
    harness.sql("DROP TRIGGER unwritable ON mailing_outgoingemail")
    harness.sql(write, json.dumps(reasons), poisoned)
    harness.wait_until_done()
    report = check_consistency(harness, owners)
    assert report.is_consistent, report
    assert report.duplicates == 0
