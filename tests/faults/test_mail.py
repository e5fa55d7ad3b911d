"""The mail server or a worker fails: each mail arrives, or its row says why it does not."""

import json
from collections import Counter

from tests.faults import visitors
from tests.faults.mail_server import HANG_IS_LEFT, Manner
from tests.faults.reckoning import reckon
from tests.faults.stand import PATIENCE
from tests.workers import wait_for

MAILS = "SELECT count(*) FROM mailing_outgoingemail"


def test_worker_killed_in_the_middle_of_its_mails(stand, mail, size):
    mail.slowness = 0.02
    stand.web()
    owners = visitors.arrive(stand, size(16, 70))
    visitors.send_all(owners, stand.addresses)
    worker = stand.worker()
    kills = size(2, 6)
    for kill in range(kills):
        wait_for(lambda kill=kill: mail.count >= (kill + 1) * stand.number(MAILS) // (kills + 2), PATIENCE)
        stand.kill(worker)
        worker = stand.worker()
    stand.beat()

    stand.settle()

    count = reckon(stand, owners)
    assert count.is_whole, count
    assert count.duplicates <= kills


def test_mail_server_that_fails_in_every_way(stand, mail, size):
    stand.environment["EMAIL_TIMEOUT"] = HANG_IS_LEFT
    stand.web()
    stand.worker()
    owners = visitors.arrive(stand, size(7, 70))
    manners = [manner for manner in Manner if manner != Manner.REFUSE]
    turns = Counter()

    def next_manner() -> Manner:
        turns["mail"] += 1
        return manners[turns["mail"] % len(manners)]

    mail.manner = next_manner
    mail.refused = {owners[0].email}
    visitors.send_all(owners, stand.addresses)
    stand.beat()
    wait_for(lambda: turns["mail"] >= 2 * len(manners), PATIENCE)
    mail.behave()
    stand.settle()

    count = reckon(stand, owners)
    assert count.is_whole, count
    assert count.duplicates <= mail.unanswered
    assert stand.sql('SELECT "to", last_error FROM mailing_outgoingemail WHERE refused_at IS NOT NULL') == [
        (owners[0].email, "550 5.1.1 no such mailbox")
    ]
    wait_for(
        lambda: stand.number("SELECT count(*) FROM solicitations_alert WHERE cause = 'ack_refused'") == 1
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
# A mail whose fate cannot be written.
STONE = """
    CREATE FUNCTION petrify() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF OLD.id = {} AND NEW.attempts > OLD.attempts THEN RAISE 'petrified'; END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER stone BEFORE UPDATE ON mailing_outgoingemail FOR EACH ROW EXECUTE FUNCTION petrify()
"""
FIRST_NOTICE = """
    SELECT mail.id, context -> 'why' FROM mailing_outgoingemail AS mail
    JOIN solicitations_solicitation AS request ON about @> array['request:' || request.id]::varchar[]
    WHERE key LIKE 'notified:%%' AND email = %s ORDER BY mail.id LIMIT 1
"""


def test_poisoned_rows_stop_nobody(stand):
    """A request whose routing always fails, a mail that cannot be written, another whose fate cannot be: they
    say why, and the others go on. The sweep alone sends: no order is left.
    """
    stand.web()
    owners = visitors.arrive(stand, 5)
    stand.sql(POISON.format(owners[0].email))
    visitors.send_all(owners, stand.addresses)
    [(poisoned, reasons)] = stand.sql(FIRST_NOTICE, owners[1].email)
    write = "UPDATE mailing_outgoingemail SET context = jsonb_set(context, '{why}', %s) WHERE id = %s"
    stand.sql(write, "7", poisoned)
    stand.sql(STONE.format(stand.number("SELECT min(id) FROM mailing_outgoingemail")))  # before all others
    stand.servers.empty_broker()
    stand.worker()
    stand.beat()

    stand.settle(left=3)

    [(error,)] = stand.sql("SELECT routing_error FROM solicitations_solicitation WHERE routed_at IS NULL")
    assert error == "InternalError"
    unwritten = (
        "SELECT id, failure FROM mailing_outgoingemail WHERE sent_at IS NULL AND key LIKE 'notified:%'"
    )
    assert stand.sql(unwritten) == [(poisoned, "content")]
    assert reckon(stand, owners).lost == 0
    stand.sql("DROP TRIGGER poison ON solicitations_match")
    stand.sql("DROP TRIGGER stone ON mailing_outgoingemail")
    stand.sql(write, json.dumps(reasons), poisoned)
    stand.settle()
    count = reckon(stand, owners)
    assert count.is_whole, count
    assert count.duplicates == 0
