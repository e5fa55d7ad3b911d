"""The outbox: one row per mail. The row is the queue of record; Celery only makes it fast."""

import random
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import connection, models
from django.db.models import Q

from mailing import rendering
from mailing.failures import Failure
from mailing.models.outgoing_querysets import (
    ERASED,
    MAX_RETRY_AFTER,
    PENDING,
    SWEEP_GRACE_PERIOD,
    OutgoingEmailQuerySet,
    printable,
)

FIRST_RETRY_AFTER = timedelta(minutes=1)
# As mail servers do for a mailbox that stays full or greylisted (RFC 5321, 4.5.4.1).
GIVE_UP_AFTER = timedelta(days=5)

# Each mail has one: Django takes longer to write this statement than PostgreSQL to execute it.
SAVE_OUTCOME = """
    UPDATE mailing_outgoingemail
    SET next_try_at = %(next_try_at)s, failure = %(failure)s, last_error = %(last_error)s,
        provider_id = %(provider_id)s, sent_at = %(sent_at)s, refused_at = %(refused_at)s,
        is_saved_by_sweep = %(is_saved_by_sweep)s
    WHERE id = %(id)s
"""
BOUNCE_FIELDS = ("failure", "last_error", "sent_at", "refused_at")


def new_message_id() -> str:
    """A new Message-ID, kept for all tries of a mail; short, so that no server folds it."""
    return f"<{secrets.token_hex(10)}@{settings.REPLY_DOMAIN}>"


class OutgoingState(models.TextChoices):
    WAITING = "waiting", "En attente"
    LATE = "late", "En attente d’un nouvel essai"
    SENT = "sent", "Envoyé"
    REFUSED = "refused", "Refusé"
    CANCELLED = "cancelled", "Annulé"


class OutgoingEmail(models.Model):
    """A mail: its recipient, occasion, content and outcome.

    Bodies are not stored: they are rendered from template and context when the mail is sent and when staff
    read it, so that anonymising the context anonymises the mail.
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
    # Identifier in the logs of the request or task that enqueued the mail.
    request_id = models.CharField(
        "identifiant de la requête", max_length=64, blank=True, default="", db_default=""
    )
    # It is sent as a line of its recipient's digest, once ``not_before`` has come.
    is_for_digest = models.BooleanField("attend le récapitulatif", default=False, db_default=False)
    is_saved_by_sweep = models.BooleanField("repris par le balayage", default=False, db_default=False)

    # Set by ``lock_due``: whether the recipient's address refuses mails for good; ``None``: it takes them.
    refusal_is_final: bool | None = None

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
    def state(self) -> OutgoingState:
        outcomes = (
            (self.sent_at, OutgoingState.SENT),
            (self.refused_at, OutgoingState.REFUSED),
            (self.cancelled_at, OutgoingState.CANCELLED),
        )
        for at, state in outcomes:
            if at:
                return state
        return OutgoingState.LATE if self.failure else OutgoingState.WAITING

    @property
    def thread_id(self) -> str:
        """The Message-ID of the thread, which all its mails refer to; empty without a thread."""
        return f"<{self.thread}@{settings.REPLY_DOMAIN}>" if self.thread else ""

    @property
    def is_erased(self) -> bool:
        return self.to == ERASED

    def rendered(self) -> rendering.Rendered:
        """The mail as it is sent. Raises ``NoContent`` when it is erased, or a secret outside the demo."""
        if self.is_erased or (self.is_secret and not self.context):
            raise NoContent(self.key)
        return rendering.render(self.template, self.context, is_answerable=self.invites_reply)

    @property
    def invites_reply(self) -> bool:
        """True when the replies come back to the portal, and the mail does not say that nobody reads them.

        Other replies go to a person's own mailbox.
        """
        if self.context.get("answer_readers") == "":
            return False
        return self.reply_to.lower().endswith(f"@{settings.REPLY_DOMAIN.lower()}")

    @property
    def is_useless(self) -> bool:
        """True for a mail that nobody asked for, to an address that refuses our mails for good.

        Such mails have an unsubscribe link, and are not sent. Others are: an address may work again.
        """
        return bool(self.refusal_is_final and self.unsubscribe_url)

    def was_missed_by_workers(self, *, now: datetime) -> bool:
        """True for a first try after ``SWEEP_GRACE_PERIOD``: no worker has received the mail."""
        return self.attempts == 1 and self.not_before <= now - SWEEP_GRACE_PERIOD

    def record_sent(self, *, provider_id: str, at: datetime) -> None:
        self.sent_at = at
        self.provider_id = printable(provider_id)[:254]
        self.failure = self.last_error = ""

    def record_failure(self, failure: Failure, reason: str, *, at: datetime) -> None:
        """Mark the mail as refused, or set the next try, with a delay that doubles each time.

        A recipient who cannot be reached for days counts as refused; our own failures are retried for ever.
        """
        self.failure, self.last_error = failure, printable(reason)
        gives_up = failure == Failure.RECIPIENT and at - self.not_before > GIVE_UP_AFTER
        if failure == Failure.REFUSED or self.is_secret or gives_up:
            self.refused_at = at
            return
        wait = min(FIRST_RETRY_AFTER * 2 ** min(self.attempts - 1, 10), MAX_RETRY_AFTER)
        self.next_try_at = at + wait * random.uniform(1, 1.25)  # noqa: S311 (spreads the tries)

    def save_outcome(self) -> None:
        """Store what ``record_sent`` or ``record_failure`` has set."""
        with connection.cursor() as cursor:
            cursor.execute(SAVE_OUTCOME, vars(self))

    def record_bounce(self, server_text: str, *, at: datetime) -> bool:
        """Mark a mail that a server gave up after accepting it; ``False`` when that changes nothing."""
        if self.refused_at or self.cancelled_at or self.is_erased:
            return False
        self.sent_at, self.refused_at = None, at
        self.failure, self.last_error = Failure.REFUSED, printable(server_text)
        return True


class NoContent(Exception):
    """The content of this mail is not stored."""


def oldest_due_at(*, now: datetime) -> datetime | None:
    """Time when the oldest unsent mail was due; ``None`` when there is none.

    Mails delayed by their recipient's server are not counted: the cause is not on our side.
    """
    waiting = OutgoingEmail.objects.pending().filter(not_before__lte=now).exclude(failure=Failure.RECIPIENT)
    return waiting.order_by("not_before").values_list("not_before", flat=True).first()
