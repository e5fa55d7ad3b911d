"""Counts of needs by part of a year and category, and delays: a few queries, one pass of a table each."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import Any

from django.db import connection, transaction
from django.db.models import Case, Count, QuerySet, SmallIntegerField, Value, When

from indicators.definitions import MEASURES
from indicators.models import InstitutionNeed, NeedFacts, OfficeNeed, WholeNeed
from indicators.places import (
    DEPARTMENT,
    INSTITUTION,
    NATION,
    OFFICE,
    SUBJECT,
    WHOLE_YEAR,
    CountedPlace,
    Period,
)

Key = tuple[int, str]  # part of the year, code of the category
Counts = Mapping[Key, Mapping[str, int]]  # the number of needs, by measure
# Hours of taking and numbers of needs; ``None``: nobody took them.
Hours = dict[float | None, int]
ALL = ""  # the category of a total
PERIOD = "period"
COLUMNS = {SUBJECT: "subject", DEPARTMENT: "department", INSTITUTION: "institution"}


@contextmanager
def groups_in_memory() -> Iterator[None]:
    """Let the database keep groups in memory, and share the rows out among its processes.

    It expects far more groups than there are, and would sort all rows, or read them in one process.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '64MB'; SET LOCAL parallel_tuple_cost = 0.001")
        yield


def needs_of(place: CountedPlace, *, start: date, end: date, family: str = "") -> QuerySet[Any]:
    """The facts of the needs of a place that were received from a day to the day before another.

    Beyond an office, the family of institutions has a row for each one that was asked about a need. An office
    counts needs of confidential subjects by subject only: its totals are exact, and would tell how many.
    """
    days = {"received_on__gte": start, "received_on__lt": end}
    if place.kind == OFFICE:
        own = OfficeNeed.objects.filter(office=int(place.code), **days)
        return own if family == SUBJECT else own.exclude(subject__is_confidential=True)
    needs: QuerySet[Any] = InstitutionNeed.objects.all() if family == INSTITUTION else WholeNeed.objects.all()
    found = needs.filter(**days)
    return found if place.kind == NATION else found.filter(region=place.code)


def counted(needs: QuerySet[NeedFacts], *, by: str, year: Period) -> Counts:
    """Number of needs of each category in each part of the year, and in the year (part 0)."""
    numbers = {measure.code: Count(Value(1), filter=measure.condition or None) for measure in MEASURES}
    rows = _by_part(needs, year).values_list("part", by).annotate(**numbers).order_by()
    found: dict[Key, Counter[str]] = defaultdict(Counter)
    for part, category, *counts in rows:
        for key in ((part, str(category)), (WHOLE_YEAR, str(category))):
            found[key].update(dict(zip(numbers, counts, strict=True)))
    return found


def totals(counts: Counts) -> Counts:
    """The sums of all categories, in each part of the year."""
    found: dict[Key, Counter[str]] = defaultdict(Counter)
    for (part, _), numbers in counts.items():
        found[part, ALL].update(numbers)
    return found


def hours_by(needs: QuerySet[NeedFacts], *, by: str, year: Period) -> Mapping[str, Hours]:
    """Number of needs by hours of taking, for each category, or each part of the year (``PERIOD``)."""
    if by == PERIOD:
        needs, by = _by_part(needs, year), "part"
    found: dict[str, Hours] = defaultdict(dict)
    rows = needs.values_list(by, "taking_hours").annotate(number=Count("*")).order_by()
    for category, hours, count in rows:
        found[str(category)][hours] = count
    return found


def merged(several: Iterable[Hours]) -> Hours:
    """The sum of several."""
    found: Counter[float | None] = Counter()
    for hours in several:
        found.update(hours)
    return dict(found)


def median_of(hours: Hours) -> str:
    """The median delay in French; « plus de 12 jours » when half of the needs or more were not taken."""
    number = sum(hours.values())
    taken = sorted((delay, count) for delay, count in hours.items() if delay is not None)
    if not taken:
        return "aucune prise en charge" if number else ""
    seen = 0
    for delay, count in taken:
        seen += count
        if 2 * seen >= number:
            return in_words(delay)
    return f"plus de {in_words(taken[-1][0])}"


def in_words(hours: float) -> str:
    """« 5 heures », « 3 jours »: in days from two days on, rounded."""
    if hours < 48:
        number, unit = max(int(hours), 1), "heure"
    else:
        number, unit = round(hours / 24), "jour"
    return f"{number}\u00a0{unit}{'s' if number > 1 else ''}"


def _by_part(needs: QuerySet[Any], year: Period) -> QuerySet[Any]:
    """Annotate the part of the year: by comparing days, several times faster than extracting the quarter."""
    parts = [When(received_on__lt=part.end, then=Value(part.number)) for part in year.all_parts]
    found: QuerySet[Any] = needs.annotate(part=Case(*parts, output_field=SmallIntegerField()))
    return found
