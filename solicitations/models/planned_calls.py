"""Call-backs that experts have announced, one at a time for each mailbox of a request."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q

from solicitations.lifecycle import UNDO_DELAY
from solicitations.models.matches import Mailbox, Match


class PlannedCallQuerySet(models.QuerySet["PlannedCall"]):
    def standing(self) -> Self:
        """Calls not cancelled, of mailboxes that still have a need to answer or to conclude."""
        active = Match.objects.active().values("mailbox")
        return self.filter(cancelled_at=None, mailbox__in=active, mailbox__left_at=None)

    def upcoming(self, *, now: datetime) -> Self:
        return self.standing().filter(starts_at__gt=now)

    def mailed_to_company(self, *, now: datetime) -> Self:
        """Calls to come that the company was told of: their minute of undo has passed."""
        return self.upcoming(now=now).filter(changed_at__lte=now - UNDO_DELAY)


class PlannedCall(models.Model):
    """The day and hour at which an expert will call the company.

    ``sequence`` grows with each change: calendars replace the event of the same identifier.
    """

    mailbox = models.OneToOneField(Mailbox, on_delete=models.CASCADE, related_name="planned_call")
    starts_at = models.DateTimeField()
    # The hour before the last change, for its undo; None when there was none.
    starts_at_before = models.DateTimeField(null=True, blank=True)
    sequence = models.PositiveIntegerField(default=0)
    changed_at = models.DateTimeField()
    cancelled_at = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)

    objects = PlannedCallQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["starts_at"],
                name="planned_call_to_remind",
                condition=Q(cancelled_at=None, reminded_at=None),
            )
        ]

    def __str__(self) -> str:
        return f"{self.mailbox_id}, {self.starts_at:%Y-%m-%d %H:%M}"
