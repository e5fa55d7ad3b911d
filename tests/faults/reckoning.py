"""The accounts at the end: what visitors were told, what is in the database, what arrived by mail."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from tests.faults.stand import Stand
from tests.faults.visitors import Visitor

KEPT = "SELECT email, count(*) FROM solicitations_solicitation GROUP BY email"
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
# Each request is acknowledged once, and each of its mailboxes is told once.
UNTOLD = """
    SELECT count(*) FROM (
        SELECT 'received:' || id FROM solicitations_solicitation
        UNION ALL
        SELECT 'notified:' || solicitation_id || ':' || id || ':r1' FROM solicitations_mailbox
    ) AS owed (key)
    WHERE NOT EXISTS (SELECT 1 FROM mailing_outgoingemail WHERE mailing_outgoingemail.key = owed.key)
"""
# One occasion, one person, one mail: two rows would be two mails, each arriving once. Alerts have causes.
TOLD_TWICE = """
    SELECT count(*) FROM (SELECT 1 FROM mailing_outgoingemail
                          GROUP BY template, "to", about, context -> 'cause' HAVING count(*) > 1) AS twice
"""


@dataclass(frozen=True)
class Count:
    """``lost``: thanked and not in the database; ``unreceived``: said to be sent, and never arrived;
    ``unjust``: said to be refused, by a mail server that never refused its recipient.
    """

    posted: int
    thanked: int
    kept: int
    lost: int
    kept_twice: int
    unrouted: int
    routed_twice: int
    untold: int
    told_twice: int
    mails: int
    sent: int
    refused: int
    unjust: int
    cancelled: int
    waiting: int
    received: int
    unreceived: int
    unknown: int
    duplicates: int

    @property
    def is_whole(self) -> bool:
        """Nothing was lost, done twice, or left undone; refusals are visible on their rows."""
        wrong = (
            *(self.lost, self.kept_twice, self.unrouted, self.routed_twice, self.untold, self.told_twice),
            *(self.unjust, self.cancelled, self.waiting, self.unreceived, self.unknown),
        )
        return self.thanked > 0 and not any(wrong)

    def __str__(self) -> str:
        return "\n".join(f"{name.replace('_', ' '):<14}{number:>8}" for name, number in asdict(self).items())


def reckon(stand: Stand, visitors: Sequence[Visitor]) -> Count:
    """Count, whatever the portal itself says."""
    kept = dict(stand.sql(KEPT))
    mails = stand.sql(MAILS)
    fates = {key: fate for key, _, fate in mails}
    states = Counter(fates.values())
    received = stand.mail.received
    refused = {recipient for _, recipient, fate in mails if fate == "refused"}
    return Count(
        posted=sum(len(visitor.answers) for visitor in visitors),
        thanked=sum(visitor.is_thanked for visitor in visitors),
        kept=sum(kept.values()),
        lost=sum(visitor.is_thanked and visitor.email not in kept for visitor in visitors),
        kept_twice=sum(number > 1 for number in kept.values()),
        unrouted=stand.number(UNROUTED),
        routed_twice=stand.number(ROUTED_TWICE),
        untold=stand.number(UNTOLD),
        told_twice=stand.number(TOLD_TWICE),
        mails=len(fates),
        sent=states["sent"],
        refused=states["refused"],
        unjust=sum(recipient not in stand.mail.turned_away for recipient in refused),
        cancelled=states["cancelled"],
        waiting=states["waiting"],
        received=len(received),
        unreceived=sum(fate == "sent" and key not in received for key, fate in fates.items()),
        unknown=sum(key not in fates for key in received),
        duplicates=stand.mail.duplicates,
    )
