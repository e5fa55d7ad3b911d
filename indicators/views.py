"""Figures for staff: views of the public pages."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from experts.accounts.staff_access import staff_page
from indicators.models import PageViews

WEEK, MONTH = timedelta(days=7), timedelta(days=30)


@require_safe
@staff_page
def page_views(request: HttpRequest) -> HttpResponse:
    """Show the views of each public page that is counted, over a week and a month."""
    today = timezone.localdate()
    rows = PageViews.objects.by_page(week_from=today - WEEK, month_from=today - MONTH)
    return render(request, "indicators/page_views.html", {"rows": rows})
