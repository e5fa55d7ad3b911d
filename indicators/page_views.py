"""Counting of views of public pages by day, without cookies and after the response is sent."""

import logging
import re

from django.db import DatabaseError
from django.http import HttpRequest
from django.utils import timezone

from experts.accounts.middleware import run_after_response
from indicators.models import PageViews
from mailing.transactions import Locked, without_waiting

ROBOTS = re.compile(r"bot\b|crawl|spider|slurp|preview|monitor|curl|wget|python|headless", re.IGNORECASE)

logger = logging.getLogger(__name__)


def count_view(request: HttpRequest, page: str) -> None:
    """Count a view once the response is sent. Robots, prefetching browsers and staff do not count."""
    if _is_a_visit(request):
        run_after_response(request, lambda: _add_one(page))


def _is_a_visit(request: HttpRequest) -> bool:
    prefetches = "prefetch" in request.headers.get("Sec-Purpose", request.headers.get("Purpose", ""))
    is_robot = bool(ROBOTS.search(request.headers.get("User-Agent", "")))
    return request.method == "GET" and not (prefetches or is_robot or request.user.is_authenticated)


def _add_one(page: str) -> None:
    """Add one; give up while the row is locked: this process has other visitors to answer."""
    try:
        with without_waiting():
            PageViews.objects.add_one(page, on=timezone.localdate())
    except (Locked, DatabaseError):
        logger.warning("a view of %s was not counted", page)
