"""The mails that came in: one row per mail, raw, until a room has read it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Cast, Concat

SOONEST_RETRY = timedelta(minutes=1)
LATEST_RETRY = timedelta(hours=1)
# The worker gets this long before the sweep takes a fresh row over.
HEAD_START = timedelta(minutes=1)


LONGEST_ADDRESS = 254  # of RFC 5321
# All that reading a mail changes; what it holds is never written again.
SETTLED_FIELDS = ("state", "reason", "about", "settled_at", "last_error")


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


class Reason(models.TextChoices):
    """Why a mail was held or refused."""

    OTHER_SENDER = "other_sender", "Envoyé depuis une autre adresse que celle à qui nous avons écrit"
    UNKNOWN = "unknown", "L'adresse ne désigne aucune demande"
    FORGED = "forged", "L'adresse n'est pas de nous : sa signature est fausse"
    EXPIRED = "expired", "L'adresse n'a plus cours"
    CLOSED = "closed", "La demande n'accepte plus de message de cette personne"
    EMPTY = "empty", "Aucun texte, une fois les citations ôtées"
    OVERSIZED = "oversized", "Trop long ou trop lourd"
    DUPLICATE = "duplicate", "Reçu une seconde fois"
    AUTO_REPLY = "auto_reply", "Réponse automatique"
    OUT_OF_OFFICE = "out_of_office", "Réponse d'absence"
    BOUNCE = "bounce", "Avis d'un serveur de messagerie"
    LIST = "list", "Envoi en nombre ou liste de diffusion"
    CALENDAR = "calendar", "Réponse à une invitation d'agenda"
    FLOOD = "flood", "Trop de courriels de cette personne en un jour"
    LOOP = "loop", "Écrit par le portail lui-même"
    SET_ASIDE = "set_aside", "Écarté par l'équipe"


# What a machine may have misjudged: a person who looks at it may publish it all the same.
MISJUDGED = (Reason.AUTO_REPLY, Reason.OUT_OF_OFFICE, Reason.LIST, Reason.CALENDAR)
DISPUTABLE = (*MISJUDGED, Reason.SET_ASIDE)


class IncomingEmailQuerySet(models.QuerySet["IncomingEmail"]):
    def unread(self) -> Self:
        return self.filter(state=IncomingState.RECEIVED)

    def left_behind(self, *, now: datetime) -> Self:
        """Unread mails that no worker took, and those whose next try has come: the sweep's share."""
        due = self.unread().filter(next_try_at__lte=now, received_at__lte=now - HEAD_START)
        return due.order_by("next_try_at", "pk")

    def accepted(self) -> Self:
        return self.filter(state=IncomingState.ACCEPTED)

    def held(self) -> Self:
        return self.filter(state=IncomingState.HELD)

    def taken_for_machines(self) -> Self:
        """Refused at a good address as no person's words: a machine judged it, who looks may publish them."""
        return self.filter(state=IncomingState.REFUSED, reason__in=MISJUDGED).exclude(about=[])

    def standing(self) -> Self:
        """Mails read or to be read: a second one with the same Message-ID is refused."""
        return self.exclude(state=IncomingState.REFUSED)

    def about(self, subject: str) -> Self:
        """The mails about one thing, named as "request:7"."""
        return self.filter(about__contains=[subject])

    def newest_first(self) -> Self:
        return self.order_by("-received_at", "-pk")

    def written_by(self, moment: datetime) -> Self:
        """Mails received at that moment or before, those erased already left out."""
        return self.filter(received_at__lte=moment).exclude(raw=b"")

    def erase(self, *, now: datetime) -> None:
        """Empty these mails of who wrote and what they said; nothing is left to publish. Dates stay."""
        waiting = self.filter(state__in=[IncomingState.RECEIVED, IncomingState.HELD])
        waiting.update(state=IncomingState.REFUSED, reason=Reason.CLOSED, settled_at=now)
        self.update(
            message_id=Concat(Value("erased:"), Cast("pk", models.CharField())),
            sender="",
            recipient="",
            subject="",
            raw=b"",
            last_error="",
        )


class IncomingEmail(models.Model):
    """A mail that came in, kept raw, and what became of it."""

    channel = models.CharField("canal", max_length=10, choices=Channel)
    message_id = models.CharField("Message-ID", max_length=500)
    sender = models.CharField("expéditeur", max_length=LONGEST_ADDRESS, blank=True)
    recipient = models.CharField("destinataire", max_length=LONGEST_ADDRESS, blank=True)
    subject = models.CharField("objet", max_length=500, blank=True)
    raw = models.BinaryField("message d’origine")
    state = models.CharField("état", max_length=10, choices=IncomingState, default=IncomingState.RECEIVED)
    reason = models.CharField("raison", max_length=30, blank=True)
    about = ArrayField(models.CharField(max_length=60), verbose_name="au sujet de", default=list)
    received_at = models.DateTimeField("reçu le")
    next_try_at = models.DateTimeField("prochain essai")
    last_error = models.CharField("dernière erreur", max_length=500, blank=True)
    settled_at = models.DateTimeField("traité le", null=True, blank=True)

    objects = IncomingEmailQuerySet.as_manager()

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

    @property
    def reason_label(self) -> str:
        """The reason in words; empty without one."""
        return str(Reason(self.reason).label) if self.reason in Reason.values else ""

    @property
    def may_be_published(self) -> bool:
        """Whether a person may still decide that its words are passed on."""
        is_disputable = self.state == IncomingState.REFUSED and self.reason in DISPUTABLE
        return bool(self.about) and (self.state == IncomingState.HELD or is_disputable)

    @property
    def is_held(self) -> bool:
        return self.state == IncomingState.HELD

    def settle(self, state: IncomingState, *, reason: str = "", at: datetime) -> None:
        """Set what became of it; saves nothing."""
        self.state, self.reason, self.settled_at = state, reason, at
        self.last_error = ""

    def postpone(self, error: str, *, at: datetime) -> None:
        """Read again after as long as it has waited already, an hour at most; saves nothing."""
        self.last_error = error[:500]
        self.next_try_at = at + min(max(at - self.received_at, SOONEST_RETRY), LATEST_RETRY)


def named(about: Sequence[str], kind: str) -> int | None:
    """The number of the first thing of this kind: 7 for "request" in ``["request:7", "mailbox:31"]``."""
    return next((int(name.partition(":")[2]) for name in about if name.startswith(f"{kind}:")), None)
