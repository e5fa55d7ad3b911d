"""Drafts: forms typed and not yet sent."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models

from solicitations.models.requests import Solicitation


class DraftQuerySet(models.QuerySet["Draft"]):
    def alive(self, *, now: datetime) -> Self:
        return self.filter(updated_at__gt=now - settings.DRAFT_LIFE)

    def to_erase(self, *, now: datetime) -> Self:
        """Drafts too old to keep, sent or not."""
        return self.filter(updated_at__lte=now - settings.DRAFT_LIFE)

    def to_remind(self, *, now: datetime) -> Self:
        """Drafts with an email, not changed for a day, of which no reminder was sent."""
        left = self.alive(now=now).filter(updated_at__lte=now - settings.RESUME_REMINDER_AFTER)
        return left.filter(solicitation=None, reminded_at=None).exclude(email="")


class Draft(models.Model):
    """The form as a visitor has typed it so far; nothing else is stored before it is sent."""

    answers = models.JSONField(default=dict)
    email = models.EmailField(blank=True)
    serial = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    reminded_at = models.DateTimeField(null=True, blank=True)
    # Set once sent: a second click finds the request, and the answers are erased.
    solicitation = models.ForeignKey(
        Solicitation, on_delete=models.CASCADE, null=True, blank=True, related_name="drafts"
    )

    objects = DraftQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["updated_at"])]

    def __str__(self) -> str:
        return f"brouillon {self.pk}"

    def is_alive(self, *, now: datetime) -> bool:
        return self.updated_at > now - settings.DRAFT_LIFE
