"""Openings of regions and themes, and demands refused because a region is closed."""

from datetime import date, datetime

from django.db import models
from django.db.models import Count, F, Q, prefetch_related_objects

from experts.models import Subject, Theme
from mailing.prepared_queries import PreparedQuery
from territories.models import Commune, Region
from territories.time_zones import region_time_zone


class OpeningQuerySet(models.QuerySet["Opening"]):
    @staticmethod
    def closed_in(region: Region | None, *, now: datetime) -> dict[int | None, "Opening"]:
        """The rows that close something in this region, by theme; ``None`` is the key of the whole region."""
        rows = _OF_REGION.rows(region=region.pk) if region else []
        closed: list[Opening] = [row for row in rows if not row.is_open_on(now)]
        prefetch_related_objects(closed, "theme")  # nearly always there is none
        closed.sort(key=lambda row: row.theme.position if row.theme else 0)
        for row in closed:
            row.reopens_on = row.next_opening(now)
        return {row.theme_id: row for row in closed}

    def closed_regions(self, *, now: datetime) -> list[str]:
        """Codes of the regions that are closed as a whole."""
        rows = self.filter(theme=None).order_by("region_id")
        return [row.region_id for row in rows if not row.is_open_on(now)]


_OF_REGION = PreparedQuery(lambda region: Opening.objects.filter(region=region).order_by("pk"))


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
    closes_on = models.DateField("premier jour de fermeture", null=True, blank=True)
    explanation = models.CharField("explication", max_length=500, blank=True)

    objects = OpeningQuerySet.as_manager()

    reopens_on: date | None = None  # set by ``closed_in``

    class Meta:
        verbose_name = "ouverture"
        constraints = [
            models.UniqueConstraint(fields=["region", "theme"], name="opening_once", nulls_distinct=False),
            models.CheckConstraint(
                condition=Q(opens_on__isnull=True) | Q(closes_on__isnull=True) | ~Q(opens_on=F("closes_on")),
                name="opening_not_the_closing_day",
                violation_error_message="L'ouverture et la fermeture sont le même jour.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.region}, {self.theme or 'tous les thèmes'}"

    def is_open_on(self, now: datetime) -> bool:
        """Open by its flag, from its opening date to its closing date, the first closed day.

        Days begin at midnight in the region. A closing before the opening is a break: closed from one to the
        other.
        """
        today = self._today(now)
        is_opened = self.opens_on is None or self.opens_on <= today
        is_closed = self.closes_on is not None and self.closes_on <= today
        if self.opens_on and self.closes_on and self.closes_on < self.opens_on:
            return self.is_open and (is_opened or not is_closed)
        return self.is_open and is_opened and not is_closed

    def next_opening(self, now: datetime) -> date | None:
        """The day it opens, when that day is to come."""
        return self.opens_on if self.is_open and self.opens_on and self.opens_on > self._today(now) else None

    def _today(self, now: datetime) -> date:
        return now.astimezone(region_time_zone(self.region_id)).date()


class MissedDemandQuerySet(models.QuerySet["MissedDemand"]):
    def by_subject(self, region: Region, *, since: datetime) -> list[tuple[Subject, int, int]]:
        """Each subject asked while it was closed in this region: needs since a moment, and in all."""
        counted = self.filter(region=region).values("subject").order_by("subject")
        recent = Count("pk", filter=Q(at__gte=since))
        rows = {row["subject"]: row for row in counted.annotate(recent=recent, total=Count("pk"))}
        subjects = Subject.objects.filter(pk__in=rows).select_related("theme")
        found = [(subject, rows[subject.pk]["recent"], rows[subject.pk]["total"]) for subject in subjects]
        return sorted(found, key=lambda row: (-row[1], -row[2], row[0].position, row[0].pk))


class MissedDemand(models.Model):
    """A need that came where the service is closed: counted, without anything about the person."""

    region = models.ForeignKey(Region, on_delete=models.CASCADE, null=True, related_name="+")
    commune = models.ForeignKey(Commune, on_delete=models.PROTECT, related_name="+")
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = MissedDemandQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.commune_id} {self.subject_id}"
