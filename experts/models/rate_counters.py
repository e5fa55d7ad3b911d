"""Rate-limit counters by action, client and window."""

from datetime import datetime
from typing import Self

from django.db import connection, models

COUNT = """
INSERT INTO solicitations_tally AS known (key, times, until) VALUES (%s, %s, %s)
ON CONFLICT (key) DO UPDATE SET times = known.times + excluded.times
RETURNING times
"""


class RateCounterQuerySet(models.QuerySet["RateCounter"]):
    def count(self, key: str, *, times: int = 1, until: datetime) -> int:  # type: ignore[override]
        """Add ``times`` under this key, in one statement; returns the new total, others' included."""
        with connection.cursor() as cursor:
            cursor.execute(COUNT, [key, times, until])
            [(counted,)] = cursor.fetchall()
        return int(counted)

    def over(self, *, now: datetime) -> Self:
        """Counters whose window has ended."""
        return self.filter(until__lte=now)


class RateCounter(models.Model):
    """A count until the end of a window. The key names the action and a digest of the client."""

    key = models.CharField(max_length=100, primary_key=True)
    times = models.PositiveIntegerField()
    until = models.DateTimeField(db_index=True)

    objects = RateCounterQuerySet.as_manager()

    class Meta:
        db_table = "solicitations_tally"  # its name since before it was this room's

    def __str__(self) -> str:
        return self.key
