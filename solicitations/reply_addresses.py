"""Signed addresses for replies by mail: they name a person, a request and a conversation."""

import re
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from experts import tokens
from experts.accounts import seats
from experts.models import Institution, User
from solicitations.lifecycle import RequestState, Voice
from solicitations.links import ExpiredLink, Participant, owner_is_late
from solicitations.models import Mailbox, Match, OfficeManager, Question, Solicitation, StaffMessage

REPLY = "solicitations.reply"  # what a digest is made for
# e: an expert to the others; p: to the company; i: to that institution, or to their own where none is named.
# c: the company to all its experts; q: to the author of that question. m: a manager to her institution
# (account, institution, request). s: an expert to staff, about that message of theirs.
REPLY_ADDRESS = re.compile(
    r"reponse\+(?:([eciqps])([1-9][0-9]{0,17})(?:\.([1-9][0-9]{0,9}))?"
    r"|m([1-9][0-9]{0,9})\.([1-9][0-9]{0,9})\.([1-9][0-9]{0,17}))-([0-9a-f]{20})"
)
EXPERT_VOICES = {"e": Voice.EXPERTS, "p": Voice.COMPANY, "i": Voice.INSTITUTION}
LETTERS = {voice: letter for letter, voice in EXPERT_VOICES.items()}
SERIALS_REMEMBERED = 50


class NoReplyAddress(ValueError):
    """The address has not even the shape of those that our mails are answered to."""


@dataclass(frozen=True)
class Correspondent:
    """The person who owns a reply address, and the conversation (``voice``) that it is for.

    ``question``: the question that the company answers. ``institution``: the one whose internal conversation
    the expert writes in. ``staff_message``: the message of staff that the expert answers.
    """

    person: Participant
    voice: Voice
    question: Question | None = None
    institution: int | None = None
    staff_message: StaffMessage | None = None


def make(
    row: Participant,
    *,
    voice: Voice = Voice.EXPERTS,
    question: Question | None = None,
    institution: int | None = None,
    staff_message: StaffMessage | None = None,
) -> str:
    """Return the signed address for replies by mail: it identifies the request, the person and the voice.

    ``question``, ``staff_message``, ``institution``: as in ``Correspondent``. Mail servers may lower the case
    of a local part: it is made of lower-case letters, digits and dots.
    """
    named = (
        f"s{staff_message.pk}"
        if staff_message
        else _named(row, voice=voice, question=question, institution=institution)
    )
    signature = tokens.digest(REPLY, f"{named}.{_serial(row)}")
    return f"reponse+{named}-{signature}@{settings.REPLY_DOMAIN}"


def person_of(address: str, *, now: datetime) -> Participant:
    """Return the person that a reply address belongs to. Raises as ``correspondent_of`` does."""
    return correspondent_of(address, now=now).person


def correspondent_of(address: str, *, now: datetime) -> Correspondent:
    """Return the owner of a reply address, and the conversation that their replies are for.

    Raises ``NoReplyAddress``, ``ForgedLink``, and ``ExpiredLink`` for one that was replaced since, or opens
    nothing any more.
    """
    local, _, domain = address.lower().rpartition("@")
    written = REPLY_ADDRESS.fullmatch(local)
    if written is None or domain != settings.REPLY_DOMAIN.lower():
        raise NoReplyAddress(address)
    letter, pk, inner, account, institution, request, signature = written.groups()
    found = _correspondent(letter, pk, inner) if letter else _manager(account, institution, request)
    if found is None:
        raise tokens.ForgedLink(address)
    row, named = found.person, local.removeprefix("reponse+").rpartition("-")[0]
    issued = range(_serial(row), 0, -1)[:SERIALS_REMEMBERED]
    known = [serial for serial in issued if tokens.is_digest(signature, REPLY, f"{named}.{serial}")]
    if not known:
        raise tokens.ForgedLink(address)
    if known[0] != _serial(row) or not _takes_answers(row, now=now) or _has_left_institution(found):
        raise ExpiredLink(row)
    return found


def _correspondent(letter: str, pk: str, institution: str | None) -> Correspondent | None:
    """The person and voice that a letter and a number name; ``None`` when there is no such row."""
    if voice := EXPERT_VOICES.get(letter):
        mailboxes = Mailbox.objects.select_related("solicitation__commune__department")
        mailbox = mailboxes.filter(pk=pk).first()
        inner = int(institution) if institution else None
        return Correspondent(mailbox, voice, institution=inner) if mailbox else None
    if letter == "s":
        messages = StaffMessage.objects.select_related("mailbox__solicitation__commune__department", "author")
        message = messages.filter(pk=pk, answers=None).first()
        return Correspondent(message.mailbox, Voice.STAFF, staff_message=message) if message else None
    question = Question.objects.filter(pk=pk).first() if letter == "q" else None
    if letter == "q" and question is None:
        return None
    requests = Solicitation.objects.select_related("commune__department")
    solicitation = requests.filter(pk=question.solicitation_id if question else pk).first()
    return Correspondent(solicitation, Voice.COMPANY, question) if solicitation else None


def _manager(account: str, institution: str, request: str) -> Correspondent | None:
    user, found = User.objects.filter(pk=account).first(), Institution.objects.filter(pk=institution).first()
    requests = Solicitation.objects.select_related("commune__department")
    solicitation = requests.filter(pk=request).first()
    if user is None or found is None or solicitation is None:
        return None
    return Correspondent(OfficeManager(user, found, solicitation), Voice.INSTITUTION)


def manages(manager: OfficeManager, *, now: datetime) -> bool:
    """Return whether the account manages an office of that institution that has a part in the request."""
    offices = seats.managed_offices(manager.user, now=now).filter(institution=manager.institution)
    matches = Match.objects.live().filter(need__solicitation=manager.solicitation)
    return matches.filter(expert__office__in=offices.values("pk")).exists()


def owner_of_reply_address(address: str, *, now: datetime) -> Solicitation | None:
    """The request whose company was given this address, replaced since or not; ``None`` for any other."""
    try:
        row = person_of(address, now=now)
    except ExpiredLink as expired:
        row = expired.row
    except (NoReplyAddress, tokens.ForgedLink):
        return None
    return row if isinstance(row, Solicitation) else None


def _takes_answers(row: Participant, *, now: datetime) -> bool:
    if isinstance(row, OfficeManager):
        return row.solicitation.state != RequestState.ANONYMISED and manages(row, now=now)
    if isinstance(row, Solicitation):
        return row.state != RequestState.ANONYMISED and not owner_is_late(row, now=now)
    is_erased = row.solicitation.state == RequestState.ANONYMISED
    return not (is_erased or row.revoked_at or row.link_is_expired(now=now))


def _has_left_institution(found: Correspondent) -> bool:
    """Return whether the address speaks to an institution that has nobody at that mailbox any more."""
    mailbox = found.person if isinstance(found.person, Mailbox) else None
    return bool(mailbox and found.institution and not mailbox.serves(found.institution))


def _serial(row: Participant) -> int:
    if isinstance(row, OfficeManager):
        return 1
    return row.serial if isinstance(row, Mailbox) else row.link_serial


def _named(row: Participant, *, voice: Voice, question: Question | None, institution: int | None) -> str:
    """Return the part of a reply address that names the person and the voice."""
    if isinstance(row, OfficeManager):
        return f"m{row.user.pk}.{row.institution.pk}.{row.solicitation.pk}"
    if isinstance(row, Mailbox):
        return f"{LETTERS[voice]}{row.pk}" + (f".{institution}" if institution else "")
    return f"q{question.pk}" if question else f"c{row.pk}"
