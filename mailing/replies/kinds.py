"""Who is behind a mail: a person, or one of the machines that answer mails."""

import re
from email.message import Message
from enum import StrEnum

from mailing.replies import headers
from mailing.replies.parts import walk


class Kind(StrEnum):
    PERSON = "person"
    AUTO_REPLY = "auto-reply"
    OUT_OF_OFFICE = "out-of-office"
    BOUNCE = "bounce"
    LIST = "list"
    CALENDAR = "calendar"
    EMPTY = "empty"

    @property
    def is_automatic(self) -> bool:
        """Whether no person wrote: such a mail is never answered."""
        return self not in {Kind.PERSON, Kind.EMPTY}


# Subjects that only a machine begins with; a person's answer to one begins with "RE:".
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
# What absent people's machines say first.
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


def kind_of(message: Message, *, sender: str, subject: str, text: str) -> Kind:
    """What sort of mail it is, by its headers first (RFC 3834 and usage), then by its subject and words."""
    if _answers_an_invitation(message):
        return Kind.CALENDAR
    if _reports_a_failure(message, sender):
        return Kind.BOUNCE
    says_away = AWAY_SUBJECT.match(subject) or AWAY_WORDS.search(f"{subject}\n{text[:1000]}")
    is_machine = _is_automatic(message) or AWAY_SUBJECT.match(subject) or AUTO_SUBJECT.match(subject)
    # The oldest machines say no more of themselves than that they write to many.
    if is_machine or (says_away and _precedence(message) == "bulk"):
        return Kind.OUT_OF_OFFICE if says_away else Kind.AUTO_REPLY
    if _is_for_many(message):
        return Kind.LIST
    if headers.first(message, "Return-Path") == "<>":
        return Kind.BOUNCE
    return Kind.PERSON if text else Kind.EMPTY


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
    """A list's mail, or what went through one: what a person wrote in a ticket system is marked so too."""
    is_list = headers.has(message, "List-Id", "List-Post", "List-Unsubscribe")
    return is_list or _precedence(message) in {"list", "bulk"}


def _precedence(message: Message) -> str:
    return headers.first(message, "Precedence").lower()
