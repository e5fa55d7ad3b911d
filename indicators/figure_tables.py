"""Figures of a place and a year, as tables: exact for an office, without small counts elsewhere."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from experts.models import Institution, Office, Subject
from indicators import disclosure, figure_counts
from indicators.definitions import MEASURES, OF_SURVEY, RECEIVED
from indicators.disclosure import LEAST, Sum
from indicators.figure_counts import ALL, PERIOD, Counts, Hours
from indicators.places import NATION, REGION, WHOLE_YEAR, CountedPlace, Period
from territories.models import Department, Region

TOTAL, SUBJECT, INSTITUTION, DEPARTMENT = "total", "sujet", "institution", "departement"
SMALL, MASKED = f"<\u00a0{LEAST}", "masqué"
Cell = tuple[int, str, str]  # part of the year, family of categories, code
NO_REGION = "-"  # the departments outside any region


@dataclass(frozen=True)
class Figure:
    """One number of a table; ``count`` is ``None`` when it is hidden."""

    measure: str
    label: str
    count: int | None
    text: str
    share: str = ""


@dataclass(frozen=True)
class FigureLine:
    """Figures of one category, or of one period."""

    code: str
    label: str
    figures: tuple[Figure, ...]
    delay: str

    @property
    def received(self) -> Figure:
        return self.figures[0]


@dataclass(frozen=True)
class FigureTable:
    """Figures by category; ``others``: the categories whose needs received are all hidden."""

    family: str
    title: str
    heading: str
    lines: tuple[FigureLine, ...]
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class FigureReport:
    """All the figures of a place for a period: its total, its year part by part, and by category."""

    place: CountedPlace
    period: Period
    total: FigureLine
    parts: FigureTable
    tables: tuple[FigureTable, ...]


@dataclass(frozen=True)
class Family:
    """Categories of a place: codes and labels in the order of the page, and their counts."""

    name: str
    title: str
    heading: str
    labels: Mapping[str, str]
    counts: Counts
    hours: Mapping[str, Hours]
    protected: frozenset[str] = frozenset()  # of these, an office does not read small counts


@dataclass
class Shown:
    """The hidden cells of a place and a year, by measure, and the words for each figure."""

    hidden: Mapping[str, frozenset[Cell]] = field(default_factory=dict)

    def figures(self, cell: Cell, numbers: Mapping[str, int]) -> tuple[Figure, ...]:
        """The figures of a line, with their share of the needs received or of the answers."""
        counts = {code: self._count(code, cell, numbers) for code in (one.code for one in MEASURES)}
        return tuple(
            Figure(
                measure=one.code,
                label=one.label,
                count=counts[one.code],
                text=self._text(counts[one.code], numbers.get(one.code, 0)),
                share=_share(counts[one.code], counts["avis" if one.code in OF_SURVEY else RECEIVED.code])
                if one is not RECEIVED
                else "",
            )
            for one in MEASURES
        )

    def _count(self, code: str, cell: Cell, numbers: Mapping[str, int]) -> int | None:
        return None if cell in self.hidden[code] else numbers.get(code, 0)

    def _text(self, shown: int | None, count: int) -> str:
        if shown is not None:
            return f"{shown:,}".replace(",", "\u202f")
        return SMALL if count < LEAST else MASKED


def _share(part: int | None, whole: int | None) -> str:
    return f"{100 * part / whole:.0f}\u00a0%" if part and whole else ""


def build(place: CountedPlace, period: Period, *, today: date) -> FigureReport:
    """Count, hide what may not be shown in any table of the year, and lay out those of the period."""
    year = period.whole_year
    of_year = figure_counts.needs_of(place, start=year.first_day, end=year.end)
    with figure_counts.groups_in_memory():
        families = _families(place, period)
        by_part = figure_counts.hours_by(of_year, by=PERIOD, year=period)
    total = figure_counts.totals(families[0].counts)
    begun = [part for part in period.all_parts if part.first_day <= today]
    shown = Shown(_hidden(place, families, total, [part.number for part in begun]))
    lines = {
        part.number: _line(
            shown,
            (part.number, TOTAL, ALL),
            part.label.capitalize(),
            total.get((part.number, ALL), {}),
            figure_counts.merged(by_part.values())
            if part.number == WHOLE_YEAR
            else by_part.get(str(part.number), {}),
        )
        for part in (*begun, year)
    }
    parts = tuple(lines[part.number] for part in begun)
    return FigureReport(
        place,
        period,
        lines[period.number],
        FigureTable(PERIOD, f"Par période, {period.year}", "Période", parts),
        tuple(_table(shown, family, period.number) for family in families),
    )


def _line(shown: Shown, cell: Cell, label: str, numbers: Mapping[str, int], hours: Hours) -> FigureLine:
    """One line; the delay is told where the needs received and taken are."""
    figures = shown.figures(cell, numbers)
    told = {one.measure: one.count for one in figures}
    is_told = told[RECEIVED.code] is not None and told["pris"] is not None
    return FigureLine(cell[2], label, figures, figure_counts.median_of(hours) if is_told else "")


def _table(shown: Shown, family: Family, part: int) -> FigureTable:
    """The lines of a period; categories without any need are left out, unless they are protected."""
    lines = [
        _line(
            shown,
            (part, family.name, code),
            label,
            family.counts.get((part, code), {}),
            family.hours.get(code, {}),
        )
        for code, label in family.labels.items()
    ]
    told = [line for line in lines if line.received.count or line.code in family.protected]
    others = [line.label for line in lines if line.received.count is None and line not in told]
    told.sort(key=lambda line: -(line.received.count or 0))
    return FigureTable(family.name, family.title, family.heading, tuple(told), tuple(others))


def _families(place: CountedPlace, period: Period) -> list[Family]:
    year = period.whole_year
    of_year = figure_counts.needs_of(place, start=year.first_day, end=year.end)
    in_period = figure_counts.needs_of(place, start=period.first_day, end=period.end)
    families = []
    for name, title, heading, labels in (
        (SUBJECT, "Par sujet", "Sujet", _subjects()),
        (DEPARTMENT, "Par département", "Département", _departments(place)),
    ):
        counts = figure_counts.counted(of_year, by=_COLUMNS[name], year=period)
        hours = figure_counts.hours_by(in_period, by=_COLUMNS[name], year=period)
        protected = _protected_subjects(place) if name == SUBJECT else frozenset()
        families.append(Family(name, title, heading, labels, counts, hours, protected))
    if place.is_office:
        return families
    if place.kind == NATION:
        families.append(_regions(families[1]))
    needs = figure_counts.institution_needs_of(place, start=year.first_day, end=year.end)
    shown = figure_counts.institution_needs_of(place, start=period.first_day, end=period.end)
    by_institution = Family(
        INSTITUTION,
        "Par institution",
        "Institution",
        {str(pk): name for pk, name in Institution.objects.order_by("name", "pk").values_list("pk", "name")},
        figure_counts.counted(needs, by="institution", year=period),
        figure_counts.hours_by(shown, by="institution", year=period),
    )
    return [*families, by_institution]


_COLUMNS = {SUBJECT: "subject", DEPARTMENT: "department"}


def _subjects() -> dict[str, str]:
    return {
        str(pk): label for pk, label in Subject.objects.order_by("label", "pk").values_list("pk", "label")
    }


def _departments(place: CountedPlace) -> dict[str, str]:
    departments = Department.objects.order_by("name", "pk")
    if place.kind == REGION:
        departments = departments.filter(region=place.code)
    return dict(departments.values_list("pk", "name"))


def _region_of() -> dict[str, str]:
    return {pk: region or NO_REGION for pk, region in Department.objects.values_list("pk", "region")}


def _regions(departments: Family) -> Family:
    """The regions of the nation: sums of their departments."""
    region_of = _region_of()
    counts: dict[figure_counts.Key, dict[str, int]] = {}
    for (part, code), numbers in departments.counts.items():
        found = counts.setdefault((part, region_of[code]), {})
        for measure, number in numbers.items():
            found[measure] = found.get(measure, 0) + number
    hours: dict[str, list[Hours]] = {}
    for code, delays in departments.hours.items():
        hours.setdefault(region_of[code], []).append(delays)
    labels = dict(Region.objects.order_by("name", "pk").values_list("pk", "name"))
    return Family(
        REGION,
        "Par région",
        "Région",
        {**labels, NO_REGION: "Hors région"},
        counts,
        {code: figure_counts.merged(several) for code, several in hours.items()},
    )


def _protected_subjects(place: CountedPlace) -> frozenset[str]:
    """Confidential subjects that an office's institution answers: their line shows even without any need."""
    if not place.is_office:
        return frozenset()
    institution = Office.objects.values_list("institution", flat=True).get(pk=place.code)
    found = Subject.objects.filter(is_confidential=True, institutions=institution)
    return frozenset(str(pk) for pk in found.values_list("pk", flat=True))


def _hidden(
    place: CountedPlace, families: Sequence[Family], total: Counts, begun: Sequence[int]
) -> dict[str, frozenset[Cell]]:
    """The hidden cells of each measure, over all tables and parts of the year."""
    parts = [WHOLE_YEAR, *begun]
    confidential = {
        str(pk) for pk in Subject.objects.filter(is_confidential=True).values_list("pk", flat=True)
    }
    sums = list(_sums(families, begun))
    hidden = {}
    for measure in MEASURES:
        counts = {(part, TOTAL, ALL): _number(total, part, ALL, measure.code) for part in parts}
        for family in families:
            for code in family.labels:
                counts |= {
                    (part, family.name, code): _number(family.counts, part, code, measure.code)
                    for part in parts
                }
        small = {cell for cell, count in counts.items() if count < LEAST}
        if not place.is_office:
            hidden[measure.code] = disclosure.hidden_cells(counts, sums, small=small)
            continue
        # An office reads all but small counts of confidential subjects; that there is none names nobody.
        secret = {cell for cell in small if cell[1] == SUBJECT and cell[2] in confidential}
        masked = disclosure.hidden_cells(counts, sums, small={cell for cell in secret if counts[cell]})
        hidden[measure.code] = masked | {cell for cell in secret if cell[2] in families[0].protected}
    return hidden


def _number(counts: Counts, part: int, code: str, measure: str) -> int:
    return counts.get((part, code), {}).get(measure, 0)


def _sums(families: Sequence[Family], begun: Sequence[int]) -> Iterable[Sum[Cell]]:
    """Sums that tables let people make: of categories, of the departments of a region, of a year's parts."""
    by_name = {family.name: family for family in families}
    for part in (WHOLE_YEAR, *begun):
        for name in {SUBJECT, REGION if REGION in by_name else DEPARTMENT}:
            yield Sum((part, TOTAL, ALL), tuple((part, name, code) for code in by_name[name].labels))
        if REGION in by_name:
            region_of = _region_of()
            for region in by_name[REGION].labels:
                inside = [code for code in by_name[DEPARTMENT].labels if region_of[code] == region]
                yield Sum((part, REGION, region), tuple((part, DEPARTMENT, code) for code in inside))
    cells = [(TOTAL, ALL), *((family.name, code) for family in families for code in family.labels)]
    for name, code in cells:
        yield Sum((WHOLE_YEAR, name, code), tuple((part, name, code) for part in begun))
