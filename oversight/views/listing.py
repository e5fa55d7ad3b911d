"""The staff's list: what goes wrong today, then every request, the newest first."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from oversight import filters
from oversight.paging import page_of
from oversight.rows import rows
from oversight.views.access import member, staff_page
from solicitations.models import Alert, Solicitation
from solicitations.models.finding import SolicitationQuerySet

PAGE = 25
URGENT = 20
MOST_COUNTED = 999
COUNTERS = (filters.HELD, filters.UNCOVERED, filters.LATE, filters.WITHOUT_ANSWER)


@dataclass(frozen=True)
class Counter:
    """How many requests go wrong in one way, and the filter that shows them."""

    code: str
    label: str
    count: str
    is_current: bool


@require_safe
@staff_page
def request_list(request: HttpRequest) -> HttpResponse:
    """The counters, the alerts, the filters and a page of requests."""
    user, now = member(request), timezone.now()
    visible = Solicitation.objects.visible_to(user)
    filtered = filters.RequestFilter(request.GET, queryset=visible, user=user, now=now)
    found = filtered.qs.newest_first().select_related("commune__department").defer("description")
    page = page_of(found, request.GET, size=PAGE)
    is_searched = any(filtered.form.cleaned_data.values())
    alerted = [] if is_searched or page.number > 1 else urgent(visible)
    lines = rows([*alerted, *page.rows])
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
    """The four counters; a count stops where it says nothing more."""
    counted = []
    for code in COUNTERS:
        count = filters.concern(visible, code, now=now)[: MOST_COUNTED + 1].count()
        shown = f"plus de {MOST_COUNTED}" if count > MOST_COUNTED else str(count)
        counted.append(Counter(code, filters.CONCERNS[code], shown, is_current=code == current))
    return counted


def urgent(visible: SolicitationQuerySet) -> list[Solicitation]:
    """The requests with a standing alert, those that reach nobody first."""
    alerts = Alert.objects.standing().filter(solicitation__in=visible).urgent_first()
    placed = alerts.select_related("solicitation__commune__department").defer("solicitation__description")
    return list(dict.fromkeys(alert.solicitation for alert in placed[: URGENT * 2]))[:URGENT]
