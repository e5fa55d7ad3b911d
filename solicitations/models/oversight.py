"""Alerts, openings of regions and themes, and demands refused because a region is closed."""

from datetime import datetime
from typing import Self
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.db.models import Case, Q, When

from experts.models import Subject, Theme
from solicitations import lifecycle
from solicitations.lifecycle import AlertCause
from solicitations.models.requests import Solicitation
from territories.models import Commune, Region


class AlertQuerySet(models.QuerySet["Alert"]):
    def standing(self) -> Self:
        return self.filter(settled_at=None)

    def urgent_first(self) -> Self:
        """Nobody to send to, then held, then the rest; the oldest first."""
        ranks = Case(When(cause=AlertCause.NOBODY, then=0), When(cause=AlertCause.HELD, then=1), default=2)
        return self.order_by(ranks, "raised_at", "pk")


class Alert(models.Model):
    """Something staff must look at: one row, and one mail, per request and cause."""

    solicitation = models.ForeignKey(
        Solicitation, on_delete=models.CASCADE, related_name="alerts", db_index=False
    )
    cause = models.CharField(max_length=15, choices=AlertCause.choices())
    words = models.TextField(blank=True)
    raised_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)

    objects = AlertQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["solicitation", "cause"], name="alert_once_per_cause"),
            models.CheckConstraint(condition=Q(**lifecycle.among("cause", AlertCause)), name="alert_cause"),
        ]
        indexes = [models.Index(fields=["raised_at"], name="alert_standing", condition=Q(settled_at=None))]

    def __str__(self) -> str:
        return f"{self.solicitation_id}: {self.cause}"


class OpeningQuerySet(models.QuerySet["Opening"]):
    def closing(self, region: Region | None, theme: Theme | None, *, now: datetime) -> "Opening | None":
        """The row that closes this theme in this region, the region's own first; ``None`` when open."""
        if region is None:
            return None
        rows = self.filter(Q(theme=None) | Q(theme=theme), region=region).order_by("theme_id", "pk")
        return next((row for row in rows if not row.is_open_on(now)), None)


class Opening(models.Model):
    """Opening of a region, or of a theme in a region; without a row it is open."""

    region = models.ForeignKey(
        Region, on_delete=models.CASCADE, verbose_name="région", related_name="openings"
    )
    theme = models.ForeignKey(
        Theme, on_delete=models.CASCADE, verbose_name="thème", null=True, blank=True, related_name="+"
    )
    is_open = models.BooleanField("ouvert", default=True)
    opens_on = models.DateField("ouvre le", null=True, blank=True)
    explanation = models.CharField("explication", max_length=500, blank=True)

    objects = OpeningQuerySet.as_manager()

    class Meta:
        verbose_name = "ouverture"
        constraints = [
            models.UniqueConstraint(fields=["region", "theme"], name="opening_once", nulls_distinct=False),
        ]

    def __str__(self) -> str:
        return f"{self.region}, {self.theme or 'tous les thèmes'}"

    def is_open_on(self, now: datetime) -> bool:
        """Open by its flag, from its opening date on when it has one."""
        today = now.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
        return self.is_open and (self.opens_on is None or self.opens_on <= today)


class MissedDemand(models.Model):
    """A need that came where the service is closed: counted, without a word about who."""

    region = models.ForeignKey(Region, on_delete=models.CASCADE, null=True, related_name="+")
    commune = models.ForeignKey(Commune, on_delete=models.PROTECT, related_name="+")
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.commune_id} {self.subject_id}"
