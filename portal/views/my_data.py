"""« Mes données »: ask for the link, read or download the copy, ask for the deletion and confirm it."""

import time
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from experts.accounts import limits
from experts.tokens import ForgedLink
from owners.forms.follow_up import LostLinkForm
from portal import mailbox_erasure, my_data
from solicitations import links
from solicitations.views.token_pages import secret

ANSWERS_AFTER = timedelta(milliseconds=400)  # more than the mail's row takes to write


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """Ask for the link of an address; the same page, after the same time, whether it is known or not."""
    form = LostLinkForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "portal/my_data_ask.html", {"form": form, "is_done": "envoye" in request.GET})
    now, started = timezone.now(), time.monotonic()
    if limits.LINKS_PER_ADDRESS.is_over(limits.address_of(request), now=now):
        return limits.too_many(request, back=request.path)
    email = form.cleaned_data["email"]
    if not limits.LINKS_PER_EMAIL.is_over(limits.normalise_email(email), now=now):
        my_data.send_link(email, now=now)
    time.sleep(max(0.0, ANSWERS_AFTER.total_seconds() - (time.monotonic() - started)))
    response = redirect("my_data")
    response["Location"] += "?envoye"
    return response


def data_page(purpose: str) -> Callable[[Callable[..., Any]], Callable[..., HttpResponse]]:
    """Decorate a view that a link of this kind opens; an expired one leads to a page that sends another."""

    def decorate(view: Callable[..., Any]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def answered(request: HttpRequest, token: str) -> HttpResponse:
            try:
                address = my_data.address_of(token, purpose=purpose, today=timezone.localdate())
            except ForgedLink:
                return render(request, "portal/my_data_dead.html", status=410)
            response: HttpResponse = view(request, address, token)
            return response

        return secret(answered)

    return decorate


@data_page(my_data.COPY)
@require_safe
def copy(request: HttpRequest, address: str, token: str) -> HttpResponse:
    """The copy as a page."""
    rows = [(row, links.follow_url(row)) for row in my_data.requests_of(address)]
    now = timezone.now()
    copied = my_data.copy_of(address, now=now)["requests"]
    context = {
        "address": address,
        "token": token,
        "requests": [
            {"row": row, "url": url, "copy": each} for (row, url), each in zip(rows, copied, strict=True)
        ],
        "drafts": [(draft, links.resume_url(draft)) for draft in my_data.drafts_of(address, now=now)],
        "is_asked": "demande" in request.GET,
    }
    return render(request, "portal/my_data.html", context)


@data_page(my_data.COPY)
@require_safe
def download(request: HttpRequest, address: str, token: str) -> HttpResponse:
    """The copy as JSON."""
    copied = my_data.copy_of(address, now=timezone.now())
    answer = JsonResponse(copied, json_dumps_params={"ensure_ascii": False, "indent": 2})
    answer["Content-Disposition"] = 'attachment; filename="mes-donnees.json"'
    return answer


@data_page(my_data.COPY)
@require_safe
def archive(request: HttpRequest, address: str, token: str) -> HttpResponseBase:
    """The copy with its files, as a ZIP."""
    now = timezone.now()
    parts = my_data.archive_chunks(address, now=now)
    response = StreamingHttpResponse(parts, content_type="application/zip")
    response["Content-Disposition"] = 'attachment; filename="mes-donnees.zip"'
    return response


@data_page(my_data.COPY)
@require_POST
def ask_deletion(request: HttpRequest, address: str, token: str) -> HttpResponse:
    """Mail the link that confirms the deletion."""
    my_data.send_link(address, purpose=my_data.DELETION, now=timezone.now())
    response = redirect("my_data_copy", token=token)
    response["Location"] += "?demande"
    return response


@data_page(my_data.DELETION)
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, address: str, token: str) -> HttpResponse:
    """Say what will be erased, then erase it."""
    if request.method == "POST":
        erased = mailbox_erasure.erase_mailbox(address, now=timezone.now())
        return render(request, "portal/my_data_deleted.html", {"count": erased})
    context = {
        "rows": my_data.requests_of(address),
        "drafts": my_data.drafts_of(address, now=timezone.now()),
    }
    return render(request, "portal/my_data_delete.html", context)
