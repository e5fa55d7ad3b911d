"""Consistency of a run: answers that owners got, rows of the database, mails that arrived."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from tests.faults.harness import PortalHarness
from tests.faults.simulated_owners import SimulatedOwner

STORED = "SELECT email, count(*) FROM solicitations_solicitation GROUP BY email"
MAILS = """
    SELECT message_id, "to", CASE WHEN sent_at IS NOT NULL THEN 'sent'
                                  WHEN refused_at IS NOT NULL THEN 'refused'
                                  WHEN cancelled_at IS NOT NULL THEN 'cancelled' ELSE 'waiting' END
    FROM mailing_outgoingemail
"""
UNROUTED = "SELECT count(*) FROM solicitations_solicitation WHERE routed_at IS NULL AND held_at IS NULL"
ROUTED_TWICE = """
    SELECT count(*) FROM (SELECT 1 FROM solicitations_event WHERE kind = 'routed'
                          GROUP BY solicitation_id HAVING count(*) > 1) AS twice
"""
# Each request is acknowledged once, and each of its mailboxes is notified once.
UNNOTIFIED = """
    SELECT count(*) FROM (
        SELECT 'received:' || id FROM solicitations_solicitation
        UNION ALL
        SELECT 'notified:' || solicitation_id || ':' || id || ':r1' FROM solicitations_mailbox
    ) AS owed (key)
    WHERE NOT EXISTS (SELECT 1 FROM mailing_outgoingemail WHERE mailing_outgoingemail.key = owed.key)
"""
# One mail per occasion and recipient: two rows would be two mails. Alerts also differ by their cause.
NOTIFIED_TWICE = """
    SELECT "to" FROM mailing_outgoingemail
    GROUP BY template, "to", about, context -> 'cause' HAVING count(*) > 1
"""
# Needs that had a live match, and have none although their request goes on; staff were not told either.
ABANDONED = """
    SELECT count(*) FROM solicitations_need AS need
    JOIN solicitations_solicitation AS request ON request.id = need.solicitation_id
    WHERE request.state IN ('submitted', 'held')
      AND EXISTS (SELECT 1 FROM solicitations_match WHERE need_id = need.id)
      AND NOT EXISTS (SELECT 1 FROM solicitations_match
                      WHERE need_id = need.id AND state NOT IN ('withdrawn', 'replaced'))
      AND NOT EXISTS (SELECT 1 FROM solicitations_alert
                      WHERE solicitation_id = request.id AND cause = 'nobody' AND settled_at IS NULL)
"""


@dataclass(frozen=True)
class ConsistencyReport:
    """Counts at the end of a run.

    ``posted``: HTTP answers; ``acknowledged``: owners who got the thanks page; ``stored``: requests of the
    database; ``lost``: acknowledged and not stored; ``abandoned``: needs that lost all their experts;
    ``notified_twice``: of recipients whom the server never refused, since one who is back is asked again. Of
    mails: ``wrongly_refused``, ``wrongly_cancelled``: recorded as refused, or cancelled since the recipient's
    address refuses our mails, while the server never refused that recipient;
    ``not_received``: recorded as sent, but never received; ``unknown``: received, but not in the database.
    """

    posted: int
    acknowledged: int
    stored: int
    lost: int
    stored_twice: int
    unrouted: int
    routed_twice: int
    abandoned: int
    unnotified: int
    notified_twice: int
    mails: int
    sent: int
    refused: int
    wrongly_refused: int
    cancelled: int
    wrongly_cancelled: int
    waiting: int
    received: int
    not_received: int
    unknown: int
    duplicates: int

    @property
    def is_consistent(self) -> bool:
        """Return whether nothing was lost, done twice, or left undone."""
        wrong = (
            *(
                self.lost,
                self.stored_twice,
                self.unrouted,
                self.routed_twice,
                self.abandoned,
                self.unnotified,
                self.notified_twice,
            ),
            *(self.wrongly_refused, self.wrongly_cancelled, self.waiting, self.not_received, self.unknown),
        )
        return self.acknowledged > 0 and not any(wrong)

    def __str__(self) -> str:
        return "\n".join(f"{name.replace('_', ' '):<16}{number:>8}" for name, number in asdict(self).items())


def check_consistency(harness: PortalHarness, owners: Sequence[SimulatedOwner]) -> ConsistencyReport:
    """Compare the answers of these owners with the database and the mail server."""
    stored = dict(harness.sql(STORED))
    mails = harness.sql(MAILS)
    state_of = {key: state for key, _, state in mails}
    states = Counter(state_of.values())
    received = harness.mail.received
    never_refused = Counter(
        state for _, recipient, state in mails if recipient not in harness.mail.refused_recipients
    )
    return ConsistencyReport(
        posted=sum(len(owner.answers) for owner in owners),
        acknowledged=sum(owner.is_acknowledged for owner in owners),
        stored=sum(stored.values()),
        lost=sum(owner.is_acknowledged and owner.email not in stored for owner in owners),
        stored_twice=sum(number > 1 for number in stored.values()),
        unrouted=harness.count(UNROUTED),
        routed_twice=harness.count(ROUTED_TWICE),
        abandoned=harness.count(ABANDONED),
        unnotified=harness.count(UNNOTIFIED),
        notified_twice=sum(
            recipient not in harness.mail.refused_recipients for (recipient,) in harness.sql(NOTIFIED_TWICE)
        ),
        mails=len(state_of),
        sent=states["sent"],
        refused=states["refused"],
        wrongly_refused=never_refused["refused"],
        cancelled=states["cancelled"],
        wrongly_cancelled=never_refused["cancelled"],
        waiting=states["waiting"],
        received=len(received),
        not_received=sum(state == "sent" and key not in received for key, state in state_of.items()),
        unknown=sum(key not in state_of for key in received),
        duplicates=harness.mail.duplicates,
    )
