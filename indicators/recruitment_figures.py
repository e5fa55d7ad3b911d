"""Offers, posts and posts filled, by qualification: exact for an office, rounded elsewhere."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.db.models import Max, QuerySet

from indicators import figure_counts, rounding
from indicators.models import NeedFacts
from indicators.places import CountedPlace, Period
from solicitations.lifecycle import ANSWERED_STATES
from workspace.models import Qualification
from workspace.recruitment import DEFINITION

TITLE, ALL = "Recrutements", "all"
COLUMNS = {"offers": "Offres déposées", "posts": "Postes à pourvoir", "filled": "Postes pourvus"}
LABELS = {**dict(Qualification.choices), ALL: "Ensemble"}
OUTCOMES = "need__matches__recruitment_outcomes"
__all__ = ["COLUMNS", "DEFINITION", "TITLE", "RecruitmentLine", "lines"]


@dataclass(frozen=True)
class RecruitmentLine:
    """The three numbers of a qualification; ``None`` where it is hidden."""

    label: str
    counts: tuple[int | None, ...]

    @property
    def cells(self) -> list[tuple[str, str]]:
        """The name and the words of each number."""
        texts = map(rounding.in_words, self.counts)
        return list(zip(COLUMNS.values(), texts, strict=True))


def lines(place: CountedPlace, period: Period) -> list[RecruitmentLine]:
    """The table of a place and a period; empty when nobody counted any post there in the year."""
    counted: dict[str, Counter[str]] = {one: Counter() for one in LABELS}
    has_posts = False
    for received_on, qualification, numbers in _counted(place, period.whole_year):
        has_posts = has_posts or bool(numbers["posts"])
        if period.first_day <= received_on < period.end:
            counted[qualification].update(numbers)
            counted[ALL].update(numbers)
    if not has_posts:
        return []
    return [
        RecruitmentLine(
            label,
            tuple(
                counted[one][column] if place.is_office else rounding.rounded(counted[one][column])
                for column in COLUMNS
            ),
        )
        for one, label in LABELS.items()
    ]


def _counted(place: CountedPlace, year: Period) -> Iterator[tuple[date, str, dict[str, int]]]:
    """Day and qualification of each need that was concluded, with its numbers.

    Several experts may have concluded it: the highest number of each counts.
    """
    needs: QuerySet[NeedFacts] = figure_counts.needs_of(place, start=year.first_day, end=year.end)
    asked = {"need__matches__state__in": list(ANSWERED_STATES), f"{OUTCOMES}__isnull": False}
    if place.is_office:
        asked["need__matches__expert__office"] = int(place.code)
    rows = (
        needs.filter(**asked)
        .values_list("need", "received_on", f"{OUTCOMES}__qualification")
        .annotate(*(Max(f"{OUTCOMES}__{column}") for column in COLUMNS))
        .order_by()
    )
    for _, received_on, qualification, *numbers in rows.iterator():
        yield received_on, qualification, dict(zip(COLUMNS, numbers, strict=True))
