"""The staff's list of requests: counters, open alerts, all requests; and what is filtered, as a file."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from experts.accounts import access_log
from experts.accounts.pagination import page_of, without_page
from experts.accounts.staff_access import staff_page, staff_user
from experts.models import AccessRecord
from oversight import exports, filters
from oversight.request_rows import request_rows
from solicitations.models import Alert, Solicitation
from solicitations.models.request_querysets import SolicitationQuerySet

PAGE = 25
URGENT = 20
MAX_COUNTED = 999
KINDS: dict[str, tuple[str, Callable[[Iterable[exports.RequestLine]], Iterator[Any]]]] = {
    "csv": ("text/csv; charset=utf-8", exports.csv_chunks),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", exports.xlsx_chunks),
}
CAPTIONS = {
    "": "Demandes, la plus récente d'abord",
    filters.OLDEST_FIRST: "Demandes, la plus ancienne d'abord",
    filters.BY_COMPANY: "Demandes, par nom d'entreprise",
}
COUNTERS = (filters.HELD, filters.UNCOVERED, filters.LATE, filters.WITHOUT_ANSWER)


@dataclass(frozen=True)
class Counter:
    """Number of requests with one problem, and the filter that lists them."""

    code: str
    label: str
    count: str
    is_current: bool


@require_safe
@staff_page
def request_list(request: HttpRequest) -> HttpResponse:
    """Show the counters, the alerts, the filters and a page of requests."""
    user, now = staff_user(request), timezone.now()
    visible = Solicitation.objects.visible_to(user)
    filtered = filters.RequestFilter(request.GET, queryset=visible, user=user, now=now)
    found = filtered.found.select_related("commune__department", "handled_by").defer("description")
    page = page_of(found, request.GET, size=PAGE)
    alerted = [] if filtered.is_searched or page.number > 1 else urgent(visible)
    lines = request_rows([*alerted, *page.rows])
    context = {
        "region": user.region,
        "counters": counters(visible, current=request.GET.get("vue", ""), now=now),
        "urgent": lines[: len(alerted)],
        "urgent_most": URGENT,
        "form": filtered.form,
        "folded": filtered.folded,
        "is_unfolded": filtered.is_unfolded,
        "is_searched": filtered.is_searched,
        "caption": CAPTIONS[filtered.form.cleaned_data.get("tri", "")],
        "query": without_page(request.GET),
        "page": page,
        "rows": lines[len(alerted) :],
    }
    return render(request, "oversight/list.html", context)


@require_safe
@staff_page
def export_csv(request: HttpRequest) -> HttpResponseBase:
    """Stream what is filtered as a CSV file."""
    return _export(request, "csv")


@require_safe
@staff_page
def export_xlsx(request: HttpRequest) -> HttpResponseBase:
    """Stream what is filtered as a workbook."""
    return _export(request, "xlsx")


def _export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Export what the list shows with the same filters; a wrong one leads back to the list, which says so."""
    user, now = staff_user(request), timezone.now()
    visible = Solicitation.objects.visible_to(user)
    filtered = filters.RequestFilter(request.GET, queryset=visible, user=user, now=now)
    if not filtered.form.is_valid():
        return redirect(f"{reverse('oversight:list')}?{without_page(request.GET)}")
    name = f"demandes-{timezone.localdate(now)}.{kind}"
    access_log.record(AccessRecord.Kind.EXPORTED, user, details=name, now=now, request=request)
    content_type, chunks = KINDS[kind]
    most = exports.MAX_IN_CSV if kind == "csv" else exports.MAX_IN_WORKBOOK
    lines = exports.lines(filtered.found, visible=visible, most=most)
    response = StreamingHttpResponse(chunks(lines), content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def counters(visible: SolicitationQuerySet, *, current: str, now: datetime) -> list[Counter]:
    """The four counters; each stops counting at ``MAX_COUNTED``."""
    counted = []
    for code in COUNTERS:
        count = filters.with_problem(visible, code, now=now)[: MAX_COUNTED + 1].count()
        shown = f"plus de {MAX_COUNTED}" if count > MAX_COUNTED else str(count)
        counted.append(Counter(code, filters.PROBLEMS[code], shown, is_current=code == current))
    return counted


def urgent(visible: SolicitationQuerySet) -> list[Solicitation]:
    """Requests with an open alert, those without any recipient first."""
    alerts = Alert.objects.open().filter(solicitation__in=visible).urgent_first()
    placed = alerts.select_related("solicitation__commune__department", "solicitation__handled_by").defer(
        "solicitation__description"
    )
    return list(dict.fromkeys(alert.solicitation for alert in placed[: URGENT * 2]))[:URGENT]
