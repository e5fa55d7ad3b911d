"""Offers, posts and posts filled of recruitments, by qualification.

Exact for an office; elsewhere small counts are hidden, with what would give them.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Max, QuerySet

from indicators import disclosure, figure_counts
from indicators.disclosure import LEAST, Sum
from indicators.models import NeedFacts
from indicators.places import WHOLE_YEAR, CountedPlace, Period
from indicators.whole_country import COUNTRY, NATION_CODE, NO_REGION
from solicitations.lifecycle import ANSWERED_STATES
from territories.models import Region
from workspace.models import Qualification
from workspace.recruitment import DEFINITION

TITLE, ALL = "Recrutements", "all"
COLUMNS = {"offers": "Offres déposées", "posts": "Postes à pourvoir", "filled": "Postes pourvus"}
LABELS = {**dict(Qualification.choices), ALL: "Ensemble"}
OUTCOMES = "need__matches__recruitment_outcomes"
Cell = tuple[str, int, str]  # place, part of the year, qualification
__all__ = ["COLUMNS", "DEFINITION", "TITLE", "RecruitmentLine", "lines"]


@dataclass(frozen=True)
class RecruitmentLine:
    """The three numbers of a qualification; ``None`` where it is hidden, with its words."""

    label: str
    counts: tuple[int | None, ...]
    texts: tuple[str, ...]

    @property
    def cells(self) -> list[tuple[str, str]]:
        """The name and the words of each number."""
        return list(zip(COLUMNS.values(), self.texts, strict=True))


def lines(place: CountedPlace, period: Period, *, today: date) -> list[RecruitmentLine]:
    """The table of a place and a period; empty when nobody counted any post there in the year."""
    begun = [part.number for part in period.all_parts if part.first_day <= today]
    counted = {column: Counter[Cell]() for column in COLUMNS}
    for cell, numbers in _counted(place, period.whole_year):
        for column, number in zip(COLUMNS, numbers, strict=True):
            for each in _cells_of(place, cell):
                counted[column][each] += number
    if not counted["posts"][place.code, WHOLE_YEAR, ALL]:
        return []
    hidden = {column: _hidden(place, counts, begun) for column, counts in counted.items()}
    return [
        _line(
            label, [(counted[column], hidden[column]) for column in COLUMNS], (place.code, period.number, one)
        )
        for one, label in LABELS.items()
    ]


def _line(
    label: str, columns: Iterable[tuple[Mapping[Cell, int], frozenset[Cell]]], cell: Cell
) -> RecruitmentLine:
    counts, texts = [], []
    for counted, hidden in columns:
        count = counted.get(cell, 0)
        counts.append(None if cell in hidden else count)
        words = "masqué" if count >= LEAST else f"<\u00a0{LEAST}"
        texts.append(words if cell in hidden else f"{count:,}".replace(",", "\u202f"))
    return RecruitmentLine(label, tuple(counts), tuple(texts))


def _counted(place: CountedPlace, year: Period) -> Iterator[tuple[Cell, tuple[int, ...]]]:
    """Region, part of the year and qualification of each need that was concluded, with its numbers.

    Several experts may have concluded it: the highest number of each counts.
    """
    where = place if place.is_office else COUNTRY
    needs: QuerySet[NeedFacts] = figure_counts.needs_of(where, start=year.first_day, end=year.end)
    asked = {"need__matches__state__in": list(ANSWERED_STATES), f"{OUTCOMES}__isnull": False}
    if place.is_office:
        asked["need__matches__expert__office"] = int(place.code)
    rows = (
        needs.filter(**asked)
        .values_list("need", "region", "received_on", f"{OUTCOMES}__qualification")
        .annotate(*(Max(f"{OUTCOMES}__{column}") for column in COLUMNS))
        .order_by()
    )
    for _, region, received_on, qualification, *numbers in rows.iterator():
        part = next(one.number for one in year.all_parts if received_on < one.end)
        yield (region or NO_REGION, part, qualification), tuple(numbers)


def _cells_of(place: CountedPlace, cell: Cell) -> Iterator[Cell]:
    """The counts in which a need counts: of its place and of the nation, its part and the year."""
    region, part, qualification = cell
    for where in {place.code} if place.is_office else {region, NATION_CODE}:
        for when in (part, WHOLE_YEAR):
            yield from ((where, when, one) for one in (qualification, ALL))


def _hidden(place: CountedPlace, counted: Mapping[Cell, int], begun: Sequence[int]) -> frozenset[Cell]:
    """The hidden counts of all pages together: the national team reads those of each region."""
    if place.is_office:
        return frozenset()
    regions = [*Region.objects.order_by("pk").values_list("pk", flat=True), NO_REGION]
    sums = list(_sums(regions, begun))
    counts = {cell: counted.get(cell, 0) for one in sums for cell in one.members}
    small = {cell for cell, count in counts.items() if count < LEAST or cell[0] == NO_REGION}
    return disclosure.hidden_cells(counts, sums, small=small)


def _sums(regions: Sequence[str], begun: Sequence[int]) -> Iterator[Sum[Cell]]:
    """Of qualifications, of the parts of a year, of regions."""
    for part in (WHOLE_YEAR, *begun):
        for where in (NATION_CODE, *regions):
            yield Sum((where, part, ALL), tuple((where, part, one) for one in Qualification.values))
        for one in LABELS:
            yield Sum((NATION_CODE, part, one), tuple((where, part, one) for where in regions))
    for where in (NATION_CODE, *regions):
        for one in LABELS:
            yield Sum((where, WHOLE_YEAR, one), tuple((where, part, one) for part in begun))
