"""How the outbox is written, taken from, cancelled and erased."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Cast, Concat

from mailing import rendering, tracing
from mailing.failures import Failure

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
    def enqueue(self, **envelope: Any) -> "OutgoingEmail | None":
        """Write a mail in the caller's transaction: see ``compose``; ``None`` when the key exists already.

        Sending is asked apart: ``tasks.deliver_after_commit``.
        """
        return next(iter(self.enqueue_all([self.compose(**envelope)])), None)

    def enqueue_all(self, emails: list["OutgoingEmail"]) -> list["OutgoingEmail"]:
        """Write composed mails in the caller's transaction; returns those whose key was new, in their order.

        ON CONFLICT DO NOTHING leaves the transaction whole and waits for nobody but a twin; it returns no
        id, so the new rows are found by their own message ids.
        """
        self.bulk_create(emails, ignore_conflicts=True)  # type: ignore[arg-type]
        ids = [email.message_id for email in emails]
        written = dict(self.filter(message_id__in=ids).values_list("message_id", "pk"))
        for email in emails:
            email.pk = written.get(email.message_id)
        return [email for email in emails if email.pk]

    def compose(  # noqa: PLR0913 (an envelope has that many lines)
        self,
        *,
        key: str,
        to: str,
        template: str,
        context: dict[str, Any],
        about: Sequence[str] = (),
        thread: str | None = None,
        reply_to: str = "",
        from_name: str = "",
        list_id: str = "",
        unsubscribe_url: str = "",
        is_automatic: bool = True,
        not_before: datetime | None = None,
        now: datetime,
    ) -> "OutgoingEmail":
        """A mail, not written yet.

        ``template`` is a path without extension ("solicitations/emails/received"), ``context`` plain JSON,
        ``about`` what the mail is about ("request:7", "match:42"), ``thread`` the conversation it belongs to
        ("request-7"). ``not_before`` delays it.
        """
        leaves_at = not_before or now
        return self.model(
            key=key,
            to=to,
            template=template,
            context=context,
            about=list(about),
            thread=thread or "",
            reply_to=reply_to,
            from_name=from_name,
            list_id=list_id,
            unsubscribe_url=unsubscribe_url,
            is_automatic=is_automatic,
            created_at=now,
            not_before=leaves_at,
            next_try_at=leaves_at,
            request_id=tracing.current(),
        )

    def enqueue_again(self, email: "OutgoingEmail", *, now: datetime) -> "OutgoingEmail | None":
        """The same mail once more, as a row of its own; ``None`` when asked twice within a minute."""
        return self.enqueue(
            key=f"{email.key}:again:{now:%Y%m%d%H%M}",
            to=email.to,
            template=email.template,
            context=email.context,
            about=email.about,
            thread=email.thread,
            reply_to=email.reply_to,
            from_name=email.from_name,
            list_id=email.list_id,
            unsubscribe_url=email.unsubscribe_url,
            is_automatic=email.is_automatic,
            now=now,
        )

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

    def cancel_about(self, subject: str, *, now: datetime) -> int:
        """Cancel the unsent mails about ``subject`` in the caller's transaction; returns how many.

        A mail that is leaving at this very moment is waited for, and left as sent.
        """
        return self.about(subject).pending().update(cancelled_at=now)

    def restore_about(self, subject: str, *, cancelled_at: datetime) -> list["OutgoingEmail"]:
        """Let the mails about ``subject`` that were cancelled at that moment leave after all."""
        rows = self.about(subject).filter(cancelled_at=cancelled_at)
        restored: list[OutgoingEmail] = list(rows.select_for_update().order_by("pk"))
        self.filter(pk__in=[email.pk for email in restored]).update(cancelled_at=None)
        return restored

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
