"""Access to the pages of a team: an office's managers, its region, the national team."""

from django.http import Http404, HttpRequest
from django.utils import timezone

from experts.accounts import seat_invitations, seats
from experts.models import Invitation, Office, Seat, User


def account(request: HttpRequest) -> User:
    """The signed-in account; 404 when it neither manages nor is staff."""
    user = request.user
    if isinstance(user, User) and (user.is_staff or seats.work_in(request).manages):
        return user
    raise Http404


def national_account(request: HttpRequest) -> User:
    """The signed-in member of the national team; 404 for anybody else."""
    user = account(request)
    if not user.is_national:
        raise Http404
    return user


def office_or_404(request: HttpRequest, pk: int) -> Office:
    """The office; 404 when the user gives no seat in it."""
    found = Office.objects.select_related("institution", "region").filter(pk=pk).first()
    if found is None or not seats.may_give_seats_in(account(request), found, now=timezone.now()):
        raise Http404
    return found


def invitation_or_404(request: HttpRequest, pk: int) -> Invitation:
    """The pending invitation; 404 when the user may not give what it offers."""
    user, found = account(request), seat_invitations.with_offers().pending().filter(pk=pk).first()
    if found is None or not seat_invitations.may_give(
        user, seat_invitations.offer_of(found), now=timezone.now()
    ):
        raise Http404
    return found


def seat_or_404(request: HttpRequest, pk: int) -> Seat:
    """The current seat; 404 when the user gives none in its office."""
    user, now = account(request), timezone.now()
    current = Seat.objects.current(now=now).select_related("user", "office", "expert__office")
    found = current.filter(pk=pk).first()
    if found is None or not seats.may_give_seats_in(user, seats.office_of(found), now=now):
        raise Http404
    return found
