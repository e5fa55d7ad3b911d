"""Builds the message of a row of the outbox: addresses, headers, bodies."""

from email.charset import BASE64, QP, Charset, add_charset
from email.header import Header, decode_header, make_header
from email.message import EmailMessage
from email.utils import formataddr, parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.validators import validate_email

from mailing import return_path
from mailing.models import OutgoingEmail
from mailing.rendering import UNPRINTABLE, Rendered

# For subjects with accents: Python's other encoding takes quadratic time.
add_charset("utf-8", BASE64, BASE64, "utf-8")
# Not every server of the way takes 8 bits, and one that converts a text breaks its DKIM signature.
SEVEN_BITS = Charset("utf-8")
SEVEN_BITS.body_encoding = QP
# A longer word cannot stand on the header's first line, and is encoded to be cut.
MAX_WORD_LENGTH = 60


class FoldedMessage(EmailMultiAlternatives):
    """A message whose subject and sender begin on the line of their header's name.

    Folded right after « Subject: », as Django does with long encoded words, some servers show no subject, and
    some filters take the mail for spam.
    """

    def message(self, **options: Any) -> EmailMessage:
        built = super().message(**options)
        built.replace_header("Subject", fold_subject(str(self.subject)))
        encoded_name, address = parseaddr(self.extra_headers.get("From", self.from_email))
        name = str(make_header(decode_header(encoded_name)))
        if not _is_plain(name, max(name.split(), key=len, default="")):
            built.replace_header("From", fold_sender(name, address))
        return built


def fold_subject(subject: str) -> str:
    """The header's value, encoded if it must be, on lines of 76 characters at most with the header's name."""
    is_plain = _is_plain(subject, subject.partition(" ")[0])
    return Header(subject, "us-ascii" if is_plain else "utf-8", header_name="Subject").encode()


def _is_plain(text: str, word: str) -> bool:
    """True when the text need not be encoded to begin on the first line. ``word``: one that cannot be cut."""
    return text.isascii() and len(word) <= MAX_WORD_LENGTH


def fold_sender(name: str, address: str) -> str:
    header = Header(name, "utf-8", header_name="From")
    header.append(f"<{address}>", "us-ascii")
    return header.encode()


def build_message(email: OutgoingEmail, content: Rendered) -> EmailMultiAlternatives:
    """Return the message to send. Raises ``ValidationError`` when the recipient is not an address."""
    validate_email(email.to)
    sender = _sender(email)
    envelope = _envelope_sender(email)
    message = FoldedMessage(
        subject=content.subject,
        body=content.text,
        from_email=envelope or sender,
        to=[email.to],
        reply_to=[one_line(email.reply_to)] if email.reply_to else None,
        headers=build_headers(email) | ({"From": sender} if envelope else {}),
    )
    message.encoding = SEVEN_BITS
    # Providers give it back with what they report; a mail server never sees it.
    message.metadata = {"mail": return_path.local_part_of(email.message_id)}  # type: ignore[attr-defined]
    message.attach_alternative(content.html, "text/html")
    if calendar := email.context.get("calendar"):
        method = "CANCEL" if "METHOD:CANCEL" in calendar else "PUBLISH"
        message.attach("rendez-vous.ics", calendar, f"text/calendar; charset=utf-8; method={method}")
    return message


def build_headers(email: OutgoingEmail) -> dict[str, str]:
    """Headers that make a request one thread in mail clients, and mark automatic mails.

    The Message-ID is stored in the row: most mail clients show a mail sent twice only once.
    """
    candidates = {
        "Message-ID": email.message_id,
        "In-Reply-To": email.thread_id,
        "References": email.thread_id,
        "Auto-Submitted": "auto-generated" if email.is_automatic else "",
        "X-Request-ID": email.request_id,
        "List-Id": f"<{one_line(email.list_id)}>" if email.list_id else "",
        "List-Unsubscribe": f"<{one_line(email.unsubscribe_url)}>" if email.unsubscribe_url else "",
        # RFC 8058. Mails written by an earlier version lead to a fragment of a page, which takes no POST.
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click" if _is_one_click(email) else "",
    }
    return {name: value for name, value in candidates.items() if value}


def _is_one_click(email: OutgoingEmail) -> bool:
    return bool(email.unsubscribe_url) and "#" not in email.unsubscribe_url


def one_line(text: str) -> str:
    """``text`` on one line, without encoded words: nobody can add a header or hide text through a name."""
    return " ".join(UNPRINTABLE.sub(" ", text).split()).replace("=?", "= ?")


def _envelope_sender(email: OutgoingEmail) -> str:
    """The address that later refusals come back to; empty with a provider, which has one of its own."""
    return return_path.address_of(email) if settings.MAILING_SIGNED_ENVELOPE else ""


def _sender(email: OutgoingEmail) -> str:
    """Sender of the mail: one that can be answered is not sent from an address that says not to."""
    sender = settings.REQUESTS_FROM_EMAIL if email.reply_to else settings.DEFAULT_FROM_EMAIL
    default_name, address = parseaddr(sender)
    return formataddr((one_line(email.from_name) or default_name, address))
