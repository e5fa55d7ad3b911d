"""Replies by mail: find their author, publish them, hold or refuse the others."""

import logging
import re
from datetime import datetime, timedelta

from django.db import transaction

from experts.tokens import ForgedLink
from mailing import replies, senders
from mailing.models import (
    LONGEST_ADDRESS,
    RESOLVED_FIELDS,
    IncomingEmail,
    IncomingState,
    OutgoingEmail,
    Reason,
    id_in,
)
from mailing.replies import MailKind, Reply
from solicitations import links
from solicitations.conversation import messages
from solicitations.conversation.messages import MessageContent
from solicitations.dispatch import alerts
from solicitations.lifecycle import AlertCause
from solicitations.models import Mailbox, Match, Solicitation
from solicitations.notifications import request_mails, to_company, to_experts, to_senders

logger = logging.getLogger(__name__)

# More than anybody types: a longer text is refused, never cut.
LONGEST_REPLY = 20_000
MOST_FILES = 50
DAILY_LIMIT, DAY = 20, timedelta(days=1)  # mails of one person about one request
HELD_REASONS = {Reason.OTHER_SENDER, Reason.FLOOD, Reason.LIST}  # staff check the sender
NOT_ANSWERED_REASONS = {Reason.FLOOD, Reason.LOOP}
AUTOMATIC_REASONS = {
    MailKind.AUTO_REPLY: Reason.AUTO_REPLY,
    MailKind.OUT_OF_OFFICE: Reason.OUT_OF_OFFICE,
    MailKind.BOUNCE: Reason.BOUNCE,
    MailKind.CALENDAR: Reason.CALENDAR,
}
# « Je prends en charge » and similar sentences; not « je prends note », nor « je ne prends pas ».
TAKING = re.compile(
    r"\bje (?:la |le |les )?prends\b(?! (?:bien |bonne )?(?:note|acte|connaissance|contact|part|congés?))"
    r"|\bje (?:vais )?(?:m'en (?:occupe|charge)|m'en (?:occuper|charger)|m'occupe d)"
    r"|\bje vais (?:la |le |les )?prendre en charge"
    r"|\b(?:nous (?:prenons en charge|nous en occupons)|on (?:prend en charge|s'en occupe))",
    re.IGNORECASE,
)

Person = Mailbox | Solicitation


def process_reply_safely(pk: int, *, now: datetime) -> None:
    """Process an incoming mail; one that fails is postponed with its error, and does not stop the sweep."""
    try:
        process_reply(pk, now=now)
    except Exception as error:
        logger.exception("incoming mail %s could not be read", pk)
        email = IncomingEmail.objects.unread().filter(pk=pk).first()
        if email is not None:
            email.postpone(type(error).__name__, at=now)
            email.save(update_fields=["last_error", "next_try_at"])


@transaction.atomic(durable=True)
def process_reply(pk: int, *, now: datetime) -> None:
    """Publish, hold or refuse an incoming mail; a second call finds nothing to do."""
    email = IncomingEmail.objects.unread().select_for_update(skip_locked=True).filter(pk=pk).first()
    if email is None:
        return
    person, address_reason = _addressee(email, now=now)
    reply = read_mail(email, person)
    email.about = request_mails.about_person(person) if person else []
    reason = _automatic_reason(reply) or address_reason or _content_reason(email, reply)
    if reason is None and person is not None:
        reason = _publish_or_reason(email, reply, person, now=now)
    if reason is not None:
        _hold_or_refuse(email, reply, person, reason, now=now)
    email.save(update_fields=RESOLVED_FIELDS)


def read_mail(email: IncomingEmail, person: Person | None) -> Reply:
    """Parse the mail; when it answers one of ours, replies typed between our lines are found too."""
    raw = bytes(email.raw)
    reply = replies.read(raw)
    answered = OutgoingEmail.objects.original_of_reply(reply.in_reply_to, to=person.email) if person else None
    return reply if answered is None else replies.read(raw, sent=answered.rendered().html)


def writer_of(email: IncomingEmail) -> Person | None:
    """Return the person whose reply address the processed mail was sent to; ``None`` without any."""
    if pk := id_in(email.about, "mailbox"):
        return Mailbox.objects.select_related("solicitation__commune__department").filter(pk=pk).first()
    pk = id_in(email.about, "request") or 0
    return Solicitation.objects.select_related("commune__department").filter(pk=pk).first()


def _addressee(email: IncomingEmail, *, now: datetime) -> tuple[Person | None, Reason | None]:
    """Return the person a reply address belongs to, and why it is invalid (``None`` when it is valid)."""
    try:
        return links.person_of(email.recipient, now=now), None
    except links.NoReplyAddress:
        return None, Reason.UNKNOWN
    except ForgedLink:
        return None, Reason.FORGED
    except links.ExpiredLink as expired:
        return expired.row, Reason.EXPIRED


def _automatic_reason(reply: Reply) -> Reason | None:
    return Reason.LOOP if to_senders.is_portal(reply.sender) else AUTOMATIC_REASONS.get(reply.kind)


def _content_reason(email: IncomingEmail, reply: Reply) -> Reason | None:
    if email.reason == Reason.OVERSIZED or len(reply.text) > LONGEST_REPLY:
        return Reason.OVERSIZED
    return None if reply.text else Reason.EMPTY


def _publish_or_reason(email: IncomingEmail, reply: Reply, person: Person, *, now: datetime) -> Reason | None:
    """Publish the text of the right person; else return the reason to hold or refuse it."""
    solicitation = Solicitation.objects.locked(request_pk(person))
    if not accepts_messages_from(solicitation, person):
        return Reason.CLOSED
    is_own = senders.is_same_mailbox(reply.sender, person.email)
    if _is_flood(email, now=now):
        return Reason.FLOOD
    if not (is_own or senders.is_colleague(reply.sender, person.email)):
        return Reason.OTHER_SENDER
    if reply.kind == MailKind.LIST:
        return Reason.LIST  # ticket systems mark their users' mails like newsletters
    publish(email, reply, person, sent_from="" if is_own else reply.sender, now=now)
    return None


def _is_flood(email: IncomingEmail, *, now: datetime) -> bool:
    """Return ``True`` above the daily limit: two automatic senders may be answering each other."""
    accepted = IncomingEmail.objects.accepted().filter(about=email.about, settled_at__gt=now - DAY)
    return accepted.count() >= DAILY_LIMIT


def request_pk(person: Person) -> int:
    """The id of the request that the person has a part in."""
    return person.solicitation_id if isinstance(person, Mailbox) else person.pk


def accepts_messages_from(solicitation: Solicitation, person: Person) -> bool:
    """Return ``True`` when the locked request still accepts messages from this person."""
    if isinstance(person, Mailbox):
        return messages.may_write(solicitation, person)
    if not messages.is_open_to_company(solicitation):
        return False
    # As on its page: after the end, an expert must be left to read it.
    return (
        not solicitation.is_over or Mailbox.objects.filter(solicitation=solicitation).not_declined().exists()
    )


def publish(email: IncomingEmail, reply: Reply, person: Person, *, sent_from: str, now: datetime) -> None:
    """Publish a mail in the experts' thread, or as an addition of the company.

    ``sent_from``: the sender, when it is not the address we wrote to. Needs the request locked and open to
    this person. Saves everything but ``email``.
    """
    content = MessageContent(
        links.without_secrets(reply.text),
        incoming=email,
        sent_from=sent_from[:LONGEST_ADDRESS],
        attachments=reply.attachments[:MOST_FILES],
    )
    if isinstance(person, Mailbox):
        message = messages.add_expert_message(person, content, now=now)
        if TAKING.search(_plain(reply.text)) and Match.objects.sent().filter(mailbox=person).exists():
            to_experts.how_to_take(message, now=now)
        if sent_from:
            to_experts.sent_in_your_name(message, now=now)
    else:
        addition = messages.add_company_message(person, content, now=now)
        if sent_from:
            to_company.sent_in_your_name(addition, now=now)
    email.resolve(IncomingState.ACCEPTED, at=now)


def _plain(text: str) -> str:
    return " ".join(text.replace("’", "'").split())


def _hold_or_refuse(
    email: IncomingEmail, reply: Reply, person: Person | None, reason: Reason, *, now: datetime
) -> None:
    """Hold the mail for staff or refuse it; tell its sender, unless automatic, that it was not published."""
    if reason in HELD_REASONS and person is not None:
        email.resolve(IncomingState.HELD, reason=reason, at=now)
        solicitation = Solicitation.objects.locked(request_pk(person))
        alerts.raise_alert(solicitation, AlertCause.REPLY_HELD, words=email.sender, now=now)
    else:
        email.resolve(IncomingState.REFUSED, reason=reason, at=now)
    if not reply.kind.is_automatic and reason not in NOT_ANSWERED_REASONS:
        to_senders.reply_not_published(reply, person, reason, now=now)
