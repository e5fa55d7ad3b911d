"""Messages about a request, written on a page or by mail: same rows, same notifications.

Three voices, each with its tables: the experts (``Message``), one institution (``InternalMessage``), the
company (``Question`` to it, ``Addition`` from it).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import QuerySet

from mailing.accepted_files import AcceptedFile
from mailing.models import IncomingEmail, OutgoingEmail
from mailing.transactions import transaction_required
from solicitations import links, reply_addresses
from solicitations.conversation import mentions
from solicitations.conversation.attachments import attach, detach
from solicitations.dispatch import alerts
from solicitations.lifecycle import AlertCause, ClosedReason, EventKind
from solicitations.models import (
    Addition,
    Event,
    InternalMessage,
    Mailbox,
    Match,
    Message,
    OfficeManager,
    Question,
    Solicitation,
    StaffMessage,
    Text,
)
from solicitations.models.matches import MatchQuerySet
from solicitations.notifications import request_mails, to_company, to_institution, to_readers, to_staff

Said = TypeVar("Said", Message, InternalMessage, Question, Addition)


@dataclass(frozen=True)
class MessageContent:
    """A text and, when it came as a mail, that mail, its sender and its attachments.

    ``sent_from`` is empty when it came from the address that we wrote to. ``attachments``: names of the files
    that are held back; ``files``: those that are taken.
    """

    body: str
    incoming: IncomingEmail | None = None
    sent_from: str = ""
    attachments: Sequence[str] = ()
    files: Sequence[AcceptedFile] = ()

    @property
    def columns(self) -> dict[str, Any]:
        """The columns that all texts have."""
        return {
            "body": self.body,
            "incoming": self.incoming,
            "sent_from": self.sent_from,
            "attachments": list(self.attachments),
        }


def may_write(solicitation: Solicitation, by: Mailbox) -> bool:
    """Return ``True`` when the mailbox still follows the locked request, and the request takes answers."""
    return not solicitation.refuses_answers and Mailbox.objects.following().filter(pk=by.pk).exists()


def may_write_to_institution(
    solicitation: Solicitation, by: Mailbox | OfficeManager, *, now: datetime
) -> bool:
    """Return ``True`` when the expert follows the locked request, or the manager still has a part in it."""
    if isinstance(by, Mailbox):
        return may_write(solicitation, by)
    return not solicitation.refuses_answers and reply_addresses.manages(by, now=now)


def is_open_to_company(solicitation: Solicitation) -> bool:
    """Return ``True`` unless the locked request is cancelled, spam or a test: the company may still write."""
    is_spam_or_test = solicitation.closed_reason in {ClosedReason.SPAM, ClosedReason.TEST}
    return not (solicitation.is_cancelled or is_spam_or_test)


def is_author(text: Text, by: links.Participant) -> bool:
    """Return whether this person wrote the text; of an expert, anybody who reads the mailbox did."""
    if isinstance(by, OfficeManager):
        return isinstance(text, InternalMessage) and text.mailbox_id is None and text.by_user == by.user
    if isinstance(by, Solicitation):
        return isinstance(text, Addition) and text.solicitation_id == by.pk
    return not isinstance(text, Addition) and text.mailbox_id == by.pk


def second_click(recent: QuerySet[Said], *, body: str, attached: Sequence[AcceptedFile]) -> Said | None:
    """The text among these that has the same words and the same files, or ``None``."""
    posted = sorted((file.name, len(file.content)) for file in attached)
    same = recent.filter(body=body)
    return next((row for row in same if posted == sorted(row.files.values_list("name", "size"))), None)


@transaction_required
def withdraw(text: Text, *, now: datetime) -> None:
    """Erase the words of a locked text, here and in the unsent mails."""
    body = text.body
    text.withdraw(at=now)
    detach(text.files.all())
    text.save(update_fields=["body", "attachments", "withdrawn_at"])
    name = request_mails.about(text.solicitation, text)[1]
    request_mails.remove_from_reminders(name)
    OutgoingEmail.objects.cancel_about(name, now=now)
    if isinstance(text, Addition) and text.question_id is None:
        to_readers.remove_addition(text.solicitation, body)


@transaction_required
def add_expert_message(by: Mailbox, content: MessageContent, *, now: datetime) -> Message:
    """Post an expert's message and mail it to the others. Needs the request locked, ``may_write`` checked."""
    author = by.speaker()
    message = Message.objects.create(
        solicitation=by.solicitation,
        mailbox=by,
        author=author.name,
        institution=author.office.institution.name,
        at=now,
        **content.columns,
    )
    attach(message, content.files, now=now)
    found = _mentions(message.body, _matches(by.solicitation))
    to_readers.message(message, mentioned=mentions.mentioned_mailboxes(found), now=now)
    _alert_region(message, found, now=now)
    return message


@transaction_required
def add_internal_message(
    by: Mailbox | OfficeManager, content: MessageContent, *, now: datetime, institution: int | None = None
) -> InternalMessage:
    """Post a message within the author's institution and mail it there. Needs the request locked.

    ``institution``: which one, of an expert with posts in several.
    """
    message = InternalMessage(solicitation=by.solicitation, at=now, **content.columns)
    if isinstance(by, Mailbox):
        expert = by.speaker(institution)
        message.mailbox, message.by_user, message.author = by, by.used_by, expert.name
        message.institution = expert.office.institution
    else:
        message.by_user, message.author = by.user, f"{by.user}, responsable"
        message.institution = by.institution
    message.save()
    attach(message, content.files, now=now)
    own = _matches(by.solicitation).filter(expert__office__institution=message.institution_id)
    found = _mentions(message.body, own)
    to_institution.message(message, mentioned=mentions.mentioned_mailboxes(found), now=now)
    _alert_region(message, found, now=now)
    return message


def _matches(solicitation: Solicitation) -> MatchQuerySet:
    return Match.objects.filter(need__solicitation=solicitation).with_people().in_order()


def _mentions(body: str, matches: MatchQuerySet) -> list[mentions.Mention]:
    return mentions.find(body, mentions.mentionable_in(matches)) if "@" in body else []


def _alert_region(
    message: Message | InternalMessage, found: Sequence[mentions.Mention], *, now: datetime
) -> None:
    """Alert staff of the region when a message mentions it: the alert names the author, not the text."""
    if mentions.mentions_region(found):
        details = f"Par {message.author} ({message.institution})"
        alerts.raise_alert(message.solicitation, AlertCause.MENTIONED, details=details, now=now)


@transaction_required
def add_question(by: Mailbox, content: MessageContent, *, now: datetime) -> Question:
    """Write to the company. Needs the request locked, and an active need of the mailbox checked."""
    author = by.speaker()
    asked = Question.objects.create(
        solicitation=by.solicitation,
        mailbox=by,
        author=author.name,
        institution=author.office.name,
        asked_at=now,
        **content.columns,
    )
    attach(asked, content.files, now=now)
    Event.objects.record(EventKind.ASKED, by.solicitation, by=by, at=now)
    to_company.question(asked, now=now)
    return asked


@transaction_required
def add_answer_to_staff(
    staff_message: StaffMessage, content: MessageContent, *, now: datetime
) -> StaffMessage:
    """Store the expert's answer and mail it to the author of the message. Needs the request locked.

    Files are held back: staff open them in the original.
    """
    held = [*content.attachments, *(file.name for file in content.files)]
    answer = StaffMessage.objects.create(
        solicitation=staff_message.solicitation,
        mailbox=staff_message.mailbox,
        author=staff_message.author,
        addressee=staff_message.addressee,
        answers=staff_message,
        at=now,
        **content.columns | {"attachments": held},
    )
    to_staff.answered(answer, now=now)
    return answer


@transaction_required
def add_company_message(
    solicitation: Solicitation, content: MessageContent, *, now: datetime, question: Question | None = None
) -> Addition:
    """Add a text of the company to its locked request and mail it to its readers.

    The answer to a ``question`` goes to its author and to the experts who took a need; when none of them
    remains, and without question, to the experts who have not declined.
    """
    if question and not to_readers.answer_readers(question).exists():
        question = None
    addition = Addition.objects.create(
        solicitation=solicitation, question=question, at=now, **content.columns
    )
    attach(addition, content.files, now=now)
    answered = solicitation.questions.filter(answered_at=None)
    (answered.filter(pk=question.pk) if question else answered).update(answered_at=now)
    Event.objects.record(EventKind.ADDED, solicitation, by=solicitation, at=now)
    to_readers.added(addition, now=now)
    return addition
