"""Access to accounts: invitations to a seat or a role, and the log of sign-ins and rights."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from experts.models.accounts import User
from experts.models.experts import Expert
from experts.models.offices import Office
from territories.models import Region


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Queries on invitations."""

    def pending(self) -> Self:
        """Invitations neither accepted nor taken back, expired ones included."""
        return self.filter(accepted_at__isnull=True, withdrawn_at__isnull=True)

    def open(self, *, now: datetime) -> Self:
        """Invitations that may be accepted."""
        return self.pending().filter(expires_at__gt=now)

    def to(self, email: str) -> Self:
        """Invitations sent to an address, whatever its case."""
        return self.filter(email__iexact=email)


class Invitation(models.Model):
    """An offer to a person: manage an office, answer at a post, or run a region.

    It is accepted by whoever signs in with its address, as long as its author still may give what it offers.
    """

    email = models.EmailField("adresse électronique", max_length=254)
    name = models.CharField("nom", max_length=200)
    office = models.ForeignKey(
        Office, on_delete=models.CASCADE, null=True, blank=True, related_name="invitations"
    )
    expert = models.ForeignKey(
        Expert, on_delete=models.CASCADE, null=True, blank=True, related_name="invitations"
    )
    region = models.ForeignKey(
        Region, on_delete=models.CASCADE, null=True, blank=True, related_name="invitations"
    )
    invited_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    serial = models.PositiveIntegerField(default=1)  # of the mail: a new one replaces the link of the others
    sent_at = models.DateTimeField("envoyée le")
    expires_at = models.DateTimeField("expire le")
    accepted_at = models.DateTimeField("acceptée le", null=True, blank=True)
    withdrawn_at = models.DateTimeField("reprise le", null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = "invitation"
        constraints = [
            models.CheckConstraint(
                condition=Q(office__isnull=False, expert__isnull=True, region__isnull=True)
                | Q(office__isnull=True, expert__isnull=False, region__isnull=True)
                | Q(office__isnull=True, expert__isnull=True, region__isnull=False),
                name="invitation_to_one_thing",
            ),
            models.UniqueConstraint(
                Lower("email"),
                "office",
                "expert",
                "region",
                condition=Q(accepted_at__isnull=True, withdrawn_at__isnull=True),
                nulls_distinct=False,
                name="invitation_pending_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} : {self.office or self.expert or self.region}"


class AccessQuerySet(models.QuerySet["AccessRecord"]):
    """Queries on the access log."""

    def latest_first(self) -> Self:
        """Records in order, the latest first."""
        return self.select_related("user", "by").order_by("-at", "-pk")


class AccessRecord(models.Model):
    """A line of the access log: a sign-in or its failure, a factor, a seat, an export.

    ``user`` is the account it is about, ``by`` whoever did it to somebody else's account.
    """

    class Kind(models.TextChoices):
        SIGNED_IN = "signed_in", "Connexion"
        CODE_REFUSED = "code_refused", "Code de connexion refusé"
        PROCONNECT_REFUSED = "proconnect_refused", "Connexion par ProConnect refusée"
        FACTOR_REFUSED = "factor_refused", "Second facteur refusé"
        SESSION_CLOSED = "session_closed", "Session fermée"
        FACTOR_ADDED = "factor_added", "Second facteur enregistré"
        FACTOR_REMOVED = "factor_removed", "Second facteur retiré"
        RECOVERY_CODES = "recovery_codes", "Nouveaux codes de secours"
        FACTOR_RESET = "factor_reset", "Second facteur effacé par l'équipe"
        INVITED = "invited", "Invitation envoyée"
        INVITATION_WITHDRAWN = "invitation_withdrawn", "Invitation reprise"
        SEAT_GIVEN = "seat_given", "Place donnée"
        SEAT_ENDED = "seat_ended", "Place retirée"
        ROLE_CHANGED = "role_changed", "Rôle donné ou changé"
        EXPORTED = "exported", "Export"

    user = models.ForeignKey(
        User, on_delete=models.CASCADE, null=True, blank=True, related_name="access_records"
    )
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    kind = models.CharField(max_length=30, choices=Kind.choices)
    details = models.CharField(max_length=500, blank=True, db_column="words")
    network = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField(db_index=True)

    objects = AccessQuerySet.as_manager()

    class Meta:
        verbose_name = "ligne du journal des accès"
        indexes = [models.Index(fields=["user", "-at"], name="access_of_user")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.user})"


class AccountSession(models.Model):
    """A session that was opened by a sign-in, so that its owner sees and closes it."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sessions")
    session_key = models.CharField(max_length=40, unique=True)
    network = models.CharField(max_length=64, blank=True)
    device = models.CharField(max_length=100, blank=True)
    opened_at = models.DateTimeField("ouverte le")

    class Meta:
        verbose_name = "session"

    def __str__(self) -> str:
        return f"{self.user}, {self.device}"
