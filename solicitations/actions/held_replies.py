"""Actions of staff on an incoming mail that was held or refused."""

from datetime import datetime

from django.db import transaction

from experts.models import User
from mailing import senders
from mailing.models import RESOLVED_FIELDS, IncomingEmail, IncomingState, Reason
from solicitations.actions.expert_messages import NotInThread
from solicitations.conversation import addressees, replies
from solicitations.lifecycle import AlertCause, EventKind
from solicitations.models import Event, Solicitation


class AlreadyResolved(Exception):
    """The mail was dealt with already, or can be neither published nor set aside."""


@transaction.atomic(durable=True)
def publish_reply(email: IncomingEmail, *, by: User, now: datetime) -> None:
    """Publish the mail after all. Raises ``AlreadyResolved``; ``NotInThread`` when nobody would read it."""
    locked = IncomingEmail.objects.select_for_update().get(pk=email.pk)
    addressee = replies.addressee_of(locked)
    person = addressee.person
    reply = replies.read_mail(locked, person)
    if not locked.may_be_published or person is None or not reply.text:
        raise AlreadyResolved
    solicitation = Solicitation.objects.locked(addressees.request_pk(person))
    locked.text_digest = reply.text_digest
    if IncomingEmail.objects.copies_of(locked).about(f"request:{solicitation.pk}").exists():
        raise AlreadyResolved
    if not replies.accepts_messages_from(solicitation, addressee, now=now):
        raise NotInThread
    sender = reply.sender or locked.sender
    is_own = senders.is_same_mailbox(sender, person.email)
    replies.publish(locked, reply, addressee, sent_from="" if is_own else sender, now=now)
    locked.save(update_fields=RESOLVED_FIELDS)
    _record(solicitation, locked, EventKind.REPLY_PUBLISHED, by=by, now=now)


@transaction.atomic(durable=True)
def set_reply_aside(email: IncomingEmail, *, by: User, now: datetime) -> None:
    """Refuse a held mail: nobody will read it. Raises ``AlreadyResolved``."""
    locked = IncomingEmail.objects.select_for_update().get(pk=email.pk)
    person = replies.writer_of(locked)
    if not locked.is_held or person is None:
        raise AlreadyResolved
    solicitation = Solicitation.objects.locked(addressees.request_pk(person))
    locked.resolve(IncomingState.REFUSED, reason=Reason.SET_ASIDE, at=now)
    locked.save(update_fields=RESOLVED_FIELDS)
    _record(solicitation, locked, EventKind.REPLY_SET_ASIDE, by=by, now=now)


def _record(
    solicitation: Solicitation, email: IncomingEmail, kind: EventKind, *, by: User, now: datetime
) -> None:
    Event.objects.record(kind, solicitation, by=by, reason=email.sender, at=now)
    if not IncomingEmail.objects.held().about(f"request:{solicitation.pk}").exists():
        solicitation.alerts.open().filter(cause=AlertCause.REPLY_HELD).update(settled_at=now)
