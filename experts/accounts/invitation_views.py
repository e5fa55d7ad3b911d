"""The page that the mail of an invitation opens: it says what is offered, and mails a code."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from experts.accounts import adapter, limits, seat_invitations, sign_in
from experts.accounts.seat_invitations import InvitationEnded
from experts.models import Invitation, User
from experts.tokens import ForgedLink


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_not_required
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Show an invitation; POST accepts it, by a code sent to its address unless it is signed in."""
    response = _answer(request, token)
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "same-origin"
    return response


def _answer(request: HttpRequest, token: str) -> HttpResponse:
    now = timezone.now()
    try:
        found = seat_invitations.invitation_of(token, now=now)
    except ForgedLink:
        return render(request, "team/invitation_ended.html", status=404)
    except InvitationEnded as ended:
        context = {"invitation": ended.invitation, "by": ended.invitation.invited_by}
        return render(request, "team/invitation_ended.html", context, status=410)
    if request.method == "POST":
        return _accept(request, found)
    offer = seat_invitations.offer_of(found)
    return render(request, "team/invitation.html", {"invitation": found, "offer": offer.description})


def _accept(request: HttpRequest, found: Invitation) -> HttpResponse:
    user, now = request.user, timezone.now()
    if isinstance(user, User) and user.email.lower() == found.email.lower():
        for offer in seat_invitations.accept_all(user, now=now):
            messages.success(request, f"C'est fait : {offer.description}.")
        return redirect(adapter.first_page(user))
    if isinstance(user, User):
        messages.error(request, f"Déconnectez-vous d'abord : cette invitation est pour {found.email}.")
        return redirect(request.path)
    if limits.are_codes_over(request, found.email, now=now):
        return limits.too_many(request, back=request.path)
    sign_in.begin(request, found.email)
    return redirect("account_confirm_login_code")
