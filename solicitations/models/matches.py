"""Mailboxes and matches: the experts of a request."""

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.fields.json import KT
from django.db.models.functions import Lower, Upper
from django.db.models.lookups import IsNull
from django.utils import timezone

from experts.models import Absence, Expert, Subject, User
from solicitations import lifecycle
from solicitations.lifecycle import DeclineReason, MatchOrigin, MatchState, NeedState
from solicitations.models.needs import Need
from solicitations.models.requests import Solicitation
from territories.models import Department

GONE = "N'est plus là"  # the comment of a match withdrawn because its expert is gone
ERASED = "efface-"  # with the row's number, in the place of an address that was erased


# Matches that the legal clock binds no more.
UNBOUND = (MatchState.DECLINED, MatchState.EXPIRED, MatchState.WITHDRAWN, MatchState.REPLACED)
# Matches of an expert who stands in for an absent one, as ``Chosen.as_json`` says it.
STANDS_IN = Q(IsNull(KT("reason__stand_in_for"), False))


TAKEN_STATES = (MatchState.TAKEN, MatchState.HELPED, MatchState.NO_HELP, MatchState.UNREACHABLE)
FOLLOWING = (MatchState.SENT, *TAKEN_STATES)


class MailboxQuerySet(models.QuerySet["Mailbox"]):
    def of(self, solicitation: Solicitation, email: str) -> Self:
        return self.filter(solicitation=solicitation, email__iexact=email)

    def at(self, address: str) -> Self:
        """The mailboxes of one person, over all requests."""
        return self.filter(email__iexact=address)

    def following(self) -> Self:
        """Mailboxes one of whose matches is sent, taken or was closed by its expert with an outcome."""
        return self._still_there(Match.objects.following())

    def who_took(self) -> Self:
        """Mailboxes that took a need, whatever came of it."""
        return self._still_there(Match.objects.filter(state__in=TAKEN_STATES))

    def of_institution(self, pk: int) -> Self:
        """Mailboxes of experts of that institution who still follow the request."""
        return self._still_there(Match.objects.following().filter(expert__office__institution=pk))

    def not_declined(self) -> Self:
        """Mailboxes still there that have not declined all, nor been withdrawn or replaced."""
        return self._still_there(Match.objects.live().exclude(state=MatchState.DECLINED))

    def _still_there(self, matches: "MatchQuerySet") -> Self:
        """Mailboxes that have one of these matches, and that not all their experts have left."""
        # No join: with one, DISTINCT would compare every column of the rows.
        return self.filter(Exists(matches.filter(mailbox=OuterRef("pk"))), left_at=None).order_by("pk")


class Mailbox(models.Model):
    """One expert mailbox within one request: the unit of mail, link, page and reminder."""

    solicitation = models.ForeignKey(
        Solicitation, on_delete=models.CASCADE, related_name="mailboxes", db_index=False
    )
    email = models.EmailField(max_length=500)
    round = models.PositiveSmallIntegerField(default=0)
    serial = models.PositiveIntegerField(default=1)
    revoked_at = models.DateTimeField(null=True, blank=True)
    extended_until = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    # Since when all its experts have been gone: no mail is sent to it.
    left_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    # The account through which it acts, for its events; None by the link of a mail.
    used_by: User | None = None

    objects = MailboxQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "mailboxes"
        constraints = [
            models.UniqueConstraint("solicitation", Lower("email"), name="mailbox_once_per_request"),
        ]
        indexes = [models.Index(Upper("email"), name="mailbox_address")]  # one person, over all requests

    def __str__(self) -> str:
        return f"{self.solicitation_id}:{self.email}"

    @property
    def is_erased(self) -> bool:
        return self.email.startswith(ERASED)

    def speaker(self, institution: int | None = None) -> Expert:
        """Return the expert who signs this mailbox's messages: of its posts, the first still there.

        ``institution``: among those of that institution.
        """
        rows = self.matches.select_related("expert__office__institution")
        return speaker_among(rows.filter(expert__office__institution=institution) if institution else rows)

    def serves(self, institution: int) -> bool:
        """Return ``True`` when a post of that institution follows the request here."""
        return Mailbox.objects.of_institution(institution).filter(pk=self.pk).exists()

    def serves_several_institutions(self) -> bool:
        """Return ``True`` when its posts that follow the request are of several institutions."""
        served = self.matches.following().order_by()
        return served.values("expert__office__institution").distinct().count() > 1

    def link_is_expired(self, *, now: datetime) -> bool:
        """Return ``True`` when the mailbox's link has expired. Needs ``solicitation`` loaded."""
        expiry = self.solicitation.links_end_at
        return expiry is not None and max(expiry, self.extended_until or expiry) <= now


def speaker_among(matches: "Iterable[Match]") -> Expert:
    """Return the expert who signs the messages of a mailbox with these matches. Raises ``DoesNotExist``."""

    def rank(match: "Match") -> tuple[bool, bool, float, int]:
        left_at = match.expert_left_at if match.state in FOLLOWING else None
        return (
            match.state not in FOLLOWING,
            left_at is not None,
            left_at.timestamp() if left_at else 0,
            match.pk,
        )

    first = min(matches, key=rank, default=None)
    if first is None:
        raise Expert.DoesNotExist
    return first.expert


class MatchQuerySet(models.QuerySet["Match"]):
    def active(self) -> Self:
        return self.filter(state__in=[MatchState.SENT, MatchState.TAKEN])

    def live(self) -> Self:
        return self.exclude(state__in=[MatchState.WITHDRAWN, MatchState.REPLACED])

    def to_reoffer(self, *, now: datetime) -> Self:
        """Active matches whose expert has gone, or is back, since ``expert_left_at`` was last written.

        Also those sent to an address that refuses our mails; those taken stay with their expert.
        """
        gone = Expert.objects.gone(timezone.localdate(now), now=now)
        has_left, is_known = Q(expert__in=gone.values("pk")), Q(expert_left_at__isnull=False)
        is_refused = Q(state=MatchState.SENT, expert__is_bouncing=True)
        return self.active().filter(has_left & ~is_known | ~has_left & is_known | is_refused)

    def to_give_back(self, today: date, *, now: datetime) -> Self:
        """Matches withdrawn as gone whose expert serves again, in the same office, of needs nobody took."""
        gone = Expert.objects.gone(today, now=now).values("pk")
        away = Absence.objects.filter(from_on__lte=today, to_on__gte=today).values("expert")
        rows = self._withdrawn_and_waiting().alias(asked=KT("reason__office"))
        return rows.filter(
            Q(asked=None) | Q(asked=F("expert__office__code")),
            need__solicitation__state=lifecycle.RequestState.SUBMITTED,
            expert__is_bouncing=False,
        ).exclude(Q(expert__in=gone) | Q(expert__in=away))

    def withdrawn_as_gone(self, expert_pk: int, *, since: datetime) -> Self:
        """Matches withdrawn since that moment because their expert was gone, of needs that nobody took."""
        return self._withdrawn_and_waiting().filter(expert=expert_pk, ended_at__gte=since)

    def withdrawn_since_departure(self) -> Self:
        """The same of any expert, since they left."""
        return self._withdrawn_and_waiting().filter(ended_at__gte=F("expert__left_at"))

    def _withdrawn_and_waiting(self) -> Self:
        states = [NeedState.WAITING, NeedState.UNCOVERED]
        return self.filter(state=MatchState.WITHDRAWN, comment=GONE, need__state__in=states)

    def following(self) -> Self:
        """Matches whose expert follows the request: sent, taken, or closed with an outcome."""
        return self.filter(state__in=FOLLOWING)

    def sent(self) -> Self:
        return self.filter(state=MatchState.SENT)

    def taken(self) -> Self:
        return self.filter(state=MatchState.TAKEN)

    def as_stand_in(self) -> Self:
        """Matches of experts who stand in for an absent one."""
        return self.filter(STANDS_IN)

    def with_outcome(self) -> Self:
        return self.filter(state__in=lifecycle.OUTCOMES)

    def handed_over(self, by: Collection["Match"], *, at: datetime) -> Self:
        """Filter the matches made when these matches were handed over at that moment."""
        return self.filter(introduced_by__in=by, origin=MatchOrigin.HAND_OVER, sent_at=at)

    def with_people(self) -> Self:
        return self.select_related(
            "need__subject",
            "expert__office__institution",
            "mailbox__solicitation__commune__department",
            "introduced_by__expert__office",
        )

    def in_order(self) -> Self:
        return self.order_by("need__position", "pk")


def person_name(expert: str, *, taken_by: str) -> str:
    """The name that pages and mails show: the first name given when taking, then the expert's."""
    is_said = taken_by.lower() in expert.lower().split()
    return f"{taken_by}, {expert}" if taken_by and not is_said else expert


class Match(models.Model):
    """One need sent to one expert."""

    need = models.ForeignKey(Need, on_delete=models.CASCADE, related_name="matches", db_index=False)
    expert = models.ForeignKey(Expert, on_delete=models.PROTECT, related_name="matches", db_index=False)
    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="matches")
    state = models.CharField(max_length=12, choices=MatchState.choices(), default=MatchState.SENT)
    origin = models.CharField(max_length=10, choices=MatchOrigin.choices(), default=MatchOrigin.ROUTING)
    # Why this expert, as ``Chosen.as_json`` gives it: area that matched, criteria, stand-in.
    reason = models.JSONField(default=dict, blank=True)
    sent_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    decline_reason = models.CharField(max_length=15, choices=DeclineReason.choices(), blank=True)
    # Typed with the last move: a refusal's reason, an outcome.
    comment = models.TextField(blank=True, db_column="words")
    answer = models.TextField(blank=True)  # what was answered to a labour-law question
    answered_at = models.DateTimeField(null=True, blank=True)  # its first answer, helped or no solution
    # Since when the expert of a need in progress has been gone: staff and the company know.
    expert_left_at = models.DateTimeField(null=True, blank=True)
    # Since when the stand-in of an absent expert has been asked too: once.
    stand_in_asked_at = models.DateTimeField(null=True, blank=True)
    # First name of the person who took it, when given: several people may share the mailbox.
    taken_by = models.CharField(max_length=40, blank=True, default="", db_default="")
    # The match whose expert handed this need over or asked for help.
    introduced_by = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="introduces"
    )
    # What lists filter by and show, of need and request: written by triggers alone (``0026_match_filters``).
    subject = models.ForeignKey(
        Subject,
        models.DO_NOTHING,
        null=True,
        editable=False,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    department = models.ForeignKey(
        Department,
        models.DO_NOTHING,
        null=True,
        editable=False,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )

    objects = MatchQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "matches"
        constraints = [
            models.UniqueConstraint(fields=["need", "expert"], name="match_once_per_need_and_expert"),
            models.CheckConstraint(condition=Q(**lifecycle.among("state", MatchState)), name="match_state"),
            models.CheckConstraint(
                condition=Q(**lifecycle.among("origin", MatchOrigin)), name="match_origin"
            ),
            models.CheckConstraint(
                condition=Q(state__in=[MatchState.SENT, MatchState.TAKEN], ended_at=None)
                | ~Q(state__in=[MatchState.SENT, MatchState.TAKEN]) & Q(ended_at__isnull=False),
                name="match_ended_iff_not_active",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[*TAKEN_STATES]) | Q(taken_at__isnull=False),
                name="match_taken_has_a_date",
            ),
            models.CheckConstraint(
                condition=~Q(state=MatchState.SENT) | Q(taken_at=None), name="match_sent_is_not_taken"
            ),
            models.CheckConstraint(
                condition=Q(state=MatchState.DECLINED) & Q(**lifecycle.among("decline_reason", DeclineReason))
                | ~Q(state=MatchState.DECLINED) & Q(decline_reason=""),
                name="match_declined_iff_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "sent_at"], name="match_state_sent"),
            # An expert's inbox: its counters, its filters and its order are read in the index alone.
            models.Index(
                fields=["expert", "state", "sent_at", "id"],
                include=["subject", "department"],
                name="match_filters",
            ),
            models.Index(
                fields=["expert", "state", "sent_at", "id"], name="match_stand_in", condition=STANDS_IN
            ),
        ]

    def __str__(self) -> str:
        return f"{self.need_id}→{self.expert_id} ({self.state})"

    @property
    def is_gone(self) -> bool:
        """Withdrawn or replaced: its expert gets a sentence only, and may be brought in again."""
        return self.state in lifecycle.NOT_LIVE

    @property
    def has_written_answer(self) -> bool:
        """True when the company was answered in writing, which stops the legal clock."""
        return self.answered_at is not None and bool(self.answer)

    @property
    def is_on_the_legal_clock(self) -> bool:
        """True when the law binds the match's institution to answer; see ``bound_by_legal_clock``."""
        if not self.need.is_on_the_legal_clock:
            return False
        if self.expert.office.institution.is_legal_information:
            return True
        services = Match.objects.filter(
            need=self.need_id, expert__office__institution__is_legal_information=True
        )
        return not services.exclude(state__in=UNBOUND).exists()

    @property
    def person(self) -> str:
        return person_name(self.expert.name, taken_by=self.taken_by)

    def move_to(
        self,
        target: MatchState,
        *,
        at: datetime,
        decline_reason: str = "",
        comment: str = "",
        answer: str = "",
    ) -> None:
        """Set the state and its dates; saves nothing. Raises ``ForbiddenMove``."""
        lifecycle.check_move(MatchState(self.state), target)
        self._enter(target, at=at)
        self.decline_reason, self.comment = decline_reason, comment
        self.answer = answer or self.answer
        if target == MatchState.TAKEN:
            self.taken_at = at  # taken again: its delays restart
        if target in lifecycle.ANSWERED_STATES:
            self.answered_at = self.answered_at or at

    def undo_to(self, earlier: MatchState, *, moved_at: datetime, at: datetime, answer: str) -> None:
        """Go back to the state before the move of ``moved_at``; saves nothing. Raises ``ForbiddenMove``.

        ``answer``: what had been answered before that move.
        """
        lifecycle.check_undo(MatchState(self.state), earlier)
        if self.state in lifecycle.ANSWERED_STATES and self.answer:
            self.answer = answer
        if self.answered_at == moved_at:
            self.answered_at = None
        self._enter(earlier, at=at)
        if earlier == MatchState.EXPIRED and self.taken_at == moved_at:
            self.taken_at = None
        self.decline_reason, self.comment = "", ""

    def _enter(self, state: MatchState, *, at: datetime) -> None:
        self.state = state
        self.ended_at = None if state in lifecycle.ACTIVE else at
        if state == MatchState.SENT:
            self.taken_at, self.taken_by = None, ""
        elif state in TAKEN_STATES:
            self.taken_at = self.taken_at or at


def bound_by_legal_clock(matches: Iterable[Match]) -> list[Match]:
    """The matches, among those of a need, that are bound by the legal clock (code du travail, L. 5143-1).

    These are the matches of the services whose trade is to answer on labour law; all of them when the need
    has no such service. Needs ``with_people``.
    """
    live = [match for match in matches if match.state not in UNBOUND]
    services = [match for match in live if match.expert.office.institution.is_legal_information]
    return services or live
