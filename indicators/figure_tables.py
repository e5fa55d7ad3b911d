"""Figures of a place and a year, as tables: exact for an office, without small counts elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from directory.office_content import answered_subjects
from experts.models import Institution, Subject
from indicators import disclosure, figure_counts, recruitment_figures
from indicators.definitions import MEASURES, OF_SURVEY, RECEIVED
from indicators.disclosure import LEAST, Sum
from indicators.figure_counts import ALL, PERIOD, Counts, Hours
from indicators.places import NATION, REGION, WHOLE_YEAR, CountedPlace, Period
from indicators.recruitment_figures import RecruitmentLine
from indicators.whole_country import DEPARTMENT, INSTITUTION, NO_REGION, SUBJECT, TOTAL, WholeCountry
from territories.models import Department, Region

SMALL, MASKED = f"<\u00a0{LEAST}", "masqué"
Cell = tuple[int, str, str]  # part of the year, family of categories, code


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
    recruitment: tuple[RecruitmentLine, ...] = ()


@dataclass(frozen=True)
class Family:
    """Categories of a place: codes and labels in the order of the page, and their counts."""

    name: str
    title: str
    heading: str
    labels: Mapping[str, str]
    counts: Counts
    hours: Mapping[str, Hours]
    protected: frozenset[str] = frozenset()  # of these, an office does not read that there is none


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
    begun = [part for part in period.all_parts if part.first_day <= today]
    with figure_counts.groups_in_memory():
        country = None if place.is_office else WholeCountry.of_year(year)
        families = _families(place, period, country)
        by_part = figure_counts.hours_by(of_year, by=PERIOD, year=period)
    total = figure_counts.totals(families[1].counts)  # of départements
    numbers = [part.number for part in begun]
    shown = Shown(
        _hidden_beyond_offices(country, place, numbers)
        if country
        else hidden_of_office(families[0], numbers, confidential=_confidential())
    )
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
        tuple(recruitment_figures.lines(place, period, today=today)),
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


def _families(place: CountedPlace, period: Period, country: WholeCountry | None) -> list[Family]:
    """The categories of a page; ``country``: the counts, beyond an office."""
    families = [
        Family(
            name,
            title,
            heading,
            labels,
            country.counts(name, place.code) if country else _counts_of_office(place, period, name),
            _hours(place, period, name),
            _protected_subjects(place) if name == SUBJECT else frozenset(),
        )
        for name, title, heading, labels in (
            (SUBJECT, "Par sujet", "Sujet", _subjects()),
            (DEPARTMENT, "Par département", "Département", _departments(place)),
        )
    ]
    if country is None:
        return families
    if place.kind == NATION:
        families.append(_regions(country, families[1]))
    by_institution = Family(
        INSTITUTION,
        "Par institution",
        "Institution",
        _institutions(),
        country.counts(INSTITUTION, place.code),
        _hours(place, period, INSTITUTION),
    )
    return [*families, by_institution]


def _counts_of_office(place: CountedPlace, period: Period, family: str) -> Counts:
    year = period.whole_year
    needs = figure_counts.needs_of(place, start=year.first_day, end=year.end, by_subject=family == SUBJECT)
    return figure_counts.counted(needs, by=_COLUMNS[family], year=period)


def _hours(place: CountedPlace, period: Period, family: str) -> Mapping[str, Hours]:
    days = {"start": period.first_day, "end": period.end}
    if family == INSTITUTION:
        needs: Any = figure_counts.institution_needs_of(place, **days)
    else:
        needs = figure_counts.needs_of(place, **days, by_subject=family == SUBJECT)
    return figure_counts.hours_by(needs, by=_COLUMNS[family], year=period)


_COLUMNS = {SUBJECT: "subject", DEPARTMENT: "department", INSTITUTION: "institution"}


def _subjects() -> dict[str, str]:
    return {
        str(pk): label for pk, label in Subject.objects.order_by("label", "pk").values_list("pk", "label")
    }


def _departments(place: CountedPlace) -> dict[str, str]:
    departments = Department.objects.order_by("name", "pk")
    if place.kind == REGION:
        departments = departments.filter(region=place.code)
    return dict(departments.values_list("pk", "name"))


def _institutions() -> dict[str, str]:
    rows = Institution.objects.order_by("name", "pk").values_list("pk", "name")
    return {str(pk): name for pk, name in rows}


def _regions(country: WholeCountry, departments: Family) -> Family:
    """The regions of the nation: sums of their departments."""
    hours: dict[str, list[Hours]] = {}
    for code, delays in departments.hours.items():
        hours.setdefault(country.regions[code], []).append(delays)
    labels = dict(Region.objects.order_by("name", "pk").values_list("pk", "name"))
    return Family(
        REGION,
        "Par région",
        "Région",
        {**labels, NO_REGION: "Hors région"},
        {(part, pk): numbers for pk in country.inside for (part, _), numbers in country.totals(pk).items()},
        {code: figure_counts.merged(several) for code, several in hours.items()},
    )


def _protected_subjects(place: CountedPlace) -> frozenset[str]:
    """Confidential subjects that an office's institution answers: their line shows even without any need."""
    if not place.is_office:
        return frozenset()
    institution = Institution.objects.get(offices=int(place.code))
    found = Subject.objects.filter(is_confidential=True, slug__in=answered_subjects(institution))
    return frozenset(str(pk) for pk in found.values_list("pk", flat=True))


def _hidden_beyond_offices(
    country: WholeCountry, place: CountedPlace, begun: Sequence[int]
) -> Mapping[str, frozenset[Cell]]:
    """The hidden cells of each measure on the page of a region or of the nation, over the year's parts."""
    labels = {
        SUBJECT: tuple(_subjects()),
        INSTITUTION: tuple(_institutions()),
        DEPARTMENT: tuple(country.regions),
    }
    return country.hidden(labels, begun).on_page(place.code)


def _confidential() -> frozenset[str]:
    found = Subject.objects.filter(is_confidential=True)
    return frozenset(str(pk) for pk in found.values_list("pk", flat=True))


def hidden_of_office(
    subjects: Family, begun: Sequence[int], *, confidential: frozenset[str]
) -> dict[str, frozenset[Cell]]:
    """The hidden cells of each measure on an office's page, over all parts of the year.

    An office reads all but small counts of confidential subjects, which are in none of its totals, and the
    months that would give them. For those that its institution answers, that there is none is hidden too.
    """
    hidden = {}
    for measure in MEASURES:
        counts = {
            (part, SUBJECT, code): subjects.counts.get((part, code), {}).get(measure.code, 0)
            for code in sorted(confidential)
            for part in (WHOLE_YEAR, *begun)
        }
        sums = [
            Sum((WHOLE_YEAR, SUBJECT, code), tuple((part, SUBJECT, code) for part in begun))
            for code in sorted(confidential)
        ]
        small = {
            cell
            for cell, count in counts.items()
            if count < LEAST and (count or cell[2] in subjects.protected)
        }
        hidden[measure.code] = disclosure.hidden_cells(counts, sums, small=small)
    return hidden
