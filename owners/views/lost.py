"""« J'ai perdu mon lien »: the same page, after the same time, whether the address is known or not."""

import time
from datetime import datetime, timedelta

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from experts.accounts import limits
from owners.forms.follow_up import LostLinkForm
from solicitations.actions import company_requests

ANSWERS_AFTER = timedelta(milliseconds=400)  # more than the mail's row takes to write


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def lost(request: HttpRequest) -> HttpResponse:
    """Ask for an address; its requests are listed in a mail only."""
    form = LostLinkForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        context = {"form": form, "is_done": "envoye" in request.GET}
        return render(request, "owners/lost.html", context)
    now, started = timezone.now(), time.monotonic()
    if limits.LINKS_PER_ADDRESS.is_over(limits.address_of(request), now=now):
        return limits.too_many(request, back=request.path)
    _send(form.cleaned_data["email"], now=now)
    time.sleep(max(0.0, ANSWERS_AFTER.total_seconds() - (time.monotonic() - started)))
    response = redirect("owners:lost")
    response["Location"] += "?envoye"
    return response


def _send(email: str, *, now: datetime) -> None:
    """Mail the links; nothing to a mailbox above its limit, and the page does not tell."""
    if not limits.LINKS_PER_EMAIL.is_over(limits.normalise_email(email), now=now):
        company_requests.send_lost_links(email, now=now)
