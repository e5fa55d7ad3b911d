"""The outbox: one row per mail. The row is the queue of record; Celery only makes it fast.

Longer than most modules: how a mail is written, sent, cancelled and erased is read together.
"""

import random
import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Cast, Concat

from mailing import rendering, tracing
from mailing.failures import Failure

FIRST_RETRY_AFTER = timedelta(minutes=1)
LONGEST_RETRY_AFTER = timedelta(hours=1)
# What mail servers themselves do with a mailbox that stays full or greylisted (RFC 5321, 4.5.4.1).
GIVE_UP_AFTER = timedelta(days=5)
# The worker gets this long before the sweep takes a fresh row over.
HEAD_START = timedelta(minutes=1)

FATE_FIELDS = (
    "next_try_at",
    "failure",
    "last_error",
    "provider_id",
    "sent_at",
    "refused_at",
    "is_saved_by_sweep",
)
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


def new_message_id() -> str:
    """A Message-ID of our own, kept by the mail through all its tries; short, so that nobody folds it."""
    return f"<{secrets.token_hex(10)}@{settings.REPLY_DOMAIN}>"


class State(models.TextChoices):
    WAITING = "waiting", "En attente"
    LATE = "late", "En attente d’un nouvel essai"
    SENT = "sent", "Envoyé"
    REFUSED = "refused", "Refusé"
    CANCELLED = "cancelled", "Annulé"


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
        OutgoingEmail.objects.bulk_create(emails, ignore_conflicts=True)
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
            failure=Failure.CONTENT, last_error=_printable(why), next_try_at=now + LONGEST_RETRY_AFTER
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


class OutgoingEmail(models.Model):
    """A mail: to whom, on which occasion, and its fate.

    Bodies are not stored: they are rendered from template and context when the mail leaves and when staff
    look at it, so that anonymising the context anonymises the mail.
    """

    key = models.CharField("clé de l’occasion", max_length=200, unique=True)
    to = models.CharField("destinataire", max_length=254)
    template = models.CharField("modèle", max_length=200)
    context = models.JSONField("contenu", default=dict)
    about = ArrayField(models.CharField(max_length=60), verbose_name="au sujet de", default=list)
    thread = models.CharField("conversation", max_length=100, blank=True)
    reply_to = models.CharField("répondre à", max_length=254, blank=True)
    from_name = models.CharField("nom de l’expéditeur", max_length=200, blank=True)
    list_id = models.CharField("identifiant de liste", max_length=200, blank=True)
    unsubscribe_url = models.CharField("adresse de désinscription", max_length=500, blank=True)
    is_automatic = models.BooleanField("écrit par une machine", default=True)
    is_secret = models.BooleanField("sans contenu conservé", default=False)
    created_at = models.DateTimeField("créé le")
    not_before = models.DateTimeField("pas avant")
    next_try_at = models.DateTimeField("prochain essai")
    attempts = models.PositiveIntegerField("essais", default=0)
    failure = models.CharField("dernier échec", max_length=10, choices=Failure, blank=True)
    last_error = models.CharField("dernière erreur", max_length=500, blank=True)
    message_id = models.CharField("Message-ID", max_length=254, unique=True, default=new_message_id)
    provider_id = models.CharField("identifiant chez le prestataire", max_length=254, blank=True)
    sent_at = models.DateTimeField("envoyé le", null=True, blank=True)
    refused_at = models.DateTimeField("refusé le", null=True, blank=True)
    cancelled_at = models.DateTimeField("annulé le", null=True, blank=True)
    # What caused it, as the logs name it.
    request_id = models.CharField(
        "identifiant de la requête", max_length=64, blank=True, default="", db_default=""
    )
    is_saved_by_sweep = models.BooleanField("repris par le balayage", default=False, db_default=False)

    objects = OutgoingEmailQuerySet.as_manager()

    class Meta:
        verbose_name = "mail sortant"
        verbose_name_plural = "mails sortants"
        constraints = [
            models.CheckConstraint(
                name="outgoing_email_one_fate",
                condition=Q(sent_at=None, refused_at=None)
                | Q(sent_at=None, cancelled_at=None)
                | Q(refused_at=None, cancelled_at=None),
            ),
            models.CheckConstraint(name="outgoing_email_has_recipient", condition=~Q(to="")),
            # It becomes part of a Message-ID.
            models.CheckConstraint(
                name="outgoing_email_thread_is_plain", condition=Q(thread__regex=r"^[a-zA-Z0-9-]*$")
            ),
        ]
        indexes = [
            models.Index(name="outgoing_email_pending", fields=["next_try_at", "id"], condition=PENDING),
            models.Index(name="outgoing_email_refused", fields=["refused_at"], condition=~Q(refused_at=None)),
            models.Index(name="outgoing_email_saved", fields=["id"], condition=Q(is_saved_by_sweep=True)),
            models.Index(name="outgoing_email_newest", fields=["-created_at", "-id"]),
            GinIndex(name="outgoing_email_about", fields=["about"]),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def state(self) -> State:
        fates = (
            (self.sent_at, State.SENT),
            (self.refused_at, State.REFUSED),
            (self.cancelled_at, State.CANCELLED),
        )
        for at, state in fates:
            if at:
                return state
        return State.LATE if self.failure else State.WAITING

    @property
    def thread_id(self) -> str:
        """The Message-ID that every mail of the conversation answers; empty without a conversation."""
        return f"<{self.thread}@{settings.REPLY_DOMAIN}>" if self.thread else ""

    @property
    def is_erased(self) -> bool:
        return self.to == ERASED

    def rendered(self) -> rendering.Rendered:
        """The mail as it leaves. Erased, or secret outside the demo, it has no content: ``NoContent``."""
        if self.is_erased or (self.is_secret and not self.context):
            raise NoContent(self.key)
        return rendering.render(self.template, self.context, is_answerable=bool(self.reply_to))

    def is_left_alone(self, *, now: datetime) -> bool:
        """Whether this first try comes after the head start: no worker got to hear of the mail."""
        return self.attempts == 1 and self.not_before <= now - HEAD_START

    def record_sent(self, *, provider_id: str, at: datetime) -> None:
        self.sent_at = at
        self.provider_id = _printable(provider_id)[:254]
        self.failure = self.last_error = ""

    def record_failure(self, failure: Failure, reason: str, *, at: datetime) -> None:
        """Refused for good, or to be tried again after twice as long as the last time, give or take.

        A recipient who cannot be reached for days counts as refused; our own failures are tried for ever.
        """
        self.failure, self.last_error = failure, _printable(reason)
        gives_up = failure == Failure.RECIPIENT and at - self.not_before > GIVE_UP_AFTER
        if failure == Failure.REFUSED or self.is_secret or gives_up:
            self.refused_at = at
            return
        wait = min(FIRST_RETRY_AFTER * 2 ** min(self.attempts - 1, 10), LONGEST_RETRY_AFTER)
        self.next_try_at = at + wait * random.uniform(1, 1.25)  # noqa: S311 (spreads the tries)


def _printable(words: str) -> str:
    """What the database takes of the words of a mail server."""
    return rendering.UNPRINTABLE.sub(" ", words)[:500]


class NoContent(Exception):
    """The content of this mail was not kept."""


def oldest_due(*, now: datetime) -> datetime | None:
    """Since when the oldest unsent mail should have left; ``None`` when none is waiting.

    Mails that their recipient's own server puts off do not count: nothing is wrong on our side.
    """
    waiting = OutgoingEmail.objects.pending().filter(not_before__lte=now).exclude(failure=Failure.RECIPIENT)
    return waiting.order_by("not_before").values_list("not_before", flat=True).first()
