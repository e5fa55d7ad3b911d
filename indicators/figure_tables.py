"""Figures of a place and a year, as tables: exact for an office, rounded elsewhere."""

from collections import Counter, defaultdict
from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from datetime import date

from directory.office_content import answered_subjects
from experts.models import Institution, Subject
from indicators import figure_counts, recruitment_figures, rounding
from indicators.definitions import MEASURES, OF_SURVEY, RECEIVED
from indicators.figure_counts import ALL, COLUMNS, PERIOD, Counts, Hours, Key
from indicators.places import (
    DEPARTMENT,
    INSTITUTION,
    NATION,
    NO_REGION,
    REGION,
    SUBJECT,
    WHOLE_YEAR,
    CountedPlace,
    Period,
)
from indicators.recruitment_figures import RecruitmentLine
from territories.models import Department, Region

SHARE_FROM = 100  # a share of a smaller rounded number would be too far from the true one


@dataclass(frozen=True)
class Figure:
    """One number of a table; ``count`` is ``None`` when it is hidden."""

    measure: str
    label: str
    count: int | None
    share: str = ""

    @property
    def text(self) -> str:
        return rounding.in_words(self.count)


@dataclass(frozen=True)
class FigureLine:
    """Figures of one category, or of one period."""

    code: str
    label: str
    figures: tuple[Figure, ...]
    delay: str
    is_listed: bool = True  # its needs may be listed

    @property
    def received(self) -> Figure:
        return self.figures[0]


@dataclass(frozen=True)
class FigureTable:
    """Figures by category; ``others``: the categories that have too few needs to be shown."""

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
    """Categories of a place: codes and labels in the order of the page, and their counts.

    ``rounded``: the categories whose numbers are. ``unlisted``: those whose needs are not listed. ``always``:
    those that have a line even without any need.
    """

    name: str
    title: str
    heading: str
    labels: Mapping[str, str]
    counts: Counts
    hours: Mapping[str, Hours]
    rounded: Container[str]
    unlisted: frozenset[str] = frozenset()
    always: frozenset[str] = frozenset()


def build(place: CountedPlace, period: Period, *, today: date) -> FigureReport:
    """Count, round, and lay out the tables of the period."""
    year = period.whole_year
    of_year = figure_counts.needs_of(place, start=year.first_day, end=year.end)
    begun = [part for part in period.all_parts if part.first_day <= today]
    with figure_counts.groups_in_memory():
        families = _families(place, period)
        by_part = figure_counts.hours_by(of_year, by=PERIOD, year=period)
    total = figure_counts.totals(families[1].counts)  # of départements
    lines = {
        part.number: _line(
            ALL,
            part.label.capitalize(),
            total.get((part.number, ALL), {}),
            figure_counts.merged(by_part.values())
            if part.number == WHOLE_YEAR
            else by_part.get(str(part.number), {}),
            is_rounded=not place.is_office,
        )
        for part in (*begun, year)
    }
    parts = tuple(lines[part.number] for part in begun)
    return FigureReport(
        place,
        period,
        lines[period.number],
        FigureTable(PERIOD, f"Par période, {period.year}", "Période", parts),
        tuple(_table(family, period.number, lists_others=not place.is_office) for family in families),
        tuple(recruitment_figures.lines(place, period)),
    )


def _line(code: str, label: str, numbers: Mapping[str, int], hours: Hours, *, is_rounded: bool) -> FigureLine:
    """One line; the delay is told where the needs received and taken are."""
    shown = {one.code: numbers.get(one.code, 0) for one in MEASURES}
    shown_counts = {code: rounding.rounded(count) if is_rounded else count for code, count in shown.items()}
    least = SHARE_FROM if is_rounded else 1
    figures = tuple(
        Figure(
            measure=one.code,
            label=one.label,
            count=shown_counts[one.code],
            share=_share(
                shown_counts[one.code],
                shown_counts["avis" if one.code in OF_SURVEY else RECEIVED.code],
                least,
            )
            if one is not RECEIVED
            else "",
        )
        for one in MEASURES
    )
    has_delay = shown_counts[RECEIVED.code] is not None and shown_counts["pris"] is not None
    return FigureLine(code, label, figures, figure_counts.median_of(hours) if has_delay else "")


def _share(part: int | None, whole: int | None, least: int) -> str:
    return f"{100 * part / whole:.0f}\u00a0%" if part and whole and whole >= least else ""


def _table(family: Family, part: int, *, lists_others: bool) -> FigureTable:
    """The lines of a period, the largest first; those without any need to show are left out."""
    lines = [
        replace(
            _line(
                code,
                label,
                family.counts.get((part, code), {}),
                family.hours.get(code, {}),
                is_rounded=code in family.rounded,
            ),
            is_listed=code not in family.unlisted,
        )
        for code, label in family.labels.items()
    ]
    listed = [line for line in lines if line.received.count or line.code in family.always]
    listed.sort(key=lambda line: -(line.received.count or 0))
    others = [line.label for line in lines if line not in listed] if lists_others else []
    return FigureTable(family.name, family.title, family.heading, tuple(listed), tuple(others))


def _families(place: CountedPlace, period: Period) -> list[Family]:
    """The categories of a page: subjects, départements and, beyond an office, regions and institutions."""
    subjects = replace(
        _family(place, period, SUBJECT, "Par sujet", "Sujet", _subjects()), unlisted=_confidential()
    )
    if place.is_office:
        subjects = replace(subjects, rounded=subjects.unlisted, always=_answered_confidential(place))
    departments = _family(place, period, DEPARTMENT, "Par département", "Département", _departments(place))
    if place.is_office:
        return [subjects, departments]
    institutions = _family(place, period, INSTITUTION, "Par institution", "Institution", _institutions())
    regions = [_regions(departments)] if place.kind == NATION else []
    return [subjects, departments, *regions, institutions]


def _family(
    place: CountedPlace, period: Period, name: str, title: str, heading: str, labels: Mapping[str, str]
) -> Family:
    year, column = period.whole_year, COLUMNS[name]
    of_year = figure_counts.needs_of(place, start=year.first_day, end=year.end, family=name)
    of_period = figure_counts.needs_of(place, start=period.first_day, end=period.end, family=name)
    counts = figure_counts.counted(of_year, by=column, year=period)
    hours = figure_counts.hours_by(of_period, by=column, year=period)
    return Family(name, title, heading, labels, counts, hours, () if place.is_office else labels)


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


def _regions(departments: Family) -> Family:
    """The regions of the nation: sums of their departments."""
    region_of = {pk: region or NO_REGION for pk, region in Department.objects.values_list("pk", "region")}
    counts: dict[Key, Counter[str]] = defaultdict(Counter)
    for (part, department), numbers in departments.counts.items():
        counts[part, region_of[department]].update(numbers)
    hours: dict[str, list[Hours]] = defaultdict(list)
    for department, delays in departments.hours.items():
        hours[region_of[department]].append(delays)
    labels = {
        **dict(Region.objects.order_by("name", "pk").values_list("pk", "name")),
        NO_REGION: "Hors région",
    }
    merged = {code: figure_counts.merged(several) for code, several in hours.items()}
    return Family(REGION, "Par région", "Région", labels, counts, merged, labels)


def _confidential() -> frozenset[str]:
    found = Subject.objects.filter(is_confidential=True)
    return frozenset(str(pk) for pk in found.values_list("pk", flat=True))


def _answered_confidential(place: CountedPlace) -> frozenset[str]:
    """Confidential subjects that an office's institution answers: that it got none is not told either."""
    institution = Institution.objects.get(offices=int(place.code))
    found = Subject.objects.filter(is_confidential=True, slug__in=answered_subjects(institution))
    return frozenset(str(pk) for pk in found.values_list("pk", flat=True))
