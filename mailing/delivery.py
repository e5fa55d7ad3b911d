"""Sending of one mail: lock its row, render, send and record the outcome, in one transaction."""

import logging
from contextlib import nullcontext
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.utils.module_loading import import_string

from mailing import delivery_reports, failures, message_builder, rendering, tracing
from mailing.connection import Connection
from mailing.failures import Failure
from mailing.models import OutgoingEmail
from mailing.rendering import Rendered

logger = logging.getLogger(__name__)


@transaction.atomic(durable=True)
def deliver(
    pk: int, *, now: datetime, connection: Connection | None = None, by_sweep: bool = False
) -> OutgoingEmail | None:
    """Send a mail and record the outcome; ``None`` when there is nothing to do.

    ``connection`` is shared with other mails; without it, the mail has its own.

    Nothing happens when the mail is sent, refused, cancelled, not due, or locked by another worker; one to an
    address that refuses our mails for good is cancelled, unless somebody has just asked for it. A process
    killed between sending and the commit causes one duplicate, with the same Message-ID.
    """
    email = OutgoingEmail.objects.lock_due(pk, now=now)
    if email is None:
        return None
    if email.is_useless:
        email.cancelled_at = now
        email.save(update_fields=["cancelled_at"])
        return None
    was_missed = by_sweep and email.was_missed_by_workers(now=now)
    try:
        content = email.rendered()
    except Exception as error:  # a template may raise anything: recorded on the row, tried again
        logger.exception("mail %s cannot be rendered", email.pk)
        email.record_failure(Failure.CONTENT, failures.describe(error), at=now)
    else:
        with nullcontext(connection) if connection else Connection() as opened:
            _send(email, content, connection=opened, now=now)
    email.is_saved_by_sweep = was_missed and email.sent_at is not None
    email.save_outcome()
    delivery_reports.record_attempt(email, is_to_refused=email.refusal_is_final is not None, now=now)
    if email.refused_at:
        transaction.on_commit(lambda: notify_refused(pk))
    return email


def send_now(*, key: str, to: str, template: str, context: dict[str, Any], now: datetime) -> OutgoingEmail:
    """Send a secret (a sign-in code) while the person waits, and store a row without its content.

    Tried once, for at most ``EMAIL_TIMEOUT``: ``sent_at`` of the returned row tells whether it was sent. The
    demo stores the content, so that its outbox shows the code.
    """
    email = OutgoingEmail(
        key=key, to=to, template=template, is_secret=True, created_at=now, not_before=now, next_try_at=now
    )
    email.attempts = 1
    email.request_id = tracing.current()
    email.context = context if settings.DEMO else {}
    with Connection() as connection:
        _send(email, rendering.render(template, context), connection=connection, now=now)
        email.save()
    return email


def _send(email: OutgoingEmail, content: Rendered, *, connection: Connection, now: datetime) -> None:
    """Try once and set the outcome on ``email``, without saving it."""
    try:
        message = message_builder.build_message(email, content)
        connection.send(message)
    except Exception as error:  # noqa: BLE001 (servers and providers may raise anything: it is recorded)
        email.record_failure(failures.classify(error), failures.describe(error), at=now)
        logger.warning("mail did not leave", extra=_facts(email) | {"failure": email.failure})
    else:
        email.record_sent(provider_id=_provider_id(message), at=now)
        logger.info("mail sent", extra=_facts(email))


def _facts(email: OutgoingEmail) -> dict[str, object]:
    """Fields for the logs; ``cause`` is the identifier of the request or task that enqueued the mail."""
    return {
        "mail": email.pk,
        "template": email.template,
        "attempts": email.attempts,
        "cause": email.request_id,
    }


def _provider_id(message: EmailMultiAlternatives) -> str:
    """The provider's own id of the message; empty with plain SMTP."""
    return getattr(getattr(message, "anymail_status", None), "message_id", None) or ""


def notify_refused(pk: int) -> None:
    """Call the tasks named in settings; the sweeps of their rooms find lost calls."""
    for name in settings.MAILING_REFUSED_TASKS:
        import_string(name).delay(pk)
