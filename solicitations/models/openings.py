"""Openings of regions and themes, and demands refused because a region is closed."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.db.models import Q

from experts.models import Subject, Theme
from territories.models import Commune, Region


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
    """A need that came where the service is closed: counted, without anything about the person."""

    region = models.ForeignKey(Region, on_delete=models.CASCADE, null=True, related_name="+")
    commune = models.ForeignKey(Commune, on_delete=models.PROTECT, related_name="+")
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.commune_id} {self.subject_id}"
