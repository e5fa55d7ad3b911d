"""Answers to pages that ask whether anything changed: 304 when nothing did."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseStopPolling

from experts.accounts import seats
from experts.accounts.middleware import polled
from experts.models import User
from workspace.inbox import versions
from workspace.inbox.versions import Version
from workspace.views.inbox import list_context, reader_of, shown_list
from workspace.views.link_access import own_mailbox


@polled
@never_cache
@require_safe
def inbox_news(request: HttpRequest) -> HttpResponse:
    """The list and its counters again, when a need of hers changed."""
    now, seen, user = timezone.now(), _seen(request), request.user
    work = seats.work_in(request)
    if isinstance(user, User) and seen and not versions.has_news(user, seen, work=work, now=now):
        return HttpResponseNotModified()
    reader = reader_of(request)
    shown = shown_list(reader, request.GET)
    if shown is None:
        raise Http404
    context = list_context(request, reader, shown, now=now)
    response = render(request, "workspace/inbox/_list.html", context)
    response["ETag"] = context["version"].tag
    return response


@polled
@never_cache
@require_safe
def request_news(request: HttpRequest, mailbox: int) -> HttpResponse:
    """A sentence when somebody else acted on the open request; the page then asks no more."""
    own, seen = own_mailbox(request, mailbox), _seen(request)
    if own is None or own.used_by is None:
        raise Http404
    if seen and not versions.has_news_of(own, seen, user=own.used_by):
        return HttpResponseNotModified()
    version = Version.current(now=timezone.now())
    response = render(
        request, "workspace/inbox/_changed.html", {"mailbox": own}, status=HttpResponseStopPolling.status_code
    )
    response["ETag"] = version.tag
    return response


def _seen(request: HttpRequest) -> Version | None:
    return Version.read(request.headers.get("If-None-Match", ""))
