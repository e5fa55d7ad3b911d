"""Reports of mail servers that came back to a signed envelope sender: the mail becomes a refused one."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.message import Message

from django.db import transaction

from mailing import delivery, delivery_reports, return_path
from mailing.address_refusals import ReportKind, kind_of
from mailing.models import BOUNCE_FIELDS, IncomingEmail, IncomingState, Reason
from mailing.replies import headers, parser, parts
from mailing.replies.markup import html_lines
from mailing.transactions import transaction_required

# The report stands before the mail that it returns.
MAX_READ_BYTES = 256 * 1024
STATUS_TYPES = ("message/delivery-status", "message/global-delivery-status")
KINDS = {"delayed": ReportKind.SOFT, "delivered": ReportKind.DELIVERED}
STATUS = re.compile(r"^Status:[ \t]*([\d.]+)", re.IGNORECASE | re.MULTILINE)
ACTION = re.compile(r"^Action:[ \t]*(\w+)", re.IGNORECASE | re.MULTILINE)
WORDS = re.compile(r"^(?:Diagnostic-Code|Status):[ \t]*(.+(?:\n[ \t]+.+)*)", re.IGNORECASE | re.MULTILINE)
# A report without fields: qmail's, or that of a server which writes the answer it got (RFC 3463's codes).
QMAIL = re.compile(r"\s*Hi\. This is the ")
ANSWER = re.compile(r"\b55\d[ -]#?5\.\d{1,3}\.\d{1,3}\b.*|\b5\.[1-7]\.\d{1,3}\b.*|\b55[0-4][ -][^\W\d].{2,}")
WAITING = re.compile(r"delayed|will be retried|retry|still trying|not yet|retard|nouvel essai", re.IGNORECASE)
REPORTERS = ("mailer-daemon", "postmaster", "mail-daemon", "mailerdaemon")
NO_WORDS = "avis de non-remise"


@dataclass(frozen=True)
class Notice:
    """A server's report about a mail; ``is_final``: the mail was given up. ``kind``: ``None`` for relayed."""

    kind: ReportKind | None
    server_text: str
    is_final: bool


@transaction_required
def process(email: IncomingEmail, *, now: datetime) -> bool:
    """Resolve a report sent to a signed envelope sender; ``False`` for any other mail. Saves all but it.

    The mail that was reported is refused, as if its server had said so at once: the tasks of
    ``MAILING_REFUSED_TASKS`` are called. A report of delay says something of the address alone.
    """
    if not return_path.is_return_path(email.recipient):
        return False
    notice = _read(bytes(email.raw))
    if notice is None:
        return False  # an absence message, or a person: read as at any other address
    sent = return_path.email_of(email.recipient)
    if sent is None:
        email.resolve(IncomingState.REFUSED, reason=Reason.FORGED, at=now)
        return True
    email.about = list(sent.about)
    email.resolve(IncomingState.REFUSED, reason=Reason.BOUNCE, at=now)
    if notice.is_final and sent.record_bounce(notice.server_text, at=now):
        sent.save(update_fields=BOUNCE_FIELDS)
        transaction.on_commit(lambda: delivery.notify_refused(sent.pk))
    if notice.kind:
        name = "failed" if notice.is_final else f"{notice.kind.value}:{now.date()}"
        delivery_reports.record(
            sent,
            notice.kind,
            key=f"notice:{sent.pk}:{name}",
            at=now,
            since=sent.not_before,
            server_text=notice.server_text,
            now=now,
        )
    return True


def final_failure(message: Message) -> str:
    """The text of the server that gave the mail up; empty when the message does not say so."""
    reports = list(_reports(message))
    if reports:
        failed = [report for report in reports if _has_failed(report)]
        return next((_diagnostic(report) for report in failed), "")
    if refused := headers.first(message, "X-Failed-Recipients"):
        return _answer(message) or refused
    text = _text(message)
    if QMAIL.match(text):
        return _answer(message) or NO_WORDS
    return "" if WAITING.search(text) or not _is_from_a_server(message) else _answer(message)


def _read(raw: bytes) -> Notice | None:
    """The report of a server; ``None`` for another mail."""
    message = parser.parse(raw[:MAX_READ_BYTES])
    reports = list(_reports(message))
    if server_text := final_failure(message):
        failed = next((report for report in reports if _has_failed(report)), "")
        status = STATUS.search(failed)
        return Notice(kind_of(f"{status[1] if status else ''} {server_text}"), server_text, is_final=True)
    if not reports:
        return None
    actions = [action[1].lower() for action in map(ACTION.search, reports) if action]
    kind = next((KINDS[action] for action in actions if action in KINDS), None)
    return Notice(kind, _diagnostic(reports[0]), is_final=False)


def _reports(message: Message) -> Iterator[str]:
    """The fields about each recipient, in the parts that RFC 3464 and 6533 define."""
    for part in parts.walk(message):
        if part.get_content_type() in STATUS_TYPES:
            fields = parts.payload(part)
            blocks = [str(block) for block in fields] if isinstance(fields, list) else [str(fields)]
            yield from (block for block in "\n\n".join(blocks).split("\n\n") if ACTION.search(block))


def _has_failed(report: str) -> bool:
    action = ACTION.search(report)
    return action is not None and action[1].lower() == "failed"


def _diagnostic(report: str) -> str:
    found = sorted(WORDS.finditer(report), key=lambda found: found[0].lower().startswith("status"))
    return " ".join(found[0][1].split()) if found else NO_WORDS


def _is_from_a_server(message: Message) -> bool:
    sender = next(iter(headers.addresses(message, "From")), "")
    is_returned = headers.first(message, "Return-Path").replace(" ", "") == "<>"
    return is_returned or sender.partition("@")[0].lower() in REPORTERS


def _answer(message: Message) -> str:
    """The answer of the other server, as the report quotes it."""
    found = ANSWER.search(_text(message))
    return " ".join(found[0].split()) if found else ""


def _text(message: Message) -> str:
    texts = {part.get_content_type(): text for part, text in reversed(list(parts.bodies(message)))}
    shown = (line.text for line in html_lines(texts.get("text/html", "")))
    return texts.get("text/plain") or "\n".join(shown)
