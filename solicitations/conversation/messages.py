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

    ``sent_from`` is empty when it came from the address that we wrote to.
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
    is_spam_or_test = solicitation.closed_reason in {ClosedReason.SPAM, ClosedReason.TEST}
    return not (solicitation.is_cancelled or is_spam_or_test)


@transaction_required
def add_expert_message(by: Mailbox, content: MessageContent, *, now: datetime) -> Message:
    """Post an expert's message and mail it to the others. Needs the request locked, ``may_write`` checked."""
    author = by.speaker()
    message = Message.objects.create(
        solicitation=by.solicitation,
        mailbox=by,
        author=author.name,
        institution=author.office.institution.name,
        body=content.body,
        incoming=content.incoming,
        sent_from=content.sent_from,
        attachments=list(content.attachments),
        at=now,
    )
    to_experts.message(message, now=now)
    return message


@transaction_required
def add_company_message(solicitation: Solicitation, content: MessageContent, *, now: datetime) -> Addition:
    """Add a text of the company to its locked request and mail it to the experts who have not declined."""
    addition = Addition.objects.create(
        solicitation=solicitation,
        body=content.body,
        incoming=content.incoming,
        sent_from=content.sent_from,
        attachments=list(content.attachments),
        at=now,
    )
    solicitation.questions.filter(answered_at=None).update(answered_at=now)
    Event.objects.record(EventKind.ADDED, solicitation, by=solicitation, at=now)
    to_experts.added(addition, now=now)
    return addition
