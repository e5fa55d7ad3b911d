"""Queries on outgoing mails: those due, cancelled, refused, erased."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Cast, Concat

from mailing import rendering
from mailing.failures import Failure
from mailing.transactions import transaction_required

if TYPE_CHECKING:
    from mailing.models.outgoing import OutgoingEmail

LONGEST_RETRY_AFTER = timedelta(hours=1)
# The worker gets this long before the sweep takes a fresh row over.
HEAD_START = timedelta(minutes=1)

# In the place of a recipient who was erased: no address, so that nothing leaves.
ERASED = "effacé"
PENDING = Q(sent_at=None, refused_at=None, cancelled_at=None, is_secret=False)
TAKE = """
    UPDATE mailing_outgoingemail SET attempts = attempts + 1
    WHERE id = (
        SELECT id FROM mailing_outgoingemail
        WHERE id = %(pk)s AND next_try_at <= %(now)s AND NOT is_secret
          AND sent_at IS NULL AND refused_at IS NULL AND cancelled_at IS NULL
        FOR UPDATE SKIP LOCKED
    )
    RETURNING *
"""


class OutgoingEmailQuerySet(models.QuerySet["OutgoingEmail"]):
    def about(self, subject: str) -> Self:
        """The mails about one thing, named as "request:7"."""
        return self.filter(about__contains=[subject])

    def answered_by(self, message_ids: Collection[str], *, to: str) -> "OutgoingEmail | None":
        """The last of the mails of these Message-IDs that this address was sent."""
        mine = self.filter(message_id__in=message_ids, to__iexact=to, is_secret=False)
        return mine.order_by("-pk").first()

    def pending(self) -> Self:
        return self.filter(PENDING)

    def take(self, pk: int, *, now: datetime) -> "OutgoingEmail | None":
        """The mail, locked and its try counted, if it is due and in nobody's hands.

        Counted before it is sent: a row that cannot be written does not leave again and again.
        """
        return next(iter(self.raw(TAKE, {"pk": pk, "now": now})), None)

    def put_off(self, pk: int, *, why: str, now: datetime) -> None:
        """Try a mail again later of which no fate could be kept, and say why."""
        self.pending().filter(pk=pk).update(
            failure=Failure.CONTENT, last_error=printable(why), next_try_at=now + LONGEST_RETRY_AFTER
        )

    def due(self, *, now: datetime) -> Self:
        """Unsent mails whose time, or whose next try, has come."""
        return self.filter(PENDING, next_try_at__lte=now)

    def left_behind(self, *, now: datetime) -> Self:
        """Due mails that no worker took: the sweep's share, oldest first."""
        return self.due(now=now).filter(created_at__lte=now - HEAD_START).order_by("pk")

    def refused(self) -> Self:
        """Mails that will never arrive. Secrets do not count: theirs are tried once, whatever the cause."""
        return self.exclude(refused_at=None).exclude(is_secret=True)

    def newest_first(self) -> Self:
        return self.order_by("-created_at", "-pk")

    @transaction_required
    def cancel_about(self, subject: str, *, now: datetime) -> int:
        """Cancel the unsent mails about ``subject``; returns how many.

        A mail that is leaving at this very moment is waited for, and left as sent.
        """
        return self.about(subject).pending().update(cancelled_at=now)

    def written_by(self, moment: datetime) -> Self:
        """Mails of that moment or before, those erased already left out."""
        return self.filter(created_at__lte=moment).exclude(to=ERASED)

    def erase(self, *, now: datetime) -> None:
        """Empty these mails of whom they were for and what they said; unsent ones are cancelled.

        What they were about, their dates and their fates stay. One that is leaving is waited for.
        """
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


def printable(words: str) -> str:
    """What the database takes of the words of a mail server."""
    return rendering.UNPRINTABLE.sub(" ", words)[:500]
