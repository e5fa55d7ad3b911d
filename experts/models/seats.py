"""Seats: the posts that accounts may answer for, and the offices that they manage."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q

from experts.models.accounts import User
from experts.models.experts import Expert
from experts.models.offices import Office


class SeatQuerySet(models.QuerySet["Seat"]):
    """Queries on seats."""

    def current(self, *, now: datetime) -> Self:
        """Seats that have not ended."""
        return self.filter(Q(ended_at__isnull=True) | Q(ended_at__gt=now))


class Seat(models.Model):
    """The right of an account to answer for a post (a row of ``Expert``), or to manage an office.

    Posts with the account's own address need no seat: ``experts.accounts.seats`` counts them too.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, verbose_name="compte", related_name="seats")
    expert = models.ForeignKey(
        Expert, on_delete=models.CASCADE, verbose_name="poste", null=True, blank=True, related_name="seats"
    )
    office = models.ForeignKey(
        Office, on_delete=models.CASCADE, verbose_name="antenne", null=True, blank=True, related_name="seats"
    )
    given_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, verbose_name="donné par", null=True, blank=True, related_name="+"
    )
    given_at = models.DateTimeField("depuis le")
    ended_at = models.DateTimeField("jusqu'au", null=True, blank=True)
    # Ended because its owner left the office: it is given again when the departure is undone.
    ended_by_departure = models.BooleanField(default=False, db_default=False)

    objects = SeatQuerySet.as_manager()

    class Meta:
        verbose_name = "place"
        constraints = [
            models.CheckConstraint(
                condition=Q(expert__isnull=True, office__isnull=False)
                | Q(expert__isnull=False, office__isnull=True),
                name="seat_at_a_post_or_in_an_office",
            ),
            models.UniqueConstraint(
                "user", "expert", condition=Q(ended_at__isnull=True), name="seat_once_at_a_post"
            ),
            models.UniqueConstraint(
                "user", "office", condition=Q(ended_at__isnull=True), name="seat_once_in_an_office"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} : {self.expert or self.office}"
