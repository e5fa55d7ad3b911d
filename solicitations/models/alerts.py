"""Alerts: what staff must look at."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Case, Q, When

from solicitations import lifecycle
from solicitations.lifecycle import AlertCause, RequestState
from solicitations.models.requests import Solicitation


class AlertQuerySet(models.QuerySet["Alert"]):
    def open(self) -> Self:
        return self.filter(settled_at=None)

    def held_long(self, *, before: datetime) -> Self:
        """Open alerts on requests still held, of which staff were last mailed before that moment."""
        held = self.open().filter(cause=AlertCause.HELD, solicitation__state=RequestState.HELD)
        return held.filter(Q(reminded_at=None, raised_at__lt=before) | Q(reminded_at__lt=before))

    def urgent_first(self) -> Self:
        """Order alerts by cause, then by age: no expert found, request held, the rest."""
        ranks = Case(When(cause=AlertCause.NOBODY, then=0), When(cause=AlertCause.HELD, then=1), default=2)
        return self.order_by(ranks, "raised_at", "pk")


class Alert(models.Model):
    """Something staff must look at: one row, and one mail, per request and cause."""

    solicitation = models.ForeignKey(
        Solicitation, on_delete=models.CASCADE, related_name="alerts", db_index=False
    )
    cause = models.CharField(max_length=15, choices=AlertCause.choices())
    details = models.TextField(blank=True, db_column="words")
    raised_at = models.DateTimeField()
    reminded_at = models.DateTimeField(null=True, blank=True)  # when staff were last mailed again
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
