"""The inbox of experts and managers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from experts import contacts
from experts.accounts.pagination import Page, page_of, rows_up_to, without_page
from experts.models import Expert, User
from solicitations.lifecycle import ACTIVE
from solicitations.models.matches import MatchQuerySet
from workspace.inbox import bulk, inbox_filters, inbox_queries, tabs
from workspace.inbox.inbox_filters import InboxFilterForm
from workspace.inbox.inbox_rows import InboxRow, inbox_rows
from workspace.inbox.readers import Reader
from workspace.inbox.tabs import InboxList, Scope, StateTab
from workspace.inbox.versions import Version
from workspace.models import SavedSearch
from workspace.views.inbox_neighbours import remember

LAST_SEARCH = "inbox_search"  # in the session
REFUSED = "inbox_refused"  # in the session: what was ticked and typed for a gesture that was refused
ON_A_PAGE = 25


@dataclass(frozen=True)
class Tab:
    """A tab: its label, its number of needs, ``None`` when it is not counted, and its query string."""

    label: str
    count: int | None
    query: str
    is_current: bool


@never_cache
@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """« Mes besoins », as they were filtered last when no list is asked for."""
    now, reader = timezone.now(), reader_of(request)
    if not request.GET and (last := request.session.get(LAST_SEARCH)):
        return redirect(f"{request.path}?{last}")
    shown = shown_list(reader, request.GET)
    if shown is None:
        return render(request, "workspace/inbox/no_seat.html")
    is_searched = inbox_filters.is_used(request.GET)
    remember_search(request, without_page(request.GET) if is_searched else "")
    context = list_context(request, reader, shown, now=now)
    return render(request, "workspace/inbox/list.html", context | {"typed": request.session.pop(REFUSED, {})})


def reader_of(request: HttpRequest) -> Reader:
    """The signed-in person, with her seats."""
    assert isinstance(request.user, User)  # noqa: S101 (LoginRequiredMiddleware)
    return Reader.of(request.user, now=timezone.now())


def shown_list(reader: Reader, query: QueryDict) -> InboxList | None:
    """The list that a query string asks for; ``None`` without any seat."""
    is_searched = bool(query.get("q"))
    return tabs.choose_list(
        reader, scope=query.get("pour", ""), tab=query.get("onglet", ""), is_searched=is_searched
    )


def found_needs(
    reader: Reader, shown: InboxList, form: InboxFilterForm, *, enough: int, now: datetime
) -> MatchQuerySet:
    """The needs of a list that its filters leave, in order; see ``inbox_filters.filtered``."""
    listed = inbox_queries.listed(reader, shown)
    needs = inbox_filters.filtered(listed, form.chosen, shown, enough=enough, now=now)
    return inbox_queries.in_order(needs, reader, shown, now=now, today=timezone.localdate(now))


def remember_search(request: HttpRequest, query: str) -> None:
    """Keep the filters in the session, when they are others."""
    if request.session.get(LAST_SEARCH, "") != query:
        request.session[LAST_SEARCH] = query


def list_context(request: HttpRequest, reader: Reader, shown: InboxList, *, now: datetime) -> dict[str, Any]:
    """Content of a list; its version is read first: what comes meanwhile is news."""
    version = Version.current(now=now)
    form = InboxFilterForm(request.GET, reader=reader, shown=shown)
    found = found_needs(reader, shown, form, enough=rows_up_to(request.GET, size=ON_A_PAGE), now=now)
    page = page_of(found.values_list("pk", flat=True), request.GET, size=ON_A_PAGE)
    rows = inbox_rows(reader, page.rows, now=now)
    remember(request, (row.mailbox for row in rows if row.address), query=request.GET.urlencode())
    states, scopes = state_tabs(reader, shown, request.GET), scope_tabs(reader, shown, request.GET)
    return {
        "shown": shown,
        "version": version,
        "rows": rows,
        "page": page,
        "states": states,
        "scopes": scopes,
        "form": form,
        "is_searched": inbox_filters.is_used(request.GET),
        "query": without_page(request.GET),
        "whole_list": f"?pour={shown.scope}&onglet={shown.tab}",
        "searches": list(SavedSearch.objects.filter(user=reader.user).order_by("name", "pk")),
        "bulk": _bulk(reader, rows, shown, request.GET),
        "shows_people": shown.scope in {Scope.OFFICE, Scope.MANAGED},
        **({} if rows else _empty(reader, states, page)),
    }


def _bulk(reader: Reader, rows: list[InboxRow], shown: InboxList, query: QueryDict) -> dict[str, Any]:
    """Content of the form that acts on several needs; no people when none of the list can be acted on."""
    listed = query.copy()
    listed.pop("page", None)
    listed["pour"], listed["onglet"] = shown.scope, shown.tab
    content: dict[str, Any] = {"query": listed.urlencode(), "people": None}
    if not any(row.address and row.state in ACTIVE for row in rows):
        return content
    near = Expert.objects.filter(pk__in=sorted(reader.everybody), left_at=None, is_paused=False)
    return content | {
        "people": list(near.select_related("office").order_by("name", "pk")),
        "endings": [(code, label) for code, (label, _) in bulk.ENDINGS.items()],
        "may_close": bool(reader.posts),
    }


def _query_of(query: QueryDict, *, scope: str, tab: str) -> str:
    """The query string of another list with the same filters; a state is one of its own list."""
    changed = query.copy()
    changed.pop("page", None)
    changed.pop("etat", None)
    changed["pour"], changed["onglet"] = scope, tab
    return f"?{changed.urlencode()}"


def state_tabs(reader: Reader, shown: InboxList, query: QueryDict) -> list[Tab]:
    """The tabs by state, counted over the whole scope."""
    counted = inbox_queries.counts_by_tab(reader, shown.scope)
    return [
        Tab(
            label=tab.label,
            count=sum(counted.values()) if tab == StateTab.ALL else counted.get(tab, 0),
            query=_query_of(query, scope=shown.scope, tab=tab),
            is_current=tab == shown.tab,
        )
        for tab in StateTab
    ]


def scope_tabs(reader: Reader, shown: InboxList, query: QueryDict) -> list[Tab]:
    """The scopes, each with what waits for an answer there."""
    waiting = inbox_queries.waiting_by_scope(reader)
    return [
        Tab(
            label=scope.label,
            count=waiting[scope],
            query=_query_of(query, scope=scope, tab=shown.tab),
            is_current=scope == shown.scope,
        )
        for scope in tabs.scopes_of(reader)
    ]


def _empty(reader: Reader, states: list[Tab], page: Page) -> dict[str, Any]:
    """The words of an empty list: why, and how the region is reached when nothing ever came."""
    is_first_day = not any(tab.count for tab in states)
    if not is_first_day or page.number > 1:
        return {"is_first_day": False}
    office = (
        Expert.objects.filter(pk__in=reader.everybody).select_related("office__region").order_by("pk").first()
    )
    region = office.office.region if office else None
    return {
        "is_first_day": True,
        "region": contacts.region_contact(region, on=timezone.localdate()),
    }
