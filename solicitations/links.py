"""Links that open one page for one person about one request, and what refuses them."""

import re
from datetime import datetime
from functools import cache

from django.conf import settings
from django.urls import reverse

from experts import tokens
from mailing.prepared_queries import PreparedQuery
from solicitations.lifecycle import EventKind, RequestState
from solicitations.models import AddressChange, Draft, Mailbox, OfficeManager, Solicitation
from solicitations.models.request_querysets import LINK_LIFE_AFTER_END

ANSWER, FOLLOW, RESUME = "answer", "follow", "resume"
UNSUBSCRIBE = "unsubscribe"
SURVEY, CALL_CHECK, ADDRESS, RECORD_LINK = "survey", "call_check", "address", "record_link"
BY_MAIL = "courrier"
MAILED = "solicitations.mailed"  # what a digest is made for
WRITTEN_REPLY_ADDRESS = re.compile(r"reponse(\+|%2B)[eciqpms][0-9.]+-[0-9a-f]{10,}", re.IGNORECASE)
WRITTEN_RECORD_CHANGE = re.compile(r"/fiche/[\w:.=-]{10,}")
Participant = Mailbox | Solicitation | OfficeManager


class RevokedLink(Exception):
    """The link was replaced by a newer one, or its owner has no part in the request any more."""


class ExpiredLink(Exception):
    """The link has expired; ``row``: the mailbox, request or manager that it opened."""

    def __init__(self, row: "Mailbox | Solicitation | OfficeManager") -> None:
        super().__init__(str(row))
        self.row = row


class ErasedLink(Exception):
    """The link was valid; the request has been anonymised since."""


def absolute(path: str) -> str:
    """The full address of a path of the portal, for mails and prints."""
    return settings.SITE_URL.rstrip("/") + path


@cache
def _written(page: str) -> str:
    """The path of a page with ``TOKEN`` in it: a mail has several, and Django would build each again."""
    return reverse(page, args=["TOKEN"])


def _token_url(page: str, purpose: str, pk: int, serial: int) -> str:
    """The full address of a page that opens with a token; ``serial``: tokens of another one are revoked."""
    return absolute(_written(page).replace("TOKEN", tokens.make_token(purpose, pk, serial)))


def answer_url(mailbox: Mailbox) -> str:
    """The expert's page about this request."""
    return _token_url("workspace:answer", ANSWER, mailbox.pk, mailbox.serial)


def account_url(mailbox: Mailbox) -> str:
    """The page of a mailbox's request for who signs in: its expert, or a manager of the office."""
    return absolute(reverse("workspace:request", args=[mailbox.pk]))


def record_url(mailbox: Mailbox) -> str:
    """The page that sends the link of their directory record to an expert's address, and there alone."""
    return _token_url("directory:own_record_send", RECORD_LINK, mailbox.pk, mailbox.serial)


def unsubscribe_url(mailbox: Mailbox) -> str:
    """The address that stops all mails but new needs, for the button of mail programs."""
    return _token_url("directory:unsubscribe", UNSUBSCRIBE, mailbox.pk, mailbox.serial)


def follow_url(solicitation: Solicitation) -> str:
    """The owner's page about this request."""
    return _token_url("owners:follow", FOLLOW, solicitation.pk, solicitation.link_serial)


def mailed_follow_url(solicitation: Solicitation) -> str:
    """The owner's page, as mails name it: who opens it reads the owner's mailbox."""
    mailed = tokens.digest(MAILED, f"{solicitation.pk}.{solicitation.link_serial}")
    return f"{follow_url(solicitation)}?{BY_MAIL}={mailed}"


def came_by_mail(given: str, solicitation: Solicitation) -> bool:
    """True for a link sent by mail: the link shown after sending proves nothing about the mailbox."""
    return tokens.is_digest(given, MAILED, f"{solicitation.pk}.{solicitation.link_serial}")


def survey_url(solicitation: Solicitation) -> str:
    """The owner's three questions about the help that came."""
    return _token_url("owners:survey", SURVEY, solicitation.pk, solicitation.link_serial)


def call_check_url(solicitation: Solicitation) -> str:
    """The page that asks the owner « Vous a-t-on rappelé ? »."""
    return _token_url("owners:call_check", CALL_CHECK, solicitation.pk, solicitation.link_serial)


def resume_url(draft: Draft) -> str:
    """The page that resumes a draft."""
    return _token_url("owners:resume", RESUME, draft.pk, draft.serial)


def address_url(change: AddressChange) -> str:
    """The page that confirms a new address."""
    return _token_url("owners:address", ADDRESS, change.pk, change.serial)


_REQUEST: PreparedQuery[Solicitation] = PreparedQuery(
    lambda pk: Solicitation.objects.select_related("commune__department").filter(pk=pk)
)
_MAILBOX: PreparedQuery[Mailbox] = PreparedQuery(
    lambda pk: Mailbox.objects.select_related("solicitation__commune__department").filter(pk=pk)
)


def mailbox_of(token: str, *, now: datetime, purpose: str = ANSWER) -> Mailbox:
    """The mailbox that a token opens.

    Raises ``ForgedLink``, ``RevokedLink``, ``ErasedLink``, ``ExpiredLink``.
    """
    pk, serial = tokens.read_token(token, purpose)
    mailbox = _MAILBOX.first(pk=pk)
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
    mailbox = _MAILBOX.first(pk=pk)
    if mailbox is None or mailbox.is_erased:
        raise ErasedLink
    return mailbox


def solicitation_of(token: str, *, now: datetime, purpose: str = FOLLOW) -> Solicitation:
    """The request that an owner's token opens, on the page that ``purpose`` names.

    Raises ``ForgedLink``, ``RevokedLink``, ``ErasedLink``, ``ExpiredLink``.
    """
    pk, serial = tokens.read_token(token, purpose)
    solicitation = _REQUEST.first(pk=pk)
    if solicitation is None or solicitation.link_serial != serial:
        raise RevokedLink
    if solicitation.state == RequestState.ANONYMISED:
        raise ErasedLink
    if owner_is_late(solicitation, now=now):
        raise ExpiredLink(solicitation)
    return solicitation


def owner_is_late(solicitation: Solicitation, *, now: datetime) -> bool:
    """Return ``True`` when the links of the owner open nothing any more."""
    expiry = solicitation.link_expires_at
    return expiry is not None and expiry <= now and not _was_asked_lately(solicitation, now=now)


def _was_asked_lately(solicitation: Solicitation, *, now: datetime) -> bool:
    """True when a mail asked the owner something lately, which may be long after the end of the request."""
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


def without_secrets(text: str) -> str:
    """``text`` without what opens a person's page or speaks in their name: mails quote the ones before."""
    text = WRITTEN_RECORD_CHANGE.sub("/fiche/…", tokens.without_tokens(text))
    return WRITTEN_REPLY_ADDRESS.sub("reponse", text)
