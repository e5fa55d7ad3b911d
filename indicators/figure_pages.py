"""Pages of figures: « Chiffres », its workbook, and the needs behind a number."""

from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO

from django.core.exceptions import PermissionDenied
from django.db.models import Min
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from experts.accounts import access_log
from experts.accounts.pagination import page_of
from experts.models import AccessRecord, User
from indicators import charts, figure_exports, figure_tables, needs_behind, places, recruitment_figures
from indicators.definitions import DELAY, DELAY_LABEL, MEASURES, measure_of
from indicators.figure_tables import FigureReport
from indicators.models import FactsState, WholeNeed
from indicators.places import TOTAL, CountedPlace, Period

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ON_A_PAGE = 25


@dataclass(frozen=True)
class FigureSelection:
    """The place and period that a URL asks for, among those that the account may read."""

    places: list[CountedPlace]
    years: list[int]
    place: CountedPlace
    period: Period

    @property
    def query(self) -> str:
        """The query string of this page."""
        query = QueryDict(mutable=True)
        query |= {"lieu": self.place.key, "annee": str(self.period.year), "periode": str(self.period.number)}
        return query.urlencode()


@never_cache
@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """« Chiffres » of an office, a region or the nation, over a year or a part of it."""
    now = timezone.now()
    asked = _selection(request, now=now)
    report = figure_tables.build(asked.place, asked.period, today=timezone.localdate(now))
    subjects = report.tables[0]
    context = {
        "asked": asked,
        "report": report,
        "periods": [asked.period.whole_year, *_periods_begun(asked.period, now=now)],
        "measures": MEASURES,
        "delay_label": DELAY_LABEL,
        "delay": DELAY,
        "recruitment_columns": recruitment_figures.COLUMNS.values(),
        "recruitment_definition": recruitment_figures.DEFINITION,
        "columns": charts.columns(report.parts),
        "bars": charts.side_bars(subjects),
        "counted_at": FactsState.objects.values_list("counted_at", flat=True).first(),
    }
    return render(request, "indicators/figures.html", context)


@never_cache
@require_safe
def workbook(request: HttpRequest) -> HttpResponse:
    """Download the tables of the page, and no other number."""
    now = timezone.now()
    asked = _selection(request, now=now)
    report = figure_tables.build(asked.place, asked.period, today=timezone.localdate(now))
    details = f"Chiffres, {asked.place.name}, {asked.period.label} (xlsx)"
    access_log.record(AccessRecord.Kind.EXPORTED, _reader(request), now=now, details=details, request=request)
    file = BytesIO()
    figure_exports.write(file, report)
    response = HttpResponse(file.getvalue(), content_type=WORKBOOK)
    name = f"chiffres-{asked.place.key}-{asked.period.year}-{asked.period.number}.xlsx"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@never_cache
@require_safe
def needs(request: HttpRequest) -> HttpResponse:
    """List the needs that a figure of the page counts, for those who may open them; 404 when it is hidden.

    The needs of a confidential subject are never listed: the list would show how many there are.
    """
    now = timezone.now()
    asked = _selection(request, now=now)
    report = figure_tables.build(asked.place, asked.period, today=timezone.localdate(now))
    family, code = request.GET.get("par", TOTAL), request.GET.get("valeur", "")
    measure = measure_of(request.GET.get("chiffre", ""))
    line = _line_of(report, family, code)
    if measure is None or line is None or not line.is_listed:
        raise Http404
    figure = next(one for one in line.figures if one.measure == measure.code)
    if figure.count is None:
        raise Http404
    found = needs_behind.found(asked.place, asked.period, measure, family=family, code=code)
    page = page_of(found, request.GET, size=ON_A_PAGE)
    context = {
        "asked": asked,
        "measure": measure,
        "figure": figure,
        "line": line,
        "is_total": family == TOTAL,
        "page": page,
        "rows": needs_behind.rows(asked.place, page.rows),
    }
    return render(request, "indicators/needs.html", context)


def _reader(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def _selection(request: HttpRequest, *, now: datetime) -> FigureSelection:
    """Read the place and period of a URL; by default the first place, over the current year.

    Raises ``PermissionDenied`` for an account without figures, ``Http404`` for those of others.
    """
    readable = places.places_of(_reader(request), now=now)
    if not readable:
        raise PermissionDenied
    today = timezone.localdate(now)
    query = request.GET
    key = query.get("lieu") or readable[0].key
    place = next((one for one in readable if one.key == key), None)
    first: date = WholeNeed.objects.aggregate(first=Min("received_on"))["first"] or today
    years = list(range(today.year, first.year - 1, -1))
    year = _number(query.get("annee"), today.year)
    if place is None or year not in years:
        raise Http404
    parts = places.parts_of_year(place)
    number = _number(query.get("periode"), 0)
    period = Period(year, number if number <= parts else 0, parts)
    if period.first_day > today:
        raise Http404
    return FigureSelection(readable, years, place, period)


def _number(typed: str | None, default: int) -> int:
    return int(typed) if typed and typed.isascii() and typed.isdigit() and len(typed) < 5 else default


def _periods_begun(period: Period, *, now: datetime) -> list[Period]:
    return [part for part in period.all_parts if part.first_day <= timezone.localdate(now)]


def _line_of(report: FigureReport, family: str, code: str) -> figure_tables.FigureLine | None:
    if family == TOTAL:
        return report.total
    lines = (line for table in report.tables if table.family == family for line in table.lines)
    return next((line for line in lines if line.code == code), None)
