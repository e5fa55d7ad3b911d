"""Messages of experts to each other and to the company, and the links of their pages."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from mailing.accepted_files import AcceptedFile
from solicitations.conversation import messages
from solicitations.lifecycle import UNDO_DELAY, EventKind, RequestState
from solicitations.models import (
    Event,
    InternalMessage,
    Mailbox,
    Message,
    OfficeManager,
    Question,
    Solicitation,
    Text,
)
from solicitations.models.conversation import WITHDRAWAL_DELAY
from solicitations.models.request_querysets import LINK_LIFE_AFTER_END
from solicitations.notifications import to_experts


class NotInThread(Exception):
    """The mailbox may not write about this request any more."""


class NotTheAuthor(Exception):
    """Somebody else wrote this text."""


class TooLateToWithdraw(Exception):
    """The text is too old to be withdrawn."""


@transaction.atomic(durable=True)
def post_message(by: Mailbox, *, body: str, now: datetime, attached: Sequence[AcceptedFile] = ()) -> Message:
    """Post a message to the other experts of the request. Raises ``NotInThread``, and as ``attach`` does.

    The same text and files again within a minute is a second click: it is posted once.
    """
    solicitation = Solicitation.objects.locked(by.solicitation_id)
    if not messages.may_write(solicitation, by):
        raise NotInThread
    recent = by.messages.filter(at__gt=now - UNDO_DELAY)
    if repeated := messages.second_click(recent, body=body, attached=attached):
        return repeated
    return messages.add_expert_message(by, messages.MessageContent(body, files=attached), now=now)


@transaction.atomic(durable=True)
def ask(by: Mailbox, *, body: str, now: datetime, attached: Sequence[AcceptedFile] = ()) -> Question:
    """Ask the company a short question. Raises ``NotInThread`` when the mailbox has no active need.

    The same question and files again within a minute is a second click: it is asked once.
    """
    Solicitation.objects.locked(by.solicitation_id)
    if not by.matches.active().exists():
        raise NotInThread
    recent = Question.objects.filter(mailbox=by, asked_at__gt=now - UNDO_DELAY)
    if repeated := messages.second_click(recent, body=body, attached=attached):
        return repeated
    return messages.add_question(by, messages.MessageContent(body, files=attached), now=now)


@transaction.atomic(durable=True)
def post_internal_message(
    by: Mailbox | OfficeManager, *, body: str, now: datetime, attached: Sequence[AcceptedFile] = ()
) -> InternalMessage:
    """Post a message to the author's institution. Raises ``NotInThread``, and as ``attach`` does.

    The same text and files again within a minute is a second click: it is posted once.
    """
    solicitation = Solicitation.objects.locked(by.solicitation.pk)
    if not messages.may_write_to_institution(solicitation, by, now=now):
        raise NotInThread
    author = {"mailbox": by} if isinstance(by, Mailbox) else {"by_user": by.user, "mailbox": None}
    recent = InternalMessage.objects.filter(solicitation=solicitation, at__gt=now - UNDO_DELAY, **author)
    if repeated := messages.second_click(recent, body=body, attached=attached):
        return repeated
    return messages.add_internal_message(by, messages.MessageContent(body, files=attached), now=now)


@transaction.atomic(durable=True)
def withdraw(text: Text, *, by: Mailbox | Solicitation | OfficeManager, now: datetime) -> None:
    """Erase a text that its author wrote a few minutes ago, and cancel its unsent mails.

    A second click does nothing. Raises ``NotTheAuthor``, ``TooLateToWithdraw``.
    """
    Solicitation.objects.locked(text.solicitation_id)
    if not messages.is_author(text, by):
        raise NotTheAuthor
    locked = type(text).objects.select_for_update(of=("self",)).get(pk=text.pk)
    if locked.withdrawn_at:
        return
    if now - locked.at > WITHDRAWAL_DELAY:
        raise TooLateToWithdraw
    messages.withdraw(locked, now=now)


def record_opened(by: Mailbox, *, now: datetime) -> None:
    """Record that the expert opened the page: the first time, or each time for a confidential request."""
    if by.opened_at and not by.solicitation.is_confidential:
        return
    with transaction.atomic(durable=True):
        if by.opened_at is None:
            Mailbox.objects.filter(pk=by.pk).update(opened_at=now)
        if by.solicitation.is_confidential:
            Event.objects.record(EventKind.OPENED, by.solicitation, by=by, at=now)


@transaction.atomic(durable=True)
def reissue_link(mailbox: Mailbox, *, now: datetime) -> None:
    """Mail a new link in place of an expired one, which stays invalid; a second click does nothing.

    Nor does the click of somebody who is gone.
    """
    Solicitation.objects.locked(mailbox.solicitation_id)
    row = Mailbox.objects.select_related("solicitation__commune").get(pk=mailbox.pk)
    if row.serial != mailbox.serial or row.left_at or row.solicitation.state == RequestState.ANONYMISED:
        return
    row.serial += 1
    row.extended_until = now + LINK_LIFE_AFTER_END
    row.save(update_fields=["serial", "extended_until"])
    Event.objects.record(EventKind.LINK_REISSUED, row.solicitation, by=row, at=now)
    to_experts.link_reissued(row, now=now)
