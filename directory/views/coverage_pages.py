"""Pages of coverage: the nation, a region down to its communes, and their files."""

from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from directory import coverage_files
from directory.coverage import page_content, subject_rows
from directory.coverage.coverage_form import CoverageForm
from directory.coverage.coverage_texts import percent
from directory.coverage.map_content import CoverageMap, make_map
from directory.coverage.page_content import ComputedCoverage
from experts.accounts.staff_access import staff_page, staff_user
from experts.models import User
from territories.maps import drawing
from territories.maps.drawing import Drawing
from territories.models import Commune, Epci, Region

WITHOUT_EPCI = "sans"
FIRST_ROWS = 10  # of the table; the others are folded
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_safe
@staff_page
def nation(request: HttpRequest) -> HttpResponse:
    """Show the coverage of the nation by région; only the national team sees what to fix there."""
    user, now = staff_user(request), timezone.now()
    form = CoverageForm(request.GET or None)
    computed = _compute(None, form, now=now)
    context = _context(computed, form, user=user, drawn=drawing.nation())
    context |= {"rows": page_content.region_rows(computed, user=user), "kind": "Région"}
    if user.is_national:
        context |= _holes(computed, user=user)
    return render(request, "directory/coverage_nation.html", context)


@require_safe
@staff_page
def region(request: HttpRequest, code: str) -> HttpResponse:
    """Show the coverage of a region by EPCI, the communes of one of these, or one commune's subjects."""
    user, now = staff_user(request), timezone.now()
    found = _region_or_404(user, code)
    form = CoverageForm(request.GET or None)
    computed = _compute(found.pk, form, now=now)
    communes = [commune for own in computed.content.groups.communes for commune in own]
    drawn = drawing.region(
        {commune.department for commune in communes}, {commune.epci for commune in communes if commune.epci}
    )
    context = _context(computed, form, user=user, drawn=drawn)
    rows = page_content.epci_rows(computed)
    context |= {"region": found, "rows": rows[:FIRST_ROWS], "more_rows": rows[FIRST_ROWS:]}
    context["kind"] = "Intercommunalité"
    context |= _holes(computed, user=user)
    context |= _details(request, computed)
    return render(request, "directory/coverage_region.html", context)


@require_safe
@staff_page
def nation_file(request: HttpRequest, kind: str) -> HttpResponse:
    """Send the figures of the nation, by subject and région."""
    return _file(request, None, kind)


@require_safe
@staff_page
def region_file(request: HttpRequest, code: str, kind: str) -> HttpResponse:
    """Send the figures of a region, by subject and EPCI."""
    return _file(request, _region_or_404(staff_user(request), code).pk, kind)


def _file(request: HttpRequest, code: str | None, kind: str) -> HttpResponse:
    computed = _compute(code, CoverageForm(request.GET or None), now=timezone.now())
    lines = coverage_files.lines(computed, by_region=code is None)
    if kind == "csv":
        response = HttpResponse(coverage_files.csv_text(lines), content_type="text/csv; charset=utf-8")
    else:
        response = HttpResponse(coverage_files.workbook(lines), content_type=XLSX)
    name = f"couverture-{code or 'france'}-{computed.content.on}.{kind}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _region_or_404(user: User, code: str) -> Region:
    """The region, when the user belongs to it or to the national team."""
    found = get_object_or_404(Region, pk=code)
    if not user.is_national and user.region_id != found.pk:
        raise Http404
    return found


def _compute(code: str | None, form: CoverageForm, *, now: datetime) -> ComputedCoverage:
    """Compute what the form asks; a wrong value counts as absent, and the form says what is wrong."""
    asked = form.cleaned_data if form.is_valid() else getattr(form, "cleaned_data", {})
    on: date = asked.get("le") or timezone.localdate(now)
    return page_content.compute(code, subject=asked.get("sujet") or "", on=on, now=now)


def _context(
    computed: ComputedCoverage, form: CoverageForm, *, user: User, drawn: Drawing | None
) -> dict[str, Any]:
    total = computed.total
    asked = {name: str(value) for name, value in getattr(form, "cleaned_data", {}).items() if value}
    query = urlencode(asked)
    return {
        "form": form,
        "on": computed.content.on,
        "is_filtered": form.is_bound,
        "covered": percent(1 - total.uncovered_share),
        "weak": percent(total.weak_share),
        "total": total,
        "map": _map(computed, drawn) if drawn else None,
        "user_region": user.region,
        "query": query,
        "suffix": f"&{query}" if query else "",
        "menu": "coverage",
    }


def _map(computed: ComputedCoverage, drawn: Drawing) -> CoverageMap:
    figures = computed.counts.by(lambda commune: commune.epci)
    names = dict(Epci.objects.filter(pk__in=figures).values_list("pk", "name"))
    return make_map(drawn, figures, names)


def _holes(computed: ComputedCoverage, *, user: User) -> dict[str, Any]:
    holes = computed.holes()
    shown = holes[: page_content.MAX_HOLES]
    return {"holes": page_content.hole_rows(computed, shown, user=user), "hole_count": len(holes)}


def _details(request: HttpRequest, computed: ComputedCoverage) -> dict[str, Any]:
    """The communes of the EPCI asked, or the subjects of the commune asked; nothing by default."""
    epci, code = request.GET.get("epci", ""), request.GET.get("commune", "")
    if code:
        subjects = subject_rows.subject_rows(computed, code)
        if not subjects:
            return {}
        return {
            "commune": Commune.objects.get(pk=code),
            "uncovered": [row for row in subjects if row.is_fallback],
            "themes": subject_rows.rows_by_theme(subjects),
        }
    wanted = "" if epci == WITHOUT_EPCI else epci
    rows = page_content.commune_rows(computed, wanted) if epci else []
    if not rows:
        return {}
    name = Epci.objects.get(pk=wanted).name if wanted else "Sans intercommunalité"
    return {"communes": rows, "epci_name": name}
