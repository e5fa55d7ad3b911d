"""Events and messages of a request."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from experts.models import Institution, User
from mailing.models import IncomingEmail
from solicitations import lifecycle
from solicitations.lifecycle import EventKind
from solicitations.models.matches import Mailbox, Match
from solicitations.models.request_words import MESSAGE_WORDS
from solicitations.models.requests import Solicitation

WITHDRAWAL_DELAY = timedelta(minutes=15)  # a message may be withdrawn by its author as long as this


class EventQuerySet(models.QuerySet["Event"]):
    def record(
        self,
        kind: EventKind,
        solicitation: Solicitation,
        *,
        at: datetime,
        by: User | Mailbox | Solicitation | None = None,
        match: Match | None = None,
        reason: str = "",
    ) -> "Event":
        """Record what happened to a request. ``by``: ``None`` is the portal, the request is its company."""
        return self.create(
            kind=kind, solicitation=solicitation, match=match, reason=reason, at=at, **_author(by)
        )

    def record_move(
        self,
        match: Match,
        before: str,
        *,
        at: datetime,
        by: User | Mailbox | None = None,
        kind: EventKind = EventKind.MOVED,
        reason: str = "",
    ) -> "Event":
        """Record that a match went from the state ``before`` to the one it has now."""
        return self.create(
            kind=kind,
            solicitation_id=match.mailbox.solicitation_id,
            match=match,
            from_state=before,
            to_state=match.state,
            reason=reason,
            at=at,
            **_author(by),
        )

    def moves(self) -> Self:
        return self.filter(kind__in=[EventKind.MOVED, EventKind.HANDED_OVER])

    def by_people(self) -> Self:
        """Exclude the clock's events: an answer can still be undone after a reminder."""
        return self.exclude(kind__in=lifecycle.CLOCK_EVENTS)

    def not_undone(self) -> "list[Event]":
        """Return the moves of one match that were not undone, in order."""
        kinds = [EventKind.MOVED, EventKind.HANDED_OVER, EventKind.UNDONE]
        found: list[Event] = []
        for event in self.filter(kind__in=kinds).in_order():
            if event.kind != EventKind.UNDONE:
                found.append(event)
            elif found:
                found.pop()
        return found

    def in_order(self) -> Self:
        return self.order_by("at", "pk")


def last_event(match: Match) -> "Event | None":
    """The last event of a match; of its loaded ``events``, when they are."""
    return _latest(match.events.all())


def last_act(match: Match) -> "Event | None":
    """The same without the clock's events: an answer can still be undone after a reminder."""
    return _latest(event for event in match.events.all() if event.kind not in lifecycle.CLOCK_EVENTS)


def _latest(events: "Iterable[Event]") -> "Event | None":
    return max(events, key=lambda event: (event.at, event.pk), default=None)


def _author(by: User | Mailbox | Solicitation | None) -> dict[str, Any]:
    """The columns that say who did it: for a mailbox, also the account whose hand pressed, if any."""
    if isinstance(by, Solicitation):
        return {"is_by_company": True}
    return {"by_mailbox": by, "by_user": by.used_by} if isinstance(by, Mailbox) else {"by_user": by}


class Event(models.Model):
    """An event of a request: who, from which state to which, when, why. Never changed, never deleted."""

    solicitation = models.ForeignKey(
        Solicitation, on_delete=models.CASCADE, related_name="events", db_index=False
    )
    match = models.ForeignKey(
        Match, on_delete=models.CASCADE, null=True, blank=True, related_name="events", db_index=False
    )
    kind = models.CharField(max_length=20, choices=EventKind.choices())
    by_user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    by_mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    is_by_company = models.BooleanField(default=False)
    from_state = models.CharField(max_length=12, blank=True)
    to_state = models.CharField(max_length=12, blank=True)
    reason = models.TextField(blank=True)
    at = models.DateTimeField()

    objects = EventQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(**lifecycle.among("kind", EventKind)), name="event_kind"),
            models.CheckConstraint(
                condition=Q(is_by_company=False) | Q(by_user=None, by_mailbox=None),
                name="event_by_company_alone",
            ),
        ]
        indexes = [
            models.Index(fields=["solicitation", "at"], name="event_of_request"),
            # Read by the clock, for the steps done already.
            models.Index(fields=["match", "kind"], name="event_of_match"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M}"


@dataclass(frozen=True)
class OfficeManager:
    """A manager of offices that have a part in a request, who writes to their institution in her name."""

    user: User
    institution: Institution
    solicitation: Solicitation

    @property
    def email(self) -> str:
        return self.user.email


class MailedText(models.Model):
    """A text that may have come as a mail, and that its author may withdraw: its words are erased then."""

    incoming = models.ForeignKey(
        IncomingEmail, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # Set when it is not the address that we wrote to.
    sent_from = models.CharField(max_length=254, blank=True, default="", db_default="")
    # Names of the files that came with it, which are held back.
    attachments = ArrayField(models.CharField(max_length=200), default=list, db_default=[], blank=True)

    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    def withdraw(self, *, at: datetime) -> None:
        """Erase the words: what shows in their place is that they were withdrawn. Saves nothing."""
        self.body, self.attachments, self.withdrawn_at = "", [], at

    @property
    def held_back(self) -> str:
        """« 2 pièces jointes retenues : plan.pdf, devis.doc »; empty without any."""
        count = len(self.attachments)
        kind = "pièces jointes retenues" if count > 1 else "pièce jointe retenue"
        return f"{count} {kind} : {', '.join(self.attachments)}" if count else ""

    @property
    def origin(self) -> str:
        """Sentences on the mail's sender and withheld attachments; empty for a text typed on a page."""
        if self.incoming_id is None or self.withdrawn_at:
            return ""
        came = f"Envoyé depuis {self.sent_from}." if self.sent_from else "Reçu par courriel."
        return f"{came} {self.held_back}." if self.attachments else came


class Message(MailedText):
    """A message of an expert to the other experts of the request."""

    solicitation = models.ForeignKey(Solicitation, on_delete=models.CASCADE, related_name="messages")
    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="messages")
    author = models.CharField(max_length=200)
    institution = models.CharField(max_length=200)
    body = models.TextField()
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["solicitation", "at"], name="message_of_request"),
            GinIndex(MESSAGE_WORDS, name="message_words"),
        ]

    def __str__(self) -> str:
        return f"{self.author}, {self.at:%Y-%m-%d %H:%M}"


class InternalMessage(MailedText):
    """A message within an institution, for its people in the request and the managers of their offices.

    Its own table, so that no page, mail or older version of the portal takes it for a message to the experts.
    """

    solicitation = models.ForeignKey(
        Solicitation, on_delete=models.CASCADE, related_name="internal_messages", db_index=False
    )
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    # The expert's mailbox; None for a manager, who writes in her own name.
    mailbox = models.ForeignKey(
        Mailbox, on_delete=models.CASCADE, null=True, blank=True, related_name="internal_messages"
    )
    by_user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    author = models.CharField(max_length=200)
    body = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(mailbox__isnull=False) | Q(by_user__isnull=False),
                name="internal_message_has_an_author",
            )
        ]
        indexes = [models.Index(fields=["solicitation", "at"], name="internal_message_of_request")]

    def __str__(self) -> str:
        return f"{self.author}, {self.at:%Y-%m-%d %H:%M}"


class Question(MailedText):
    """A message of an expert to the company, often a question."""

    solicitation = models.ForeignKey(Solicitation, on_delete=models.CASCADE, related_name="questions")
    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="questions")
    author = models.CharField(max_length=200)
    institution = models.CharField(max_length=200)
    body = models.TextField()
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.author}, {self.asked_at:%Y-%m-%d %H:%M}"

    @property
    def at(self) -> datetime:
        return self.asked_at

    @property
    def is_waiting(self) -> bool:
        """True until the company has written, or its author has withdrawn it."""
        return self.answered_at is None and self.withdrawn_at is None


class Addition(MailedText):
    """A text of the company after sending; it never enters the experts' thread.

    With ``question``, the answer to it, for its author and the experts who took a need. Without, for all.
    """

    solicitation = models.ForeignKey(Solicitation, on_delete=models.CASCADE, related_name="additions")
    question = models.ForeignKey(
        Question, on_delete=models.CASCADE, null=True, blank=True, related_name="answers"
    )
    body = models.TextField()
    at = models.DateTimeField()

    class Meta:
        indexes = [GinIndex(MESSAGE_WORDS, name="addition_words")]

    def __str__(self) -> str:
        return f"{self.solicitation_id}, {self.at:%Y-%m-%d %H:%M}"


Text = Message | InternalMessage | Question | Addition
