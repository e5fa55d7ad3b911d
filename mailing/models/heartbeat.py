"""When each piece of the clock last beat."""

from datetime import datetime

from django.db import models


class Heartbeat(models.Model):
    """When a piece of the clock last beat; the health page reads it."""

    name = models.CharField(max_length=50, primary_key=True)
    beat_at = models.DateTimeField()

    class Meta:
        verbose_name = "battement"

    def __str__(self) -> str:
        return self.name


def beat(name: str = "mailing.sweep", *, now: datetime) -> None:
    """Record that the clock is alive."""
    Heartbeat.objects.update_or_create(name=name, defaults={"beat_at": now})


def last_beat_at(name: str = "mailing.sweep") -> datetime | None:
    """When the clock last beat; ``None`` when it never did."""
    return Heartbeat.objects.filter(name=name).values_list("beat_at", flat=True).first()
