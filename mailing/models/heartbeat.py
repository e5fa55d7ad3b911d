"""Time when each scheduled work last ended well."""

from datetime import datetime

from django.db import models


class Heartbeat(models.Model):
    """Time when a scheduled work last ended well, read by the health page and the metrics."""

    name = models.CharField(max_length=50, primary_key=True)
    beat_at = models.DateTimeField()

    class Meta:
        verbose_name = "battement"

    def __str__(self) -> str:
        return self.name


def beat(name: str, *, now: datetime) -> None:
    """Record that scheduled work has ended well; ``name`` is its key in ``CELERY_BEAT_SCHEDULE``."""
    Heartbeat.objects.update_or_create(name=name, defaults={"beat_at": now})


def last_beat_at(name: str) -> datetime | None:
    """Time of the last beat; ``None`` when there was none."""
    return Heartbeat.objects.filter(name=name).values_list("beat_at", flat=True).first()
