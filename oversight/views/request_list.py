"""The staff's list of requests: counters, standing alerts, then all requests, the newest first."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from oversight import filters
from oversight.pagination import page_of
from oversight.request_rows import request_rows
from oversight.views.access import staff_page, staff_user
from solicitations.models import Alert, Solicitation
from solicitations.models.request_querysets import SolicitationQuerySet

PAGE = 25
URGENT = 20
MOST_COUNTED = 999
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
    found = filtered.qs.newest_first().select_related("commune__department").defer("description")
    page = page_of(found, request.GET, size=PAGE)
    is_searched = any(filtered.form.cleaned_data.values())
    alerted = [] if is_searched or page.number > 1 else urgent(visible)
    lines = request_rows([*alerted, *page.rows])
    context = {
        "region": user.region,
        "counters": counters(visible, current=request.GET.get("vue", ""), now=now),
        "urgent": lines[: len(alerted)],
        "urgent_most": URGENT,
        "form": filtered.form,
        "is_searched": is_searched,
        "page": page,
        "rows": lines[len(alerted) :],
    }
    return render(request, "oversight/list.html", context)


def counters(visible: SolicitationQuerySet, *, current: str, now: datetime) -> list[Counter]:
    """The four counters; each stops counting at ``MOST_COUNTED``."""
    counted = []
    for code in COUNTERS:
        count = filters.with_problem(visible, code, now=now)[: MOST_COUNTED + 1].count()
        shown = f"plus de {MOST_COUNTED}" if count > MOST_COUNTED else str(count)
        counted.append(Counter(code, filters.PROBLEMS[code], shown, is_current=code == current))
    return counted


def urgent(visible: SolicitationQuerySet) -> list[Solicitation]:
    """Requests with a standing alert, those without any recipient first."""
    alerts = Alert.objects.open().filter(solicitation__in=visible).urgent_first()
    placed = alerts.select_related("solicitation__commune__department").defer("solicitation__description")
    return list(dict.fromkeys(alert.solicitation for alert in placed[: URGENT * 2]))[:URGENT]
