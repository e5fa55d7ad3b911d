"""Replies by mail: find their author, publish them, hold or refuse the others."""

import logging
import re
from datetime import datetime

from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction

from experts.models import Institution, User
from mailing import accepted_files, bounces, replies, senders
from mailing.models import (
    MAX_ADDRESS_LENGTH,
    RESOLVED_FIELDS,
    IncomingEmail,
    IncomingState,
    OutgoingEmail,
    Reason,
    id_in,
)
from mailing.rendering import Rendered
from mailing.replies import MailKind, Reply
from solicitations import links
from solicitations.conversation import addressees, attachments, messages, repetitions
from solicitations.conversation.addressees import Addressee, request_pk
from solicitations.conversation.attachments import CheckedFiles
from solicitations.conversation.messages import MessageContent
from solicitations.dispatch import alerts
from solicitations.lifecycle import AlertCause, Voice
from solicitations.links import Participant
from solicitations.models import (
    InternalMessage,
    Mailbox,
    Match,
    Message,
    OfficeManager,
    Question,
    Solicitation,
    StaffMessage,
)
from solicitations.notifications import request_mails, to_company, to_senders

logger = logging.getLogger(__name__)

# More than anybody types: a longer text is refused, never cut.
MAX_REPLY_LENGTH = 20_000
MAX_FILES = 50
NO_TEXT = "(sans texte)"  # a file alone, as telephones send it
# Staff publish the mail or set it aside.
HELD_REASONS = {
    Reason.OTHER_SENDER, Reason.DOUBTFUL, Reason.LIST, Reason.REPEATED, Reason.FLOOD, Reason.ELSEWHERE,
}  # fmt: skip
# Its author may be a program, or was answered already.
NOT_ANSWERED_REASONS = {*HELD_REASONS, Reason.DUPLICATE, Reason.LOOP} - {Reason.OTHER_SENDER}
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


def process_reply_safely(pk: int, *, now: datetime) -> None:
    """Process an incoming mail; one that fails is postponed with its error, and does not stop the sweep.

    One that takes too long is postponed too; it ends the task, which has no time left.
    """
    try:
        process_reply(pk, now=now)
    except Exception as error:
        logger.exception("incoming mail %s could not be read", pk)
        email = IncomingEmail.objects.unread().filter(pk=pk).first()
        if email is not None:
            email.postpone(type(error).__name__, at=now)
            email.save(update_fields=["last_error", "next_try_at"])
        if isinstance(error, SoftTimeLimitExceeded):
            raise


@transaction.atomic(durable=True)
def process_reply(pk: int, *, now: datetime) -> None:
    """Publish, hold or refuse an incoming mail; a second call finds nothing to do."""
    email = IncomingEmail.objects.unread().select_for_update(skip_locked=True).filter(pk=pk).first()
    if email is None:
        return
    if bounces.process(email, now=now):
        email.save(update_fields=RESOLVED_FIELDS)
        return
    top = replies.read_headers(bytes(email.raw))
    addressee = addressees.find(email.recipient, top, now=now)
    person = addressee.person
    # A mail to nobody is not worth parsing its parts.
    reply = read_mail(email, person) if person else top
    email.about = _about(addressee)
    email.text_digest = reply.text_digest
    reason = _automatic_reason(reply) or addressee.reason or _content_reason(email, reply, addressee)
    if reason is None:
        reason = _publish_or_reason(email, reply, addressee, now=now)
    is_erased = person is not None and not _is_kept(person)
    if reason is not None:
        _hold_or_refuse(email, person, reason, now=now)
        is_silent = addressee.is_misdirected or (is_erased and isinstance(person, Solicitation))
        if reply.may_be_answered and reason not in NOT_ANSWERED_REASONS and not is_silent:
            to_senders.reply_not_published(reply, person, reason, now=now)
    email.save(update_fields=RESOLVED_FIELDS)
    if is_erased:
        IncomingEmail.objects.filter(pk=email.pk).erase(now=now)


def _is_kept(person: Participant) -> bool:
    """``False`` once the request was anonymised: then nothing of its company is kept."""
    return Solicitation.objects.not_erased().filter(pk=request_pk(person)).exists()


def read_mail(email: IncomingEmail, person: Participant | None) -> Reply:
    """Parse the mail; when it answers one of ours, replies typed between our lines are found too."""
    raw = bytes(email.raw)
    in_reply_to = replies.read_headers(raw).in_reply_to
    answered = OutgoingEmail.objects.original_of_reply(in_reply_to, to=person.email) if person else None
    sent = answered.rendered() if answered else Rendered("", "", "")
    ours = senders.portal_senders()
    return replies.read(raw, sent=sent.html, sent_text=sent.text, our_addresses=ours)


def _about(addressee: Addressee) -> list[str]:
    """The names kept with an incoming mail: request, person, and the voice when it is not the usual one."""
    if addressee.person is None:
        return []
    names = request_mails.about_person(addressee.person)
    if addressee.question:
        names.append(f"question:{addressee.question.pk}")
    if addressee.institution:
        names.append(f"institution:{addressee.institution}")
    if addressee.staff_message:
        names.append(f"word:{addressee.staff_message.pk}")
    is_usual = isinstance(addressee.person, Solicitation) or addressee.voice == Voice.EXPERTS
    return names if is_usual else [*names, f"voice:{addressee.voice.value}"]


def addressee_of(email: IncomingEmail) -> Addressee:
    """Return the owner of the reply address that the processed mail was sent to, and its conversation."""
    person = writer_of(email)
    voice = next((name for name in email.about if name.startswith("voice:")), "voice:experts")
    question = Question.objects.filter(pk=id_in(email.about, "question") or 0).first()
    return Addressee(
        person,
        None,
        voice=Voice(voice.partition(":")[2]),
        question=question,
        institution=id_in(email.about, "institution"),
        staff_message=StaffMessage.objects.select_related("author")
        .filter(pk=id_in(email.about, "word") or 0)
        .first(),
    )


def writer_of(email: IncomingEmail) -> Participant | None:
    """Return the person whose reply address the processed mail was sent to; ``None`` without any."""
    if pk := id_in(email.about, "mailbox"):
        return Mailbox.objects.select_related("solicitation__commune__department").filter(pk=pk).first()
    requests = Solicitation.objects.select_related("commune__department")
    solicitation = requests.filter(pk=id_in(email.about, "request") or 0).first()
    user = User.objects.filter(pk=id_in(email.about, "manager") or 0).first()
    if solicitation is None or user is None:
        return solicitation
    institution = Institution.objects.get(pk=id_in(email.about, "institution") or 0)
    return OfficeManager(user, institution, solicitation)


def _automatic_reason(reply: Reply) -> Reason | None:
    return Reason.LOOP if senders.is_portal(reply.sender) else AUTOMATIC_REASONS.get(reply.kind)


def _content_reason(email: IncomingEmail, reply: Reply, to: Addressee) -> Reason | None:
    is_inner = to.voice == Voice.INSTITUTION and to.institution is None
    box = to.person if is_inner and isinstance(to.person, Mailbox) else None
    if box and box.serves_several_institutions():
        return Reason.SEVERAL
    if email.reason == Reason.OVERSIZED or len(reply.text) > MAX_REPLY_LENGTH:
        return Reason.OVERSIZED
    return (
        None if reply.text or accepted_files.holds_any(replies.read_files(bytes(email.raw))) else Reason.EMPTY
    )


def _publish_or_reason(
    email: IncomingEmail, reply: Reply, addressee: Addressee, *, now: datetime
) -> Reason | None:
    """Publish the text of the right person; else return the reason to hold or refuse it."""
    person = addressee.person
    if person is None:
        return addressee.reason
    solicitation = Solicitation.objects.locked(request_pk(person))
    copies = IncomingEmail.objects.copies_of(email)
    same_voice = copies.about(f"request:{solicitation.pk}").in_voice_of(email)
    # A mail replayed to another person's address is no copy: staff must see it.
    if (same_voice.filter(about=email.about) if addressee.is_misdirected else same_voice).exists():
        return Reason.DUPLICATE
    if not accepts_messages_from(solicitation, addressee, now=now):
        return Reason.CLOSED
    is_own = senders.is_same_mailbox(reply.sender, person.email)
    # A manager writes in her own name: nobody writes for her.
    may_be_anothers = not isinstance(person, OfficeManager)
    if not is_own and not (may_be_anothers and senders.is_colleague(reply.sender, person.email)):
        return Reason.OTHER_SENDER
    if addressee.is_elsewhere or copies.accepted().exists():
        return Reason.ELSEWHERE
    reason = _doubt(reply, is_own=is_own) or repetitions.reason_to_hold(
        email, reply, person, voice=addressee.voice, now=now
    )
    if reason is None:
        publish(email, reply, addressee, sent_from="" if is_own else reply.sender, now=now)
    return reason


def _doubt(reply: Reply, *, is_own: bool) -> Reason | None:
    """The doubt that a machine wrote the mail: signs that agree, or a single one from another mailbox."""
    if reply.kind == MailKind.LIST:
        return Reason.LIST
    return Reason.DOUBTFUL if reply.kind == MailKind.DOUBTFUL or (reply.weak_signs and not is_own) else None


def accepts_messages_from(solicitation: Solicitation, addressee: Addressee, *, now: datetime) -> bool:
    """Return ``True`` when the locked request still accepts messages from this person, in this voice."""
    person = addressee.person
    if isinstance(person, OfficeManager):
        return messages.may_write_to_institution(solicitation, person, now=now)
    if isinstance(person, Mailbox):
        if addressee.voice == Voice.COMPANY:
            return not solicitation.refuses_answers and person.matches.active().exists()
        if addressee.institution and not person.serves(addressee.institution):
            return False
        # Staff are answered for as long as the address is good, even to say no.
        return addressee.staff_message is not None or messages.may_write(solicitation, person)
    if person is None or not messages.is_open_to_company(solicitation):
        return False
    # As on its page: after the end, an expert must be left to read it.
    return (
        not solicitation.is_over or Mailbox.objects.filter(solicitation=solicitation).not_declined().exists()
    )


def publish(
    email: IncomingEmail, reply: Reply, addressee: Addressee, *, sent_from: str, now: datetime
) -> None:
    """Publish a mail in the voice of the address that it was sent to, and there alone.

    ``sent_from``: the sender, when it is not the address we wrote to. Needs the request locked and open to
    this person. Saves everything but ``email``.
    """
    person = addressee.person
    files = CheckedFiles()
    if reply.attachments and person is not None:
        given = replies.read_files(bytes(email.raw))
        files = attachments.check_files(given, addressees.request_of(person))
    content = MessageContent(
        links.without_secrets(reply.text) or NO_TEXT,
        incoming=email,
        sent_from=sent_from[:MAX_ADDRESS_LENGTH],
        attachments=files.held[:MAX_FILES],
        files=files.taken,
    )
    if isinstance(person, Solicitation):
        addition = messages.add_company_message(person, content, question=addressee.question, now=now)
        if sent_from:
            to_company.sent_in_your_name(addition, now=now)
    elif isinstance(person, OfficeManager):
        messages.add_internal_message(person, content, now=now)
    elif person is not None:
        _publish_of_expert(person, content, reply, addressee, now=now)
    email.resolve(IncomingState.ACCEPTED, at=now)


def _publish_of_expert(
    person: Mailbox, content: MessageContent, reply: Reply, to: Addressee, *, now: datetime
) -> None:
    message: Message | InternalMessage | Question | StaffMessage
    if to.staff_message:
        message = messages.add_answer_to_staff(to.staff_message, content, now=now)
    elif to.voice == Voice.INSTITUTION:
        message = messages.add_internal_message(person, content, institution=to.institution, now=now)
    elif to.voice == Voice.COMPANY:
        message = messages.add_question(person, content, now=now)
    else:
        message = messages.add_expert_message(person, content, now=now)
    if TAKING.search(_plain(reply.text)) and Match.objects.sent().filter(mailbox=person).exists():
        to_senders.how_to_take(message, person, now=now)
    if content.sent_from:
        to_senders.sent_in_your_name(message, person, now=now)


def _plain(text: str) -> str:
    return " ".join(text.replace("’", "'").split())


def _hold_or_refuse(
    email: IncomingEmail, person: Participant | None, reason: Reason, *, now: datetime
) -> None:
    """Hold the mail, with an alert to staff, or refuse it."""
    if reason in HELD_REASONS and person is not None:
        email.resolve(IncomingState.HELD, reason=reason, at=now)
        solicitation = Solicitation.objects.locked(request_pk(person))
        alerts.raise_alert(solicitation, AlertCause.REPLY_HELD, details=email.sender, now=now)
    else:
        email.resolve(IncomingState.REFUSED, reason=reason, at=now)
