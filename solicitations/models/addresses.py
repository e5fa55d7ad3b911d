"""Addresses given to replace the one of a request, until a mail to them is answered."""

from datetime import datetime, timedelta
from typing import Self

from django.db import models

from solicitations.models.requests import Solicitation

ADDRESS_CHANGE_LIFE = timedelta(days=3)


class AddressChangeQuerySet(models.QuerySet["AddressChange"]):
    def pending(self, *, now: datetime) -> Self:
        return self.filter(asked_at__gt=now - ADDRESS_CHANGE_LIFE)

    def too_old(self, *, now: datetime) -> Self:
        return self.filter(asked_at__lte=now - ADDRESS_CHANGE_LIFE)


class AddressChange(models.Model):
    """The last address given for a request and not confirmed yet: one row per request at most."""

    solicitation = models.OneToOneField(Solicitation, on_delete=models.CASCADE, related_name="address_change")
    email = models.EmailField()
    serial = models.PositiveIntegerField(default=1)  # of its link: an earlier address confirms nothing
    asked_at = models.DateTimeField()

    objects = AddressChangeQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.solicitation_id}, {self.asked_at:%Y-%m-%d %H:%M}"
