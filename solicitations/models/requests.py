"""A request of a company: its columns, what the database refuses, what changes it.

Longer than most modules: the columns and their indexes are read together.
"""

import secrets
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper

from experts.models import Institution, User
from experts.routing.engine import ApplicantFacts
from solicitations import lifecycle
from solicitations.lifecycle import ClosedReason, ContactWish, HeldReason, Labelled, NeedState, RequestState
from solicitations.models.request_querysets import (
    CLOSED_BY_STAFF,
    ENDED,
    LINK_LIFE_AFTER_END,
    NAMES,
    NOT_COUNTED,
    REFERENCE_ALPHABET,
    SolicitationQuerySet,
)
from solicitations.models.request_words import NOT_CONFIDENTIAL, REQUEST_WORDS
from territories.models import Commune, Region


def make_reference() -> str:
    """A reference that can be read out on the phone and not guessed, such as ``K7QP-3MWR``."""
    letters = [secrets.choice(REFERENCE_ALPHABET) for _ in range(8)]
    return "".join(letters[:4]) + "-" + "".join(letters[4:])


def applicant_name(company: str, *, is_project_holder: bool) -> str:
    """The applicant's name: the company, else the kind of applicant."""
    return company or ("Projet d'entreprise" if is_project_holder else "Entreprise")


class Solicitation(models.Model):
    """A request: one contact, one company or project, one place, one or several needs."""

    reference = models.CharField(max_length=9, unique=True, default=make_reference)
    state = models.CharField(max_length=12, choices=RequestState.choices(), default=RequestState.SUBMITTED)
    progress = models.CharField(max_length=12, choices=NeedState.choices(), default=NeedState.RECEIVED)
    held_reason = models.CharField(max_length=12, choices=HeldReason.choices(), blank=True)
    closed_reason = models.CharField(max_length=12, choices=ClosedReason.choices(), blank=True)

    commune = models.ForeignKey(Commune, on_delete=models.PROTECT, related_name="solicitations")
    region = models.ForeignKey(
        Region,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="solicitations",
        db_index=False,  # as everywhere here: where another index begins with the column
    )
    description = models.TextField()

    company_name = models.CharField(max_length=200, blank=True)
    siret = models.CharField(max_length=14, blank=True)
    naf = models.CharField(max_length=6, blank=True)
    legal_form = models.CharField(max_length=4, blank=True)
    headcount_min = models.PositiveIntegerField(null=True, blank=True)
    headcount_max = models.PositiveIntegerField(null=True, blank=True)
    craft = models.BooleanField(null=True, blank=True)
    company_created_on = models.DateField(null=True, blank=True)
    is_project_holder = models.BooleanField(default=False)
    company_closed_on = models.DateField(null=True, blank=True)
    # Where each known fact comes from: {"headcount": {"source": "register", "on": "2024-12-31"}}.
    fact_sources = models.JSONField(default=dict, blank=True)
    # The activity was asked for and not given: many experts are then no accident of an unknown.
    is_activity_refused = models.BooleanField(default=False)

    contact_name = models.CharField(max_length=120)
    phone = models.CharField(max_length=60)
    email = models.EmailField()
    callback_days = ArrayField(models.CharField(max_length=3), default=list, blank=True)
    callback_hours = ArrayField(models.CharField(max_length=12), default=list, blank=True)
    contact_wish = models.CharField(
        max_length=8,
        choices=ContactWish.choices(),
        default=ContactWish.CALL,
        db_default=ContactWish.CALL.value,
    )
    consent_version = models.CharField(max_length=20)
    consented_at = models.DateTimeField()
    unticked_institutions = models.ManyToManyField(Institution, blank=True, related_name="+")

    duplicate_of = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="duplicates"
    )
    # Confidential subjects are requests of their own, linked on the owner's page to the one sent with them.
    sent_with = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="companions"
    )
    is_confidential = models.BooleanField(default=False)
    is_fallback = models.BooleanField(default=False)

    submitted_at = models.DateTimeField()
    held_at = models.DateTimeField(null=True, blank=True)
    released_at = models.DateTimeField(null=True, blank=True)
    # The queue of routing: set while a routing is due, moved forward when one fails.
    routing_due_at = models.DateTimeField(null=True, blank=True)
    routing_error = models.CharField(max_length=200, blank=True)
    routed_at = models.DateTimeField(null=True, blank=True)
    # Set when a step of the clock failed: why, and when it is tried again.
    clock_error = models.CharField(max_length=200, blank=True, default="", db_default="")
    clock_retry_at = models.DateTimeField(null=True, blank=True)
    # When the sweep is to ask the planner again: at its next step, or earlier. Set to now by each change.
    clock_due_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    # The first outcome that stands; when the company was asked its opinion, or gave it.
    outcome_at = models.DateTimeField(null=True, blank=True)
    surveyed_at = models.DateTimeField(null=True, blank=True)

    # The colleague whose name staff put on the request, and since when.
    handled_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    handled_since = models.DateTimeField(null=True, blank=True)

    link_serial = models.PositiveIntegerField(default=1)
    link_extended_until = models.DateTimeField(null=True, blank=True)

    objects = SolicitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(**lifecycle.among("state", RequestState)), name="solicitation_state"
            ),
            models.CheckConstraint(
                condition=Q(**lifecycle.among("progress", NeedState)), name="solicitation_progress"
            ),
            models.CheckConstraint(
                condition=Q(**lifecycle.among("held_reason", HeldReason, or_empty=True)),
                name="solicitation_held_reason",
            ),
            models.CheckConstraint(
                condition=Q(**lifecycle.among("closed_reason", ClosedReason, or_empty=True)),
                name="solicitation_closed_reason",
            ),
            models.CheckConstraint(
                condition=Q(**lifecycle.among("contact_wish", ContactWish)), name="solicitation_contact_wish"
            ),
            models.CheckConstraint(
                condition=~Q(state=RequestState.HELD) | (Q(held_at__isnull=False) & ~Q(held_reason="")),
                name="solicitation_held_has_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[RequestState.SUBMITTED, RequestState.HELD], ended_at=None)
                | Q(state__in=[RequestState.CLOSED, RequestState.CANCELLED, RequestState.ANONYMISED])
                & Q(ended_at__isnull=False),
                name="solicitation_ended_iff_over",
            ),
            models.CheckConstraint(
                condition=~Q(state=RequestState.CLOSED) | ~Q(closed_reason=""),
                name="solicitation_closed_has_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(headcount_max=None)
                | (Q(headcount_min__isnull=False) & Q(headcount_max__gte=models.F("headcount_min"))),
                name="solicitation_headcount_order",
            ),
            models.CheckConstraint(
                condition=Q(siret="") | Q(siret__regex=r"^\d{14}$"), name="solicitation_siret"
            ),
            models.CheckConstraint(
                condition=~Q(is_project_holder=True) | Q(siret=""), name="solicitation_project_without_siret"
            ),
            models.CheckConstraint(
                condition=~Q(held_reason=HeldReason.DUPLICATE)
                | ~Q(state=RequestState.HELD)
                | Q(duplicate_of__isnull=False),
                name="solicitation_duplicate_of_another",
            ),
            models.CheckConstraint(
                condition=Q(handled_by=None, handled_since=None)
                | Q(handled_by__isnull=False, handled_since__isnull=False),
                name="solicitation_handled_since",
            ),
        ]
        indexes = [
            models.Index(fields=["region", "-submitted_at", "-id"], name="solicitation_region_recent"),
            models.Index(fields=["-submitted_at", "-id"], name="solicitation_recent"),
            # What staff's list shows, filters and counts: see ``showing``, ``uncovered`` and ``late``.
            models.Index(fields=["progress", "-submitted_at"], name="solicitation_progress_recent"),
            models.Index(
                fields=["region", "progress", "-submitted_at", "-id"], name="solicitation_region_progress"
            ),
            models.Index(
                fields=["progress", "-submitted_at", "-id"],
                name="solicitation_shown",
                condition=~Q(state=RequestState.HELD) & ~Q(closed_reason__in=CLOSED_BY_STAFF),
            ),
            models.Index(
                fields=["closed_reason", "-submitted_at", "-id"],
                name="solicitation_set_aside",
                condition=Q(closed_reason__in=CLOSED_BY_STAFF),
            ),
            # One region's are told apart in the index.
            models.Index(
                fields=["-submitted_at", "-id", "region"],
                name="solicitation_unreached",
                condition=Q(state=RequestState.SUBMITTED)
                & (Q(is_fallback=True) | Q(progress=NeedState.UNCOVERED)),
            ),
            # Found by its first digits, whatever the database's language.
            models.Index(
                fields=["siret"],
                name="solicitation_siret_idx",
                opclasses=["varchar_pattern_ops"],
                condition=~Q(siret=""),
            ),
            models.Index(Upper("email"), name="solicitation_email_idx"),
            models.Index(
                fields=["routing_due_at"],
                name="solicitation_unrouted",
                condition=Q(routing_due_at__isnull=False),
            ),
            models.Index(
                fields=["clock_due_at", "id"],
                name="solicitation_clock_due",
                condition=Q(clock_due_at__isnull=False),
            ),
            models.Index(
                fields=["submitted_at", "id", "region"],
                name="solicitation_under_way",
                condition=Q(state=RequestState.SUBMITTED),
            ),
            models.Index(fields=["ended_at"], name="solicitation_ended", condition=Q(state__in=ENDED)),
            models.Index(fields=["held_at"], name="solicitation_held", condition=Q(state=RequestState.HELD)),
            models.Index(
                fields=["handled_by", "-submitted_at", "-id"],
                name="solicitation_handled",
                condition=Q(handled_by__isnull=False),
            ),
            GinIndex(NAMES, name="solicitation_names"),
            GinIndex(REQUEST_WORDS, name="solicitation_words", condition=NOT_CONFIDENTIAL),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def time_zone(self) -> ZoneInfo:
        return self.commune.time_zone

    def today(self, now: datetime) -> date:
        """The date of a moment where the company is."""
        return now.astimezone(self.time_zone).date()

    @property
    def facts(self) -> ApplicantFacts:
        """The company's facts that routing uses; ``None`` where unknown."""
        headcount = None
        if self.headcount_min is not None:
            headcount = (self.headcount_min, self.headcount_max)
        return ApplicantFacts(
            headcount=headcount,
            naf=self.naf or None,
            legal_form=self.legal_form or None,
            craft=self.craft,
            created_on=self.company_created_on,
            project_holder=self.is_project_holder,
        )

    @property
    def is_over(self) -> bool:
        return self.ended_at is not None

    @property
    def is_cancelled(self) -> bool:
        return self.state in {RequestState.CANCELLED, RequestState.ANONYMISED}

    @property
    def refuses_answers(self) -> bool:
        """Cancelled or erased, spam, test or duplicate: nobody answers it, nothing more leaves."""
        return self.is_cancelled or self.closed_reason in NOT_COUNTED

    @property
    def is_held_duplicate(self) -> bool:
        return self.state == RequestState.HELD and self.held_reason == HeldReason.DUPLICATE

    def repeated_request(self) -> "Solicitation | None":
        """The request that this one repeats, when the same mailbox sent both."""
        first = self.duplicate_of
        return first if first and first.email.lower() == self.email.lower() else None

    def awaits_retry(self, *, now: datetime) -> bool:
        """True from a failure of its clock until the next try."""
        return self.clock_retry_at is not None and self.clock_retry_at > now

    @property
    def shown(self) -> Labelled:
        """The state shown in staff's lists: held, closed by staff, else the progress of its needs."""
        if self.state == RequestState.HELD:
            return RequestState.HELD
        if self.closed_reason in CLOSED_BY_STAFF:
            return ClosedReason(self.closed_reason)
        return NeedState(self.progress)

    @property
    def applicant(self) -> str:
        return applicant_name(self.company_name, is_project_holder=self.is_project_holder)

    @property
    def links_end_at(self) -> datetime | None:
        """Expiry of the links that were not reissued; ``None`` while the request is open."""
        return self.ended_at + LINK_LIFE_AFTER_END if self.ended_at else None

    @property
    def link_expires_at(self) -> datetime | None:
        """Expiry of the owner's link; ``None`` while the request is open."""
        end = self.links_end_at
        return max(end, self.link_extended_until) if end and self.link_extended_until else end

    def handle(self, by: User | None, *, at: datetime) -> None:
        """Put a colleague's name on the request, or none; saves nothing."""
        self.handled_by, self.handled_since = by, at if by else None

    def move_to(self, target: RequestState, *, at: datetime, reason: str = "") -> None:
        """Set the state, its reason and dates; saves nothing. Raises ``ForbiddenMove``."""
        lifecycle.check_request_move(RequestState(self.state), target)
        self.state = target
        self.ended_at = (
            None if target in {RequestState.SUBMITTED, RequestState.HELD} else (self.ended_at or at)
        )
        self.closed_reason = reason if target == RequestState.CLOSED else self.closed_reason
        if target == RequestState.HELD:
            self.held_at, self.held_reason, self.routing_due_at = at, reason, None
        if target == RequestState.SUBMITTED:
            self.closed_reason = ""
        if target in {RequestState.CLOSED, RequestState.CANCELLED}:
            self.routing_due_at = None
