"""How often something was done lately: one row per deed, doer and while, counted by one statement."""

from datetime import datetime
from typing import Self

from django.db import connection, models

COUNT = """
INSERT INTO solicitations_tally AS known (key, times, until) VALUES (%s, %s, %s)
ON CONFLICT (key) DO UPDATE SET times = known.times + excluded.times
RETURNING times
"""


class TallyQuerySet(models.QuerySet["Tally"]):
    def count(self, key: str, *, times: int = 1, until: datetime) -> int:  # type: ignore[override]
        """Count so many more under this key; returns how many there are now, others' included."""
        with connection.cursor() as cursor:
            cursor.execute(COUNT, [key, times, until])
            [(counted,)] = cursor.fetchall()
        return int(counted)

    def over(self, *, now: datetime) -> Self:
        """Rows that nobody reads any more."""
        return self.filter(until__lte=now)


class Tally(models.Model):
    """A count until a moment. The key says what was done; who did it is only a digest in it."""

    key = models.CharField(max_length=100, primary_key=True)
    times = models.PositiveIntegerField()
    until = models.DateTimeField(db_index=True)

    objects = TallyQuerySet.as_manager()

    def __str__(self) -> str:
        return self.key
