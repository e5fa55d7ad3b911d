"""Lists of the offices and of the experts, with their filters."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from directory.directory_filters import ExpertFilter, OfficeFilter
from directory.list_rows import expert_rows, in_order, office_rows
from experts.accounts.pagination import page_of
from experts.accounts.staff_access import staff_page, staff_user
from experts.models import Expert, Office

PAGE = 25


@require_safe
@staff_page
def offices(request: HttpRequest) -> HttpResponse:
    """List the offices of the region and those that reach it, or all for the national team."""
    user, now = staff_user(request), timezone.now()
    today = timezone.localdate(now)
    readable = Office.objects.readable_by(user)
    filtered = OfficeFilter(request.GET, user=user, queryset=readable, today=today, now=now)
    page = page_of(in_order(filtered.found), request.GET, size=PAGE)
    rows = office_rows(page.rows, user=user, today=today, now=now)
    is_whole = not filtered.is_searched and page.number == 1 and not page.next
    context = {
        "filtered": filtered,
        "form": filtered.form,
        "page": page,
        "rows": rows,
        "is_empty": is_whole and user.region is not None and not any(row.is_ours for row in rows),
        "region": user.region,
        "menu": "offices",
    }
    return render(request, "directory/offices.html", context)


@require_safe
@staff_page
def experts(request: HttpRequest) -> HttpResponse:
    """List the experts of the offices that the user may change."""
    user, now = staff_user(request), timezone.now()
    today = timezone.localdate(now)
    visible = Expert.objects.visible_to(user)
    filtered = ExpertFilter(request.GET, queryset=visible, today=today, now=now)
    page = page_of(in_order(filtered.found), request.GET, size=PAGE)
    context = {
        "filtered": filtered,
        "form": filtered.form,
        "page": page,
        "rows": expert_rows(page.rows, today=today, now=now),
        "region": user.region,
        "menu": "experts",
    }
    return render(request, "directory/experts.html", context)
