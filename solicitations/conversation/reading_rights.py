"""Texts of a request that each reader may see: pages, prints, originals, files and searches ask here."""

from collections.abc import Iterable
from dataclasses import dataclass

from experts.models import Office
from mailing.prepared_queries import PreparedQuery
from solicitations.lifecycle import NOT_LIVE
from solicitations.models import Addition, InternalMessage, Mailbox, Match, Message, Question, Solicitation
from solicitations.models.matches import TAKEN_STATES


@dataclass(frozen=True)
class ReadingRights:
    """Somebody who reads a request, by their rights in its three voices.

    ``mailboxes``: those that they read for, hers or her offices'. ``institutions``: whose internal voice they
    read. ``reads_answers``: one of the mailboxes took a need, so that the company's answers are for it too.
    """

    mailboxes: frozenset[int]
    institutions: frozenset[int] = frozenset()
    reads_answers: bool = False

    def may_read(self, text: Message | InternalMessage | Question | Addition) -> bool:
        """Return whether this reader may see a text of the request."""
        if isinstance(text, InternalMessage):
            return text.institution_id in self.institutions
        if isinstance(text, Addition) and text.question:
            return self.reads_answers or text.question.mailbox_id in self.mailboxes
        return True


_STATES = PreparedQuery(
    lambda mailbox: Match.objects.filter(mailbox=mailbox).values_list("state", "expert__office__institution")
)


def of_mailbox(mailbox: Mailbox) -> ReadingRights:
    """The reader of an expert's page; without account, by the link of a mail, no internal voice."""
    rows = _STATES.rows(mailbox=mailbox.pk)
    live = {institution for state, institution in rows if state not in NOT_LIVE}
    return ReadingRights(
        mailboxes=frozenset([mailbox.pk]),
        institutions=frozenset(live if mailbox.used_by else ()),
        reads_answers=mailbox.left_at is None and any(state in TAKEN_STATES for state, _ in rows),
    )


def is_mailed_to(text: Message | InternalMessage | Addition, mailbox: Mailbox) -> bool:
    """Return whether a text may still be mailed to a mailbox that it was written for."""
    if isinstance(text, InternalMessage):
        return mailbox.serves(text.institution_id)
    return mailbox.matches.live().exists() and of_mailbox(mailbox).may_read(text)


def of_manager(solicitation: Solicitation, offices: Iterable[Office]) -> ReadingRights:
    """The reader who manages these offices: what their people in the request read."""
    matches = Match.objects.live().filter(need__solicitation=solicitation, expert__office__in=offices)
    rows = list(matches.values_list("mailbox", "expert__office__institution"))
    mailboxes = frozenset(mailbox for mailbox, _ in rows)
    took = Mailbox.objects.filter(pk__in=mailboxes).who_took().exists()
    return ReadingRights(mailboxes, frozenset(institution for _, institution in rows), took)
