"""Messages about a request, written on a page or by mail: same rows, same notifications."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mailing.models import IncomingEmail
from mailing.transactions import transaction_required
from solicitations.lifecycle import ClosedReason, EventKind
from solicitations.models import Addition, Event, Mailbox, Message, Solicitation
from solicitations.notifications import to_experts


@dataclass(frozen=True)
class MessageContent:
    """A text and, when it came as a mail, that mail, its sender and its attachments.

    ``sent_from`` is empty when it came from the very address that we wrote to.
    """

    body: str
    incoming: IncomingEmail | None = None
    sent_from: str = ""
    attachments: Sequence[str] = ()


def may_write(solicitation: Solicitation, by: Mailbox) -> bool:
    """Return ``True`` when the mailbox still follows the locked request, and the request takes answers."""
    return not solicitation.refuses_answers and Mailbox.objects.following().filter(pk=by.pk).exists()


def is_open_to_company(solicitation: Solicitation) -> bool:
    """Return ``True`` unless the locked request is cancelled, spam or a test: the company may still write."""
    is_set_aside = solicitation.closed_reason in {ClosedReason.SPAM, ClosedReason.TEST}
    return not (solicitation.is_cancelled or is_set_aside)


@transaction_required
def add_expert_message(by: Mailbox, words: MessageContent, *, now: datetime) -> Message:
    """A word of an expert to the others, who are mailed; the request is locked, the right checked."""
    author = by.speaker()
    said = Message.objects.create(
        solicitation=by.solicitation,
        mailbox=by,
        author=author.name,
        institution=author.office.institution.name,
        body=words.body,
        incoming=words.incoming,
        sent_from=words.sent_from,
        attachments=list(words.attachments),
        at=now,
    )
    to_experts.message(said, now=now)
    return said


@transaction_required
def add_company_message(solicitation: Solicitation, words: MessageContent, *, now: datetime) -> Addition:
    """Words of the company beside its locked request, mailed to the experts who have not declined."""
    addition = Addition.objects.create(
        solicitation=solicitation,
        body=words.body,
        incoming=words.incoming,
        sent_from=words.sent_from,
        attachments=list(words.attachments),
        at=now,
    )
    solicitation.questions.filter(answered_at=None).update(answered_at=now)
    Event.objects.record(EventKind.ADDED, solicitation, by=solicitation, at=now)
    to_experts.added(addition, now=now)
    return addition
