"""Sending one mail: lock its row, render, send, record its fate, in one commit."""

import logging
from contextlib import nullcontext
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.utils.module_loading import import_string

from mailing import envelopes, failures, rendering, tracing
from mailing.failures import Failure
from mailing.lines import Line
from mailing.models import FATE_FIELDS, OutgoingEmail
from mailing.rendering import Rendered

logger = logging.getLogger(__name__)


@transaction.atomic(durable=True)
def deliver(
    pk: int, *, now: datetime, line: Line | None = None, by_sweep: bool = False
) -> OutgoingEmail | None:
    """Send the mail and record what became of it; ``None`` when there is nothing to do.

    ``line``: what other mails are sent through as well; its own otherwise.

    Sent, refused, cancelled, not due yet, or in another worker's hands: all harmless. A process killed
    between sending and the commit costs one duplicate, with the same Message-ID.
    """
    email = OutgoingEmail.objects.take(pk, now=now)
    if email is None:
        return None
    is_left_alone = by_sweep and email.is_left_alone(now=now)
    try:
        content = email.rendered()
    except Exception as error:  # a template may raise anything: said on the row, tried again
        logger.exception("mail %s cannot be rendered", email.pk)
        email.record_failure(Failure.CONTENT, failures.reason(error), at=now)
    else:
        with nullcontext(line) if line else Line() as one:
            _send(email, content, line=one, now=now)
    email.is_saved_by_sweep = is_left_alone and email.sent_at is not None
    email.save(update_fields=FATE_FIELDS)
    if email.refused_at:
        transaction.on_commit(lambda: _tell_refused(pk))
    return email


def send_now(*, key: str, to: str, template: str, context: dict[str, Any], now: datetime) -> OutgoingEmail:
    """Send a secret (a sign-in code) while the person waits, and keep a row without its content.

    Tried once, for at most ``EMAIL_TIMEOUT``: look at ``sent_at`` of the row that comes back. The demo keeps
    the content, so that its outbox shows the code.
    """
    email = OutgoingEmail(
        key=key, to=to, template=template, is_secret=True, created_at=now, not_before=now, next_try_at=now
    )
    email.attempts = 1
    email.request_id = tracing.current()
    email.context = context if settings.DEMO else {}
    with Line() as line:
        _send(email, rendering.render(template, context), line=line, now=now)
        email.save()
    return email


def _send(email: OutgoingEmail, content: Rendered, *, line: Line, now: datetime) -> None:
    """One try, its outcome written on ``email``, which is not saved."""
    try:
        message = envelopes.seal(email, content)
        line.send(message)
    except Exception as error:  # noqa: BLE001 (servers and providers raise what they like: all of it is recorded)
        email.record_failure(failures.cause(error), failures.reason(error), at=now)
        logger.warning("mail did not leave", extra=_facts(email) | {"failure": email.failure})
    else:
        email.record_sent(provider_id=_provider_id(message), at=now)
        logger.info("mail sent", extra=_facts(email))


def _facts(email: OutgoingEmail) -> dict[str, object]:
    """What the logs say of a mail; ``cause`` is the identifier of the work that wrote it."""
    return {
        "mail": email.pk,
        "template": email.template,
        "attempts": email.attempts,
        "cause": email.request_id,
    }


def _provider_id(message: EmailMultiAlternatives) -> str:
    """The provider's own id of the message; empty with plain SMTP."""
    return getattr(getattr(message, "anymail_status", None), "message_id", None) or ""


def _tell_refused(pk: int) -> None:
    """Call the tasks that settings name; those rooms' sweeps find what was missed."""
    for name in settings.MAILING_REFUSED_TASKS:
        import_string(name).delay(pk)
