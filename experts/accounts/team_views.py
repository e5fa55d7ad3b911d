"""« Équipe »: the people of an office or of the regions, their invitations and seats."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from experts.accounts import adapter, limits, seat_invitations, seats, team_access, team_content
from experts.accounts.seat_invitations import InvitationRefused
from experts.accounts.team_forms import InvitedPersonForm, OfficeInvitationForm, RegionInvitationForm
from experts.models import Invitation, Seat, User

shown_or_posted = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@never_cache
def team(request: HttpRequest) -> HttpResponse:
    """The offices that the account manages; the regions for the national team."""
    user, now = team_access.account(request), timezone.now()
    offices = list(seats.managed_offices(user, now=now).select_related("institution").order_by("name", "pk"))
    if len(offices) == 1 and not user.is_staff:
        return redirect("office_team", offices[0].pk)
    return render(request, "team/team.html", {"offices": offices})


@shown_or_posted
@never_cache
def office_team(request: HttpRequest, pk: int) -> HttpResponse:
    """The people of an office, and an invitation into it."""
    office, now = team_access.office_or_404(request, pk), timezone.now()
    content = team_content.office_team(office, now=now)
    posts = [line.expert for line in content.posts]
    form = OfficeInvitationForm(
        request.POST if request.method == "POST" else None, office=office, posts=posts, auto_id="team_%s"
    )
    if request.method == "POST" and _invited(request, form):
        return redirect("office_team", pk)
    return render(request, "team/office.html", {"office": office, "team": content, "form": form})


@shown_or_posted
@never_cache
def region_teams(request: HttpRequest) -> HttpResponse:
    """The regional admins of each region, and an invitation, by the national team."""
    team_access.national_account(request)
    form = RegionInvitationForm(request.POST if request.method == "POST" else None, auto_id="team_%s")
    if request.method == "POST" and _invited(request, form):
        return redirect("region_teams")
    teams = team_content.region_teams(now=timezone.now())
    without = [team.region.name for team in teams if not (team.admins or team.invitations)]
    context = {"teams": teams, "without": without, "form": form}
    return render(request, "team/regions.html", context)


@require_POST
@never_cache
def send_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Mail an invitation again."""
    invitation, now = team_access.invitation_or_404(request, pk), timezone.now()
    if limits.INVITATIONS_PER_ACCOUNT.is_over(str(request.user.pk), now=now):
        return limits.too_many(request, back=_team_path(invitation))
    try:
        seat_invitations.send_again(invitation, by=team_access.account(request), now=now)
    except InvitationRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"L'invitation repart à {invitation.email}.")
    return redirect(_team_path(invitation))


@require_POST
@never_cache
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an invitation back."""
    invitation = team_access.invitation_or_404(request, pk)
    seat_invitations.withdraw(invitation, by=team_access.account(request), now=timezone.now())
    messages.success(request, f"L'invitation de {invitation.email} est reprise : son lien n'ouvre plus rien.")
    return redirect(_team_path(invitation))


@shown_or_posted
@never_cache
def end_seat(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what ending a seat leaves, then end it."""
    seat, now = team_access.seat_or_404(request, pk), timezone.now()
    user, office = team_access.account(request), seats.office_of(seat)
    if request.method == "POST":
        seats.end(seat, by=user, now=now)
        messages.success(request, f"{seat.user} n'a plus cette place.")
        return redirect(_after_end(user, seat))
    others = Seat.objects.current(now=now).filter(office=office).exclude(pk=seat.pk)
    context = {
        "seat": seat,
        "office": office,
        "is_mine": seat.user == user,
        "is_last_manager": bool(seat.office_id) and not others.exists(),
    }
    return render(request, "team/end_seat.html", context)


def _invited(request: HttpRequest, form: Any) -> bool:
    """Send the invitation of a valid form; the form says why when it is refused."""
    if not form.is_valid():
        return False
    user, now = team_access.account(request), timezone.now()
    if limits.INVITATIONS_PER_ACCOUNT.is_over(str(user.pk), now=now):
        form.add_error(None, "Trop d'invitations en une heure : attendez avant d'en envoyer d'autres.")
        return False
    person: InvitedPersonForm = form
    email, name = person.cleaned_data["email"], person.cleaned_data["name"]
    try:
        seat_invitations.invite(email, name=name, offer=form.chosen, by=user, now=now)
    except InvitationRefused as refused:
        form.add_error("email", str(refused))
        return False
    messages.success(request, f"L'invitation part à {email}. Elle sert pendant quatorze jours.")
    return True


def _team_path(invitation: Invitation) -> str:
    """Path of the page that lists this invitation."""
    offer = seat_invitations.offer_of(invitation)
    office = offer.office or (offer.expert.office if offer.expert else None)
    return reverse("office_team", args=[office.pk]) if office else reverse("region_teams")


def _after_end(user: User, seat: Seat) -> str:
    """The office's page, or the first one of an account that may not open it any more."""
    office = seats.office_of(seat)
    if seats.may_give_seats_in(user, office, now=timezone.now()):
        return reverse("office_team", args=[office.pk])
    return adapter.first_page(user)
