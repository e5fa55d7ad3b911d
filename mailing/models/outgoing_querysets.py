"""Queries on outgoing mails: those due, cancelled, refused, erased."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from django.apps import apps
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Cast, Concat

from mailing import rendering
from mailing.failures import Failure
from mailing.transactions import transaction_required, wait_for_sending

if TYPE_CHECKING:
    from mailing.models.outgoing import OutgoingEmail

MAX_RETRY_AFTER = timedelta(hours=1)
# Time left to a worker before the sweep handles a new row.
SWEEP_GRACE_PERIOD = timedelta(minutes=1)

# Replaces an erased recipient. It is not an address, so nothing can be sent.
ERASED = "effacé"
PENDING = Q(sent_at=None, refused_at=None, cancelled_at=None, is_secret=False)
LOCK_DUE = """
    UPDATE mailing_outgoingemail SET attempts = attempts + 1
    WHERE id = (
        SELECT id FROM mailing_outgoingemail
        WHERE id = %(pk)s AND next_try_at <= %(now)s AND NOT is_secret AND NOT is_for_digest
          AND sent_at IS NULL AND refused_at IS NULL AND cancelled_at IS NULL
        FOR UPDATE SKIP LOCKED
    )
    RETURNING *, (
        SELECT is_final FROM mailing_refusedaddress WHERE address = lower("to")
    ) AS refusal_is_final
"""


class OutgoingEmailQuerySet(models.QuerySet["OutgoingEmail"]):
    def about(self, subject: str) -> Self:
        """The mails about one subject, such as "request:7"."""
        return self.filter(about__contains=[subject])

    def original_of_reply(self, message_ids: Collection[str], *, to: str) -> "OutgoingEmail | None":
        """The last mail sent to this address with one of these Message-IDs."""
        sent = self.filter(message_id__in=message_ids, to__iexact=to, is_secret=False)
        return sent.order_by("-pk").first()

    def pending(self) -> Self:
        return self.filter(PENDING)

    def lock_due(self, pk: int, *, now: datetime) -> "OutgoingEmail | None":
        """Lock a mail and count a try, if it is due and not locked already; ``None`` otherwise.

        The try is counted before sending, so that a row that cannot be saved is not sent again and again.
        """
        return next(iter(self.raw(LOCK_DUE, {"pk": pk, "now": now})), None)

    def postpone(self, pk: int, *, why: str, now: datetime) -> None:
        """Delay the next try of a mail whose outcome could not be saved, and record the error."""
        self.pending().filter(pk=pk).update(
            failure=Failure.CONTENT, last_error=printable(why), next_try_at=now + MAX_RETRY_AFTER
        )

    def due(self, *, now: datetime) -> Self:
        """Unsent mails whose first or next try is due."""
        return self.filter(PENDING, next_try_at__lte=now, is_for_digest=False)

    def digest_due(self, *, now: datetime) -> Self:
        """Mails that wait for a digest which is due."""
        return self.filter(PENDING, next_try_at__lte=now, is_for_digest=True)

    def for_sweep(self, *, now: datetime) -> Self:
        """Due mails that no worker has sent in the head start, oldest first."""
        return self.due(now=now).filter(created_at__lte=now - SWEEP_GRACE_PERIOD).order_by("pk")

    def refused(self) -> Self:
        """Mails that will never arrive, without secrets, which are tried only once."""
        return self.exclude(refused_at=None).exclude(is_secret=True)

    def newest_first(self) -> Self:
        return self.order_by("-created_at", "-pk")

    @transaction_required
    def cancel_about(self, subject: str, *, now: datetime) -> int:
        """Cancel the unsent mails about ``subject``; return their number.

        A mail that is being sent is waited for, and stays sent.
        """
        wait_for_sending()
        return self.about(subject).pending().update(cancelled_at=now)

    def created_until(self, moment: datetime) -> Self:
        """Mails created until that moment, except those already erased."""
        return self.filter(created_at__lte=moment).exclude(to=ERASED)

    def erase(self, *, now: datetime) -> None:
        """Erase recipient, content and delivery reports of these mails; unsent ones are cancelled.

        ``about``, dates and outcome are kept. A mail that is being sent is waited for.
        """
        apps.get_model("mailing", "DeliveryEvent").objects.filter(email__in=self).delete()
        self.pending().update(cancelled_at=now)
        self.update(
            key=Concat(Value("erased:"), Cast("pk", models.CharField())),
            to=ERASED,
            context={},
            reply_to="",
            from_name="",
            list_id="",
            unsubscribe_url="",
            last_error="",
            provider_id="",
            request_id="",
        )


def printable(text: str) -> str:
    """The text of a mail server, without characters that PostgreSQL refuses, 500 characters at most."""
    return rendering.UNPRINTABLE.sub(" ", text)[:500]
