"""Links that open one page for one person about one request, and what refuses them."""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from django.conf import settings
from django.urls import reverse

from experts import tokens
from experts.accounts import seats
from experts.models import Institution, User
from solicitations.lifecycle import EventKind, RequestState, Voice
from solicitations.models import (
    AddressChange,
    Draft,
    Mailbox,
    Match,
    OfficeManager,
    Question,
    Solicitation,
)
from solicitations.models.request_querysets import LINK_LIFE_AFTER_END

ANSWER, FOLLOW, RESUME = "answer", "follow", "resume"
UNSUBSCRIBE = "unsubscribe"
SURVEY, CALL_CHECK, ADDRESS, RECORD_LINK = "survey", "call_check", "address", "record_link"
BY_MAIL = "courrier"
MAILED, REPLY = "solicitations.mailed", "solicitations.reply"  # what a digest is made for
WRITTEN_REPLY_ADDRESS = re.compile(r"reponse(\+|%2B)[eciqpm][0-9.]+-[0-9a-f]{10,}", re.IGNORECASE)
WRITTEN_RECORD_CHANGE = re.compile(r"/fiche/[\w:.=-]{10,}")
# e: an expert to the others; p: to the company; i: to their institution. c: the company to all its experts;
# q: to the author of that question. m: a manager to her institution (account, institution, request).
REPLY_ADDRESS = re.compile(
    r"reponse\+(?:([eciqp])([1-9][0-9]{0,17})"
    r"|m([1-9][0-9]{0,9})\.([1-9][0-9]{0,9})\.([1-9][0-9]{0,17}))-([0-9a-f]{20})"
)
EXPERT_VOICES = {"e": Voice.EXPERTS, "p": Voice.COMPANY, "i": Voice.INSTITUTION}
LETTERS = {voice: letter for letter, voice in EXPERT_VOICES.items()}
Person = Mailbox | Solicitation | OfficeManager
SERIALS_REMEMBERED = 50


class RevokedLink(Exception):
    """The link was replaced by a newer one, or its owner has no part in the request any more."""


class ExpiredLink(Exception):
    """The link was good and its time is over; ``row``: whom or what it opened."""

    def __init__(self, row: "Mailbox | Solicitation | OfficeManager") -> None:
        super().__init__(str(row))
        self.row = row


class ErasedLink(Exception):
    """The link was good, and nothing is left of what the request contained."""


class NoReplyAddress(ValueError):
    """The address has not even the shape of those that our mails are answered to."""


def absolute(path: str) -> str:
    """The full address of a path of the portal, for mails and prints."""
    return settings.SITE_URL.rstrip("/") + path


@cache
def _written(page: str) -> str:
    """The path of a page with ``TOKEN`` in it: a mail has several, and Django would write each anew."""
    return reverse(page, args=["TOKEN"])


def _token_url(page: str, token: str) -> str:
    """The full address of a page that this token opens."""
    return absolute(_written(page).replace("TOKEN", token))


def answer_url(mailbox: Mailbox) -> str:
    """The expert's page about this request."""
    token = tokens.make_token(ANSWER, mailbox.pk, mailbox.serial)
    return _token_url("workspace:answer", token)


def account_url(mailbox: Mailbox) -> str:
    """The page of a mailbox's request for who signs in: its expert, or a manager of the office."""
    return absolute(reverse("workspace:request", args=[mailbox.pk]))


def record_url(mailbox: Mailbox) -> str:
    """The page that sends the link of their directory record to an expert's address, and there alone."""
    token = tokens.make_token(RECORD_LINK, mailbox.pk, mailbox.serial)
    return _token_url("directory:own_record_send", token)


def unsubscribe_url(mailbox: Mailbox) -> str:
    """The address that stops all mails but new needs, for the button of mail programs."""
    token = tokens.make_token(UNSUBSCRIBE, mailbox.pk, mailbox.serial)
    return _token_url("directory:unsubscribe", token)


def follow_url(solicitation: Solicitation) -> str:
    """The owner's page about this request."""
    token = tokens.make_token(FOLLOW, solicitation.pk, solicitation.link_serial)
    return _token_url("owners:follow", token)


def mailed_follow_url(solicitation: Solicitation) -> str:
    """The owner's page, as mails name it: who opens it reads the owner's mailbox."""
    mailed = tokens.digest(MAILED, f"{solicitation.pk}.{solicitation.link_serial}")
    return f"{follow_url(solicitation)}?{BY_MAIL}={mailed}"


def came_by_mail(given: str, solicitation: Solicitation) -> bool:
    """True for a link sent by mail: the link shown after sending proves nothing about the mailbox."""
    return tokens.is_digest(given, MAILED, f"{solicitation.pk}.{solicitation.link_serial}")


def survey_url(solicitation: Solicitation) -> str:
    """The owner's three questions about the help that came."""
    token = tokens.make_token(SURVEY, solicitation.pk, solicitation.link_serial)
    return _token_url("owners:survey", token)


def call_check_url(solicitation: Solicitation) -> str:
    """The page that asks the owner « Vous a-t-on rappelé ? »."""
    token = tokens.make_token(CALL_CHECK, solicitation.pk, solicitation.link_serial)
    return _token_url("owners:call_check", token)


def resume_url(draft: Draft) -> str:
    """The page that resumes a draft."""
    token = tokens.make_token(RESUME, draft.pk, draft.serial)
    return _token_url("owners:resume", token)


def address_url(change: AddressChange) -> str:
    """The page that confirms a new address."""
    token = tokens.make_token(ADDRESS, change.pk, change.serial)
    return _token_url("owners:address", token)


def mailbox_of(token: str, *, now: datetime, purpose: str = ANSWER) -> Mailbox:
    """The mailbox that a token opens.

    Raises ``ForgedLink``, ``RevokedLink``, ``ErasedLink``, ``ExpiredLink``.
    """
    pk, serial = tokens.read_token(token, purpose)
    mailbox = Mailbox.objects.select_related("solicitation__commune__department").filter(pk=pk).first()
    if mailbox is None or mailbox.serial != serial or mailbox.revoked_at is not None:
        raise RevokedLink
    if mailbox.solicitation.state == RequestState.ANONYMISED:
        raise ErasedLink
    if mailbox.link_is_expired(now=now):
        raise ExpiredLink(mailbox)
    return mailbox


def unsubscribed(token: str) -> Mailbox:
    """The mailbox of a mail that is unsubscribed from, however old. Raises ``ForgedLink``, ``ErasedLink``."""
    pk, _ = tokens.read_token(token, UNSUBSCRIBE)
    mailbox = Mailbox.objects.select_related("solicitation__commune__department").filter(pk=pk).first()
    if mailbox is None or mailbox.is_erased:
        raise ErasedLink
    return mailbox


def solicitation_of(token: str, *, now: datetime, purpose: str = FOLLOW) -> Solicitation:
    """The request that an owner's token opens, on the page that ``purpose`` names.

    Raises ``ForgedLink``, ``RevokedLink``, ``ErasedLink``, ``ExpiredLink``.
    """
    pk, serial = tokens.read_token(token, purpose)
    solicitation = Solicitation.objects.select_related("commune__department").filter(pk=pk).first()
    if solicitation is None or solicitation.link_serial != serial:
        raise RevokedLink
    if solicitation.state == RequestState.ANONYMISED:
        raise ErasedLink
    if _owner_is_late(solicitation, now=now):
        raise ExpiredLink(solicitation)
    return solicitation


def _owner_is_late(solicitation: Solicitation, *, now: datetime) -> bool:
    expiry = solicitation.link_expires_at
    return expiry is not None and expiry <= now and not _was_asked_lately(solicitation, now=now)


def _was_asked_lately(solicitation: Solicitation, *, now: datetime) -> bool:
    """A mail that asks the owner something may leave long after the end: its links open as long."""
    asking = [EventKind.CALL_CHECKED, EventKind.SURVEYED, EventKind.FOLLOWED_UP]
    return solicitation.events.filter(kind__in=asking, at__gt=now - LINK_LIFE_AFTER_END).exists()


def draft_of(token: str, *, now: datetime) -> Draft:
    """The draft that a token resumes. Raises ``ForgedLink``, ``RevokedLink``."""
    pk, serial = tokens.read_token(token, RESUME)
    draft = Draft.objects.alive(now=now).filter(pk=pk, serial=serial, solicitation=None).first()
    if draft is None:
        raise RevokedLink
    return draft


def address_change_of(token: str, *, now: datetime) -> AddressChange:
    """The address that a token confirms. Raises ``ForgedLink``, ``RevokedLink``."""
    pk, serial = tokens.read_token(token, ADDRESS)
    waiting = AddressChange.objects.pending(now=now).select_related("solicitation")
    change = waiting.filter(pk=pk, serial=serial).first()
    if change is None:
        raise RevokedLink
    return change


@dataclass(frozen=True)
class Correspondent:
    """The person whose mails come to a reply address, and to whom they speak.

    ``question``: the one that the company answers there.
    """

    person: Person
    voice: Voice
    question: Question | None = None


def reply_address(row: Person, *, voice: Voice = Voice.EXPERTS, question: Question | None = None) -> str:
    """Return the signed address for replies by mail: it identifies the request, the person and the voice.

    Of a company, ``question`` is the one that it answers. Mail servers may lower the case of a local part:
    it is made of lower-case letters, figures and dots.
    """
    named = _named(row, voice=voice, question=question)
    signature = tokens.digest(REPLY, f"{named}.{_serial(row)}")
    return f"reponse+{named}-{signature}@{settings.REPLY_DOMAIN}"


def person_of(address: str, *, now: datetime) -> Person:
    """Return the person that a reply address belongs to. Raises as ``correspondent_of`` does."""
    return correspondent_of(address, now=now).person


def correspondent_of(address: str, *, now: datetime) -> Correspondent:
    """Return whom a reply address belongs to, and whom their replies are for.

    Raises ``NoReplyAddress``, ``ForgedLink``, and ``ExpiredLink`` for one that was replaced since, or opens
    nothing any more.
    """
    local, _, domain = address.lower().rpartition("@")
    written = REPLY_ADDRESS.fullmatch(local)
    if written is None or domain != settings.REPLY_DOMAIN.lower():
        raise NoReplyAddress(address)
    letter, pk, account, institution, request, signature = written.groups()
    found = _correspondent(letter, pk) if letter else _manager(account, institution, request)
    if found is None:
        raise tokens.ForgedLink(address)
    row, named = found.person, local.removeprefix("reponse+").rpartition("-")[0]
    issued = range(_serial(row), 0, -1)[:SERIALS_REMEMBERED]
    known = [serial for serial in issued if tokens.is_digest(signature, REPLY, f"{named}.{serial}")]
    if not known:
        raise tokens.ForgedLink(address)
    if known[0] != _serial(row) or not _takes_answers(row, now=now):
        raise ExpiredLink(row)
    return found


def _correspondent(letter: str, pk: str) -> Correspondent | None:
    """The person and voice that a letter and a number name; ``None`` when there is no such row."""
    if voice := EXPERT_VOICES.get(letter):
        mailboxes = Mailbox.objects.select_related("solicitation__commune__department")
        mailbox = mailboxes.filter(pk=pk).first()
        return Correspondent(mailbox, voice) if mailbox else None
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


def without_secrets(text: str) -> str:
    """``text`` without what opens a person's page or speaks in their name: mails quote the ones before."""
    text = WRITTEN_RECORD_CHANGE.sub("/fiche/…", tokens.without_tokens(text))
    return WRITTEN_REPLY_ADDRESS.sub("reponse", text)


def _takes_answers(row: Person, *, now: datetime) -> bool:
    if isinstance(row, OfficeManager):
        return row.solicitation.state != RequestState.ANONYMISED and manages(row, now=now)
    if isinstance(row, Solicitation):
        return row.state != RequestState.ANONYMISED and not _owner_is_late(row, now=now)
    is_erased = row.solicitation.state == RequestState.ANONYMISED
    return not (is_erased or row.revoked_at or row.link_is_expired(now=now))


def _serial(row: Person) -> int:
    if isinstance(row, OfficeManager):
        return 1
    return row.serial if isinstance(row, Mailbox) else row.link_serial


def _named(row: Person, *, voice: Voice, question: Question | None) -> str:
    """Return the part of a reply address that names the person and the voice."""
    if isinstance(row, OfficeManager):
        return f"m{row.user.pk}.{row.institution.pk}.{row.solicitation.pk}"
    if isinstance(row, Mailbox):
        return f"{LETTERS[voice]}{row.pk}"
    return f"q{question.pk}" if question else f"c{row.pk}"
