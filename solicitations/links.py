"""Links that open one page for one person about one request, and what refuses them."""

import re
from datetime import datetime

from django.conf import settings
from django.urls import reverse

from experts import tokens
from solicitations.lifecycle import EventKind, RequestState
from solicitations.models import AddressChange, Draft, Mailbox, Solicitation
from solicitations.models.request_querysets import LINK_LIFE_AFTER_END

ANSWER, FOLLOW, RESUME = "answer", "follow", "resume"
SURVEY, CALL_CHECK, ADDRESS = "survey", "call_check", "address"
BY_MAIL = "courrier"
MAILED, REPLY = "solicitations.mailed", "solicitations.reply"  # what a digest is made for
WRITTEN_REPLY_ADDRESS = re.compile(r"reponse(\+|%2B)[ec][0-9]+-[0-9a-f]{10,}", re.IGNORECASE)
WRITTEN_RECORD_CHANGE = re.compile(r"/fiche/[\w:.=-]{10,}")
REPLY_ADDRESS = re.compile(r"reponse\+([ec])([1-9][0-9]{0,17})-([0-9a-f]{20})")
SERIALS_REMEMBERED = 50


class RevokedLink(Exception):
    """The link was replaced by a newer one, or its owner has no part in the request any more."""


class ExpiredLink(Exception):
    """The link was good and its time is over; ``row`` is the mailbox or the request it opened."""

    def __init__(self, row: Mailbox | Solicitation) -> None:
        super().__init__(str(row.pk))
        self.row = row


class ErasedLink(Exception):
    """The link was good, and nothing is left of what the request contained."""


class NoReplyAddress(ValueError):
    """The address has not even the shape of those that our mails are answered to."""


def absolute(path: str) -> str:
    """The full address of a path of the portal, for mails and prints."""
    return settings.SITE_URL.rstrip("/") + path


def answer_url(mailbox: Mailbox) -> str:
    """The expert's page about this request."""
    token = tokens.make_token(ANSWER, mailbox.pk, mailbox.serial)
    return absolute(reverse("workspace:answer", args=[token]))


def follow_url(solicitation: Solicitation) -> str:
    """The owner's page about this request."""
    token = tokens.make_token(FOLLOW, solicitation.pk, solicitation.link_serial)
    return absolute(reverse("solicitations:follow", args=[token]))


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
    return absolute(reverse("solicitations:survey", args=[token]))


def call_check_url(solicitation: Solicitation) -> str:
    """The page that asks the owner « Vous a-t-on rappelé ? »."""
    token = tokens.make_token(CALL_CHECK, solicitation.pk, solicitation.link_serial)
    return absolute(reverse("solicitations:call_check", args=[token]))


def resume_url(draft: Draft) -> str:
    """The page that resumes a draft."""
    token = tokens.make_token(RESUME, draft.pk, draft.serial)
    return absolute(reverse("solicitations:resume", args=[token]))


def address_url(change: AddressChange) -> str:
    """The page that confirms a new address."""
    token = tokens.make_token(ADDRESS, change.pk, change.serial)
    return absolute(reverse("solicitations:address", args=[token]))


def mailbox_of(token: str, *, now: datetime) -> Mailbox:
    """The mailbox that a token opens.

    Raises ``ForgedLink``, ``RevokedLink``, ``ErasedLink``, ``ExpiredLink``.
    """
    pk, serial = tokens.read_token(token, ANSWER)
    mailbox = Mailbox.objects.select_related("solicitation__commune__department").filter(pk=pk).first()
    if mailbox is None or mailbox.serial != serial or mailbox.revoked_at is not None:
        raise RevokedLink
    if mailbox.solicitation.state == RequestState.ANONYMISED:
        raise ErasedLink
    if mailbox.link_is_expired(now=now):
        raise ExpiredLink(mailbox)
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


def reply_address(row: Mailbox | Solicitation) -> str:
    """Return the signed address for replies by mail: it identifies the request and the person.

    Mail servers may lower the case of a local part: it is made of lower-case letters and figures.
    """
    signature = tokens.digest(REPLY, _signed(row, _serial(row)))
    return f"reponse+{_named(row)}-{signature}@{settings.REPLY_DOMAIN}"


def person_of(address: str, *, now: datetime) -> Mailbox | Solicitation:
    """Return the person that a reply address belongs to: an expert's mailbox, or the owner of a request.

    Raises ``NoReplyAddress``, ``ForgedLink``, and ``ExpiredLink`` for one that was replaced since, or opens
    nothing any more.
    """
    local, _, domain = address.lower().rpartition("@")
    written = REPLY_ADDRESS.fullmatch(local)
    if written is None or domain != settings.REPLY_DOMAIN.lower():
        raise NoReplyAddress(address)
    kind, pk, signature = written.groups()
    row: Mailbox | Solicitation | None
    if kind == "e":
        row = Mailbox.objects.select_related("solicitation__commune__department").filter(pk=pk).first()
    else:
        row = Solicitation.objects.select_related("commune__department").filter(pk=pk).first()
    if row is None:
        raise tokens.ForgedLink(address)
    issued = range(_serial(row), 0, -1)[:SERIALS_REMEMBERED]
    known = [serial for serial in issued if tokens.is_digest(signature, REPLY, _signed(row, serial))]
    if not known:
        raise tokens.ForgedLink(address)
    if known[0] != _serial(row) or not _takes_answers(row, now=now):
        raise ExpiredLink(row)
    return row


def without_secrets(text: str) -> str:
    """``text`` without what opens a person's page or speaks in their name: mails quote the ones before."""
    text = WRITTEN_RECORD_CHANGE.sub("/fiche/…", tokens.without_tokens(text))
    return WRITTEN_REPLY_ADDRESS.sub("reponse", text)


def _takes_answers(row: Mailbox | Solicitation, *, now: datetime) -> bool:
    if isinstance(row, Solicitation):
        return row.state != RequestState.ANONYMISED and not _owner_is_late(row, now=now)
    is_erased = row.solicitation.state == RequestState.ANONYMISED
    return not (is_erased or row.revoked_at or row.link_is_expired(now=now))


def _serial(row: Mailbox | Solicitation) -> int:
    return row.serial if isinstance(row, Mailbox) else row.link_serial


def _named(row: Mailbox | Solicitation) -> str:
    return f"{'e' if isinstance(row, Mailbox) else 'c'}{row.pk}"


def _signed(row: Mailbox | Solicitation, serial: int) -> str:
    """Return the text that is signed in a reply address."""
    return f"{_named(row)}.{serial}"
