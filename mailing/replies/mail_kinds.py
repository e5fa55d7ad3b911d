"""Detects automatic mails: auto-replies, absences, bounces, lists, calendar answers."""

import re
from email.message import Message
from enum import StrEnum

from mailing.replies import headers
from mailing.replies.parts import walk


class MailKind(StrEnum):
    PERSON = "person"
    AUTO_REPLY = "auto-reply"
    OUT_OF_OFFICE = "out-of-office"
    BOUNCE = "bounce"
    LIST = "list"
    CALENDAR = "calendar"
    EMPTY = "empty"

    @property
    def is_automatic(self) -> bool:
        """True when no person wrote the mail, which must not be answered."""
        return self not in {MailKind.PERSON, MailKind.EMPTY}


# Beginnings of subjects of automatic mails; a person's answer to one begins with "RE:".
AWAY_SUBJECT = re.compile(
    r"(absence du bureau|message d.absence|r[ée]ponse d.absence|notification d.absence|avis d.absence"
    r"|absence *:|absente?s? du bureau|out of (the )?office|ooo *:|vacation|on leave *:"
    r"|abwesenheits|fuera de (la )?oficina)",
    re.IGNORECASE,
)
AUTO_SUBJECT = re.compile(
    r"(r[ée]ponse automatique|accus[ée] (de r[ée]ception|de lecture)|automatic reply"
    r"|auto(matic)?[- ]?(reply|response)"
    r"|auto *:|lu *:|read *:|non lu *:|automatische antwort|respuesta autom[aá]tica)",
    re.IGNORECASE,
)
# Words at the beginning of absence messages.
AWAY_WORDS = re.compile(
    r"\b(absente?s?|en cong[ée]s?|out of (the )?office|on leave|en d[ée]placement|de retour le)\b",
    re.IGNORECASE,
)
MACHINE_HEADERS = (
    "X-Autoreply", "X-Auto-Reply", "X-Autorespond", "X-Autoresponder", "X-Auto-Respond", "X-AutoReply-From",
    "X-Mail-Autoreply", "Auto-Reply", "X-FC-MachineGenerated", "X-Vacation", "X-Vacationed", "X-Away",
)  # fmt: skip
BOUNCERS = ("mailer-daemon", "postmaster", "mail-daemon", "mailerdaemon")
CALENDAR_ANSWERS = ("reply", "counter", "refresh", "cancel", "declinecounter")


def detect_kind(message: Message, *, sender: str, subject: str, text: str) -> MailKind:
    """The kind of a mail, from its headers (RFC 3834 and usage), then from its subject and text."""
    if _answers_an_invitation(message):
        return MailKind.CALENDAR
    if _reports_a_failure(message, sender):
        return MailKind.BOUNCE
    says_away = AWAY_SUBJECT.match(subject) or AWAY_WORDS.search(f"{subject}\n{text[:1000]}")
    is_machine = _is_automatic(message) or AWAY_SUBJECT.match(subject) or AUTO_SUBJECT.match(subject)
    # Old auto-responders only say that they write in bulk.
    if is_machine or (says_away and _precedence(message) == "bulk"):
        return MailKind.OUT_OF_OFFICE if says_away else MailKind.AUTO_REPLY
    if _is_for_many(message):
        return MailKind.LIST
    if headers.first(message, "Return-Path") == "<>":
        return MailKind.BOUNCE
    return MailKind.PERSON if text else MailKind.EMPTY


def _answers_an_invitation(message: Message) -> bool:
    if "calendarmessage" in headers.first(message, "Content-Class").lower():
        return True
    return any(
        part.get_content_type() == "text/calendar"
        and headers.parameter(part, "method").lower() in CALENDAR_ANSWERS
        for part in walk(message)
    )


def _reports_a_failure(message: Message, sender: str) -> bool:
    if headers.has(message, "X-Failed-Recipients") or sender.partition("@")[0].lower() in BOUNCERS:
        return True
    reports = {"message/delivery-status", "message/global-delivery-status"}
    return any(part.get_content_type() in reports for part in walk(message))


def _is_automatic(message: Message) -> bool:
    submitted = headers.first(message, "Auto-Submitted").partition(";")[0].strip().lower()
    suppressed = headers.first(message, "X-Auto-Response-Suppress").lower()
    is_receipt = message.get_content_type() == "multipart/report"
    return (
        submitted not in {"", "no"}
        or suppressed not in {"", "none"}
        or _precedence(message) in {"junk", "auto_reply"}
        or is_receipt
        or headers.has(message, *MACHINE_HEADERS)
    )


def _is_for_many(message: Message) -> bool:
    """True for a mail sent through a list; a person's answer in a ticket system is marked so too."""
    is_list = headers.has(message, "List-Id", "List-Post", "List-Unsubscribe")
    return is_list or _precedence(message) in {"list", "bulk"}


def _precedence(message: Message) -> str:
    return headers.first(message, "Precedence").lower()
