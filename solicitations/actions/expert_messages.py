"""Messages of experts to each other and to the company, and the links of their pages."""

from datetime import datetime

from django.db import transaction

from solicitations.conversation import messages
from solicitations.lifecycle import UNDO_DELAY, EventKind, RequestState
from solicitations.models import Event, Mailbox, Message, Question, Solicitation
from solicitations.models.request_querysets import LINK_LIFE_AFTER_END
from solicitations.notifications import to_company, to_experts


class NotInThread(Exception):
    """This mailbox may not write about this request any more."""


@transaction.atomic(durable=True)
def post_message(by: Mailbox, *, body: str, now: datetime) -> Message:
    """Post a message to the other experts of the request. Raises ``NotInThread``.

    The same text again within a minute is a second click: it is posted once.
    """
    solicitation = Solicitation.objects.locked(by.solicitation_id)
    if not messages.may_write(solicitation, by):
        raise NotInThread
    if repeated := by.messages.filter(body=body, at__gt=now - UNDO_DELAY).first():
        return repeated
    return messages.add_expert_message(by, messages.MessageContent(body), now=now)


@transaction.atomic(durable=True)
def ask(by: Mailbox, *, body: str, now: datetime) -> Question:
    """Ask the company a short question. Raises ``NotInThread`` when the mailbox has no active need.

    The same question again within a minute is a second click: it is asked once.
    """
    Solicitation.objects.locked(by.solicitation_id)
    if not by.matches.active().exists():
        raise NotInThread
    if repeated := Question.objects.filter(mailbox=by, body=body, asked_at__gt=now - UNDO_DELAY).first():
        return repeated
    author = by.speaker()
    asked = Question.objects.create(
        solicitation=by.solicitation,
        mailbox=by,
        author=author.name,
        institution=author.office.name,
        body=body,
        asked_at=now,
    )
    Event.objects.record(EventKind.ASKED, by.solicitation, by=by, at=now)
    to_company.question(asked, now=now)
    return asked


@transaction.atomic(durable=True)
def record_opened(by: Mailbox, *, now: datetime) -> None:
    """Record that the expert opened the page: the first time, or each time for a confidential request."""
    if by.opened_at is None:
        Mailbox.objects.filter(pk=by.pk).update(opened_at=now)
    if by.solicitation.is_confidential:
        Event.objects.record(EventKind.OPENED, by.solicitation, by=by, at=now)


@transaction.atomic(durable=True)
def reissue_link(mailbox: Mailbox, *, now: datetime) -> None:
    """Mail a new link in place of an expired one, which stays invalid; a second click does nothing."""
    Solicitation.objects.locked(mailbox.solicitation_id)
    row = Mailbox.objects.select_related("solicitation__commune").get(pk=mailbox.pk)
    if row.serial != mailbox.serial or row.solicitation.state == RequestState.ANONYMISED:
        return
    row.serial += 1
    row.extended_until = now + LINK_LIFE_AFTER_END
    row.save(update_fields=["serial", "extended_until"])
    Event.objects.record(EventKind.LINK_REISSUED, row.solicitation, by=row, at=now)
    to_experts.link_reissued(row, now=now)
