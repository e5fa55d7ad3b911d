"""From a row of the outbox to a message: addresses, conversation, headers."""

from email.charset import BASE64, add_charset
from email.utils import formataddr, parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.validators import validate_email

from mailing.models import OutgoingEmail
from mailing.rendering import UNPRINTABLE, Rendered

# For a subject with accents; in the other encoding, Python weighs each letter again at every letter.
add_charset("utf-8", BASE64, BASE64, "utf-8")


def seal(email: OutgoingEmail, content: Rendered) -> EmailMultiAlternatives:
    """The message to send. Raises ``ValidationError`` when the recipient is no address."""
    validate_email(email.to)
    message = EmailMultiAlternatives(
        subject=content.subject,
        body=content.text,
        from_email=_sender(email.from_name),
        to=[email.to],
        reply_to=[one_line(email.reply_to)] if email.reply_to else None,
        headers=headers(email),
    )
    message.attach_alternative(content.html, "text/html")
    return message


def headers(email: OutgoingEmail) -> dict[str, str]:
    """What makes a request one conversation in a mail client, and says that a machine wrote.

    The Message-ID is the row's own: the same mail sent twice is shown once by most clients.
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
    """``text`` on one line, encoded nowhere: nobody adds a header through a name, nor hides words in it."""
    return " ".join(UNPRINTABLE.sub(" ", text).split()).replace("=?", "= ?")


def _sender(name: str) -> str:
    default_name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    return formataddr((one_line(name) or default_name, address))
