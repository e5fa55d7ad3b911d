"""Counts of the nation and of each region, and what their pages hide together.

The national team reads all these pages: the nation's count, less those of the regions that show theirs, must
not give the one that a region hides. So the hidden counts are chosen once, over all of them.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from indicators import disclosure, figure_counts
from indicators.definitions import MEASURES
from indicators.disclosure import LEAST, Sum
from indicators.figure_counts import ALL, Counts
from indicators.places import NATION, REGION, WHOLE_YEAR, CountedPlace, Period
from territories.models import Department, Region

TOTAL, SUBJECT, INSTITUTION, DEPARTMENT = "total", "sujet", "institution", "departement"
NATION_CODE = ""
NO_REGION = "-"  # the departments outside any region: no page of theirs, a line in the nation's
COUNTRY = CountedPlace(NATION, NATION_CODE, "")
# Place, part of the year, family of categories, code: a count of some page.
CountryCell = tuple[str, int, str, str]


@dataclass(frozen=True)
class WholeCountry:
    """Counts of a year by subject, institution and department, for the nation and each region.

    ``regions``: of each department; ``inside``: the departments of each region. The nation's counts are the
    sums of those of the regions.
    """

    by_family: Mapping[str, Mapping[str, Counts]]
    regions: Mapping[str, str]
    inside: Mapping[str, Sequence[str]]

    @classmethod
    def of_year(cls, year: Period) -> "WholeCountry":
        """Count the needs of a year. Four queries."""
        start, end = year.first_day, year.end
        needs = figure_counts.needs_of(COUNTRY, start=start, end=end)
        asked = figure_counts.institution_needs_of(COUNTRY, start=start, end=end)
        regions = {pk: region or NO_REGION for pk, region in Department.objects.values_list("pk", "region")}
        departments: dict[str, dict[figure_counts.Key, Mapping[str, int]]] = defaultdict(dict)
        for (part, code), numbers in figure_counts.counted(needs, by="department", year=year).items():
            departments[regions[code]][part, code] = numbers
        by_family: dict[str, Mapping[str, Counts]] = {
            SUBJECT: figure_counts.counted_by_region(needs, by="subject", year=year, none=NO_REGION),
            INSTITUTION: figure_counts.counted_by_region(asked, by="institution", year=year, none=NO_REGION),
            DEPARTMENT: departments,
        }
        inside: dict[str, list[str]] = {
            pk: [] for pk in Region.objects.order_by("pk").values_list("pk", flat=True)
        }
        for department, region in regions.items():
            inside.setdefault(region, []).append(department)
        with_nation = {family: _with_nation(counts) for family, counts in by_family.items()}
        return cls(with_nation, regions, inside)

    def counts(self, family: str, region: str = NATION_CODE) -> Counts:
        """Counts by category of a family, in a region; in the nation by default."""
        return self.by_family[family].get(region, {})

    def totals(self, region: str = NATION_CODE) -> Counts:
        """The sums of all categories, in each part of the year."""
        return figure_counts.totals(self.counts(DEPARTMENT, region))

    def hidden(self, labels: Mapping[str, Sequence[str]], begun: Sequence[int]) -> "HiddenInCountry":
        """The hidden counts of all pages, by measure. ``labels``: the codes of each family."""
        layout = _Layout({name: tuple(codes) for name, codes in labels.items()}, self.inside, tuple(begun))
        cells = tuple(layout.cells())
        numbers = self._numbers(cells)
        without_page = {at for at, cell in enumerate(cells) if layout.has_no_page(cell)}
        # A cell is its place in ``cells``: thousands of tuples would be hashed for each measure.
        place = {cell: at for at, cell in enumerate(cells)}
        sums = tuple(Sum(place[one.total], tuple(place[cell] for cell in one.parts)) for one in layout.sums())
        hidden = {}
        for measure in MEASURES:
            counts = {at: found.get(measure.code, 0) for at, found in enumerate(numbers)}
            small = {at for at, count in counts.items() if count < LEAST}
            found = disclosure.hidden_cells(counts, sums, small=small | without_page)
            hidden[measure.code] = frozenset(cells[at] for at in found)
        return HiddenInCountry(hidden)

    def _numbers(self, cells: Iterable[CountryCell]) -> list[Mapping[str, int]]:
        """The counts of each cell, by measure."""
        totals = {place: self.totals(place) for place in (NATION_CODE, *self.inside)}
        return [
            (totals[place] if family == TOTAL else self.counts(family, place)).get((part, code), {})
            for place, part, family, code in cells
        ]


@dataclass(frozen=True)
class HiddenInCountry:
    """The hidden counts of the pages of the nation and of its regions, by measure."""

    by_measure: Mapping[str, frozenset[CountryCell]]

    def on_page(self, region: str) -> dict[str, frozenset[tuple[int, str, str]]]:
        """Hidden counts of a page, by measure: a region's, or the nation's with regions and departments."""
        return {measure: frozenset(self._named(cells, region)) for measure, cells in self.by_measure.items()}

    def _named(self, cells: Iterable[CountryCell], region: str) -> Iterator[tuple[int, str, str]]:
        for place, part, family, code in cells:
            if place == region or (region == NATION_CODE and family == DEPARTMENT):
                yield part, family, code
            elif region == NATION_CODE and family == TOTAL:
                yield part, REGION, place


@dataclass(frozen=True)
class _Layout:
    """The counts of all pages, and the sums that people can make of them."""

    labels: Mapping[str, tuple[str, ...]]
    inside: Mapping[str, Sequence[str]]
    begun: tuple[int, ...]

    @property
    def parts(self) -> tuple[int, ...]:
        return (WHOLE_YEAR, *self.begun)

    def has_no_page(self, cell: CountryCell) -> bool:
        """Counts of the departments outside any region, but their own line and their total."""
        return cell[0] == NO_REGION and cell[2] in {SUBJECT, INSTITUTION}

    def lines(self) -> Iterator[tuple[str, str, str]]:
        """Place, family and code of each line of a page."""
        for place, departments in [(NATION_CODE, []), *self.inside.items()]:
            yield place, TOTAL, ALL
            for family in (SUBJECT, INSTITUTION):
                yield from ((place, family, code) for code in self.labels[family])
            yield from ((place, DEPARTMENT, code) for code in departments)

    def cells(self) -> Iterator[CountryCell]:
        for place, family, code in self.lines():
            yield from ((place, part, family, code) for part in self.parts)

    def sums(self) -> Iterator[Sum[CountryCell]]:
        """Of categories in a place, of regions in the nation, of the parts of a year."""
        by_category = {TOTAL: (ALL,), SUBJECT: self.labels[SUBJECT], INSTITUTION: self.labels[INSTITUTION]}
        for part in self.parts:
            for place, departments in [(NATION_CODE, []), *self.inside.items()]:
                total = (place, part, TOTAL, ALL)
                yield Sum(total, tuple((place, part, SUBJECT, code) for code in self.labels[SUBJECT]))
                if departments:
                    yield Sum(total, tuple((place, part, DEPARTMENT, code) for code in departments))
            for family, codes in by_category.items():
                for code in codes:
                    regions = tuple((region, part, family, code) for region in self.inside)
                    yield Sum((NATION_CODE, part, family, code), regions)
        for place, family, code in self.lines():
            yield Sum(
                (place, WHOLE_YEAR, family, code), tuple((place, part, family, code) for part in self.begun)
            )


def _with_nation(by_region: Mapping[str, Counts]) -> dict[str, Counts]:
    nation: dict[figure_counts.Key, Counter[str]] = defaultdict(Counter)
    for counts in by_region.values():
        for key, numbers in counts.items():
            nation[key].update(numbers)
    return {**by_region, NATION_CODE: nation}
