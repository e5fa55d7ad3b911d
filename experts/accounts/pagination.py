"""Pagination of long lists, without counting their rows."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict

LAST_PAGE = 200  # beyond it, people have to search


@dataclass(frozen=True)
class Page:
    """Rows of one page, and the query strings of the previous and next pages, empty at the ends."""

    rows: list[Any]
    number: int
    previous: str
    next: str


def page_of(queryset: QuerySet[Any], query: QueryDict, *, size: int) -> Page:
    """Page of the ``?page=`` parameter, the first one by default."""
    number = _number(query)
    start = (number - 1) * size
    rows = list(queryset[start : start + size + 1])
    has_next = len(rows) > size and number < LAST_PAGE
    return Page(
        rows=rows[:size],
        number=number,
        previous=with_page(query, number - 1) if number > 1 else "",
        next=with_page(query, number + 1) if has_next else "",
    )


def rows_up_to(query: QueryDict, *, size: int) -> int:
    """The number of rows that ``page_of`` needs: up to the end of its page, and the first of the next one."""
    return _number(query) * size + 1


def _number(query: QueryDict) -> int:
    typed = query.get("page", "")
    is_number = typed.isascii() and typed.isdigit() and len(typed) < 6
    return min(max(int(typed), 1), LAST_PAGE) if is_number else 1


def with_page(query: QueryDict, number: int) -> str:
    """Query string of another page of the same list."""
    changed = query.copy()
    changed["page"] = str(number)
    return f"?{changed.urlencode()}"


def without_page(query: QueryDict) -> str:
    """Query string of the whole list."""
    changed = query.copy()
    changed.pop("page", None)
    return changed.urlencode()
