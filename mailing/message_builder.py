"""Builds the message of a row of the outbox: addresses, headers, bodies."""

from email.charset import BASE64, add_charset
from email.utils import formataddr, parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.validators import validate_email

from mailing.models import OutgoingEmail
from mailing.rendering import UNPRINTABLE, Rendered

# For subjects with accents: Python's other encoding takes quadratic time.
add_charset("utf-8", BASE64, BASE64, "utf-8")


def build_message(email: OutgoingEmail, content: Rendered) -> EmailMultiAlternatives:
    """Return the message to send. Raises ``ValidationError`` when the recipient is not an address."""
    validate_email(email.to)
    message = EmailMultiAlternatives(
        subject=content.subject,
        body=content.text,
        from_email=_sender(email.from_name),
        to=[email.to],
        reply_to=[one_line(email.reply_to)] if email.reply_to else None,
        headers=build_headers(email),
    )
    message.attach_alternative(content.html, "text/html")
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
    }
    return {name: value for name, value in candidates.items() if value}


def one_line(text: str) -> str:
    """``text`` on one line, without encoded words: nobody can add a header or hide text through a name."""
    return " ".join(UNPRINTABLE.sub(" ", text).split()).replace("=?", "= ?")


def _sender(name: str) -> str:
    default_name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    return formataddr((one_line(name) or default_name, address))
