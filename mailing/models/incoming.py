"""Incoming mails: one row per mail, with its raw message and the outcome of reading it."""

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
# Time left to a worker before the sweep handles a new row.
SWEEP_GRACE_PERIOD = timedelta(minutes=1)


MAX_ADDRESS_LENGTH = 254  # of RFC 5321
# The fields changed by reading a mail; its content is never changed.
RESOLVED_FIELDS = ("state", "reason", "about", "text_digest", "settled_at", "last_error")


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
    """The reason why a mail was held or refused."""

    OTHER_SENDER = "other_sender", "Envoyé depuis une autre adresse que celle à qui nous avons écrit"
    UNKNOWN = "unknown", "L'adresse ne désigne aucune demande"
    FORGED = "forged", "L'adresse n'est pas de nous : sa signature est fausse"
    EXPIRED = "expired", "L'adresse n'a plus cours"
    CLOSED = "closed", "La demande n'accepte plus de message de cette personne"
    EMPTY = "empty", "Aucun texte, une fois les citations ôtées"
    SEVERAL = "several", "Cette boîte sert plusieurs institutions : laquelle lirait ces mots ?"
    OVERSIZED = "oversized", "Trop long ou trop lourd"
    DUPLICATE = "duplicate", "Reçu une seconde fois"
    AUTO_REPLY = "auto_reply", "Réponse automatique"
    OUT_OF_OFFICE = "out_of_office", "Réponse d'absence"
    BOUNCE = "bounce", "Avis d'un serveur de messagerie"
    LIST = "list", "Envoi en nombre ou liste de diffusion"
    CALENDAR = "calendar", "Réponse à une invitation d'agenda"
    DOUBTFUL = "doubtful", "Peut-être une réponse automatique"
    REPEATED = "repeated", "Presque le même texte que les précédents, coup sur coup"
    ELSEWHERE = "elsewhere", "Le même courriel répond à une autre demande, où il est publié"
    FLOOD = "flood", "Trop de courriels en peu de temps"
    LOOP = "loop", "Écrit par le portail lui-même"
    SET_ASIDE = "set_aside", "Écarté par l'équipe"


# Refused as automatic, perhaps by mistake: staff may publish the mail all the same.
MAYBE_FROM_A_PERSON = (Reason.AUTO_REPLY, Reason.OUT_OF_OFFICE, Reason.LIST, Reason.CALENDAR)
REVERSIBLE = (*MAYBE_FROM_A_PERSON, Reason.SET_ASIDE)


class IncomingEmailQuerySet(models.QuerySet["IncomingEmail"]):
    def unread(self) -> Self:
        return self.filter(state=IncomingState.RECEIVED)

    def for_sweep(self, *, now: datetime) -> Self:
        """Unread mails that no worker has read, or whose next try is due."""
        due = self.unread().filter(next_try_at__lte=now, received_at__lte=now - SWEEP_GRACE_PERIOD)
        return due.order_by("next_try_at", "pk")

    def accepted(self) -> Self:
        return self.filter(state=IncomingState.ACCEPTED)

    def held(self) -> Self:
        return self.filter(state=IncomingState.HELD)

    def refused_as_automatic(self) -> Self:
        """Mails to a valid address refused as automatic; staff may publish them."""
        return self.filter(state=IncomingState.REFUSED, reason__in=MAYBE_FROM_A_PERSON).exclude(about=[])

    def copies_of(self, email: "IncomingEmail") -> Self:
        """The other mails with the same Message-ID and text that were published or held."""
        known = self.filter(state__in=[IncomingState.ACCEPTED, IncomingState.HELD]).exclude(pk=email.pk)
        return known.filter(message_id=email.message_id, text_digest=email.text_digest)

    def about(self, subject: str) -> Self:
        """The mails about one subject, such as "request:7"."""
        return self.filter(about__contains=[subject])

    def in_voice_of(self, email: "IncomingEmail") -> Self:
        """The mails of the same conversation: their "voice:…" is the same, or they have none."""
        voices = list(filter(is_voice, email.about))
        if voices:
            return self.filter(about__contains=voices)
        subjects = self.values_list("pk", "about")
        return self.exclude(pk__in=[pk for pk, names in subjects if any(map(is_voice, names))])

    def newest_first(self) -> Self:
        return self.order_by("-received_at", "-pk")

    def received_until(self, moment: datetime) -> Self:
        """Mails received until that moment, except those already erased."""
        return self.filter(received_at__lte=moment).exclude(raw=b"")

    def erase(self, *, now: datetime) -> None:
        """Erase sender and content of these mails; held or unread ones are refused. Dates are kept."""
        waiting = self.filter(state__in=[IncomingState.RECEIVED, IncomingState.HELD])
        waiting.update(state=IncomingState.REFUSED, reason=Reason.CLOSED, settled_at=now)
        self.update(
            message_id=Concat(Value("erased:"), Cast("pk", models.CharField())),
            sender="",
            recipient="",
            subject="",
            text_digest="",
            raw=b"",
            last_error="",
        )


class IncomingEmail(models.Model):
    """An incoming mail, its raw message and the outcome of reading it."""

    channel = models.CharField("canal", max_length=10, choices=Channel)
    message_id = models.CharField("Message-ID", max_length=500)
    sender = models.CharField("expéditeur", max_length=MAX_ADDRESS_LENGTH, blank=True)
    recipient = models.CharField("destinataire", max_length=MAX_ADDRESS_LENGTH, blank=True)
    subject = models.CharField("objet", max_length=500, blank=True)
    raw = models.BinaryField("message d’origine")
    # Of the author's text, once read.
    text_digest = models.CharField("empreinte du texte", max_length=64, blank=True, default="", db_default="")
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
            # Some programs give several mails one Message-ID: a copy has the same text too.
            models.UniqueConstraint(
                fields=["message_id", "recipient", "text_digest"],
                condition=Q(state__in=[IncomingState.ACCEPTED, IncomingState.HELD]),
                name="incoming_email_same_text_once",
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
        """The label of the reason; empty without one."""
        return str(Reason(self.reason).label) if self.reason in Reason.values else ""

    @property
    def may_be_published(self) -> bool:
        """True when staff may still publish the mail."""
        is_reversible = self.state == IncomingState.REFUSED and self.reason in REVERSIBLE
        return bool(self.about) and (self.state == IncomingState.HELD or is_reversible)

    @property
    def is_held(self) -> bool:
        return self.state == IncomingState.HELD

    def resolve(self, state: IncomingState, *, reason: str = "", at: datetime) -> None:
        """Set the outcome of reading the mail; saves nothing."""
        self.state, self.reason, self.settled_at = state, reason, at
        self.last_error = ""

    def postpone(self, error: str, *, at: datetime) -> None:
        """Set the next try after as long as the mail has waited already, one hour at most; saves nothing."""
        self.last_error = error[:500]
        self.next_try_at = at + min(max(at - self.received_at, SOONEST_RETRY), LATEST_RETRY)


def is_voice(subject: str) -> bool:
    """True for the name of the conversation that a mail is for, such as "voice:company"."""
    return subject.startswith("voice:")


def id_in(about: Sequence[str], kind: str) -> int | None:
    """The id of the first subject of this kind: 7 for "request" in ``["request:7", "mailbox:31"]``."""
    return next((int(name.partition(":")[2]) for name in about if name.startswith(f"{kind}:")), None)
