"""The mails that came in: one row per mail, raw, until a room has read it."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q


class Channel(models.TextChoices):
    PIPE = "pipe", "Serveur de messagerie"
    BREVO = "brevo", "Brevo"
    MAILGUN = "mailgun", "Mailgun"
    POSTMARK = "postmark", "Postmark"


class IncomingState(models.TextChoices):
    RECEIVED = "received", "Reçu"
    ACCEPTED = "accepted", "Publié"
    HELD = "held", "Retenu"
    REFUSED = "refused", "Écarté"


class IncomingEmail(models.Model):
    """A mail that came in, kept raw, and what became of it."""

    channel = models.CharField("canal", max_length=10, choices=Channel)
    message_id = models.CharField("Message-ID", max_length=500)
    sender = models.CharField("expéditeur", max_length=254, blank=True)
    recipient = models.CharField("destinataire", max_length=254, blank=True)
    subject = models.CharField("objet", max_length=500, blank=True)
    raw = models.BinaryField("message d’origine")
    state = models.CharField("état", max_length=10, choices=IncomingState, default=IncomingState.RECEIVED)
    reason = models.CharField("raison", max_length=30, blank=True)
    about = ArrayField(models.CharField(max_length=60), verbose_name="au sujet de", default=list)
    received_at = models.DateTimeField("reçu le")
    next_try_at = models.DateTimeField("prochain essai")
    last_error = models.CharField("dernière erreur", max_length=500, blank=True)
    settled_at = models.DateTimeField("traité le", null=True, blank=True)

    class Meta:
        verbose_name = "mail entrant"
        verbose_name_plural = "mails entrants"
        constraints = [
            # The same message twice: one is read, the other kept and refused.
            models.UniqueConstraint(
                fields=["message_id", "recipient"],
                condition=~Q(state=IncomingState.REFUSED),
                name="incoming_email_once",
            ),
            models.CheckConstraint(
                name="incoming_email_settled_iff_read",
                condition=Q(state=IncomingState.RECEIVED, settled_at=None)
                | ~Q(state=IncomingState.RECEIVED) & Q(settled_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                name="incoming_email_unread",
                fields=["next_try_at", "id"],
                condition=Q(state=IncomingState.RECEIVED),
            ),
            models.Index(name="incoming_email_newest", fields=["-received_at", "-id"]),
            GinIndex(name="incoming_email_about", fields=["about"]),
        ]

    def __str__(self) -> str:
        return self.message_id
