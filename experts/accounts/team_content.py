"""People of an office who have an account or are invited to: its managers, its posts, its invitations."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.db.models.functions import Lower

from experts.accounts import seat_invitations, seats
from experts.models import Expert, Invitation, Office, Seat, User
from mailing.models import RefusedAddress
from territories.models import Region


@dataclass(frozen=True, slots=True)
class InvitationLine:
    """A pending invitation, as the pages show it."""

    invitation: Invitation
    offer: str
    is_expired: bool
    is_address_refused: bool


@dataclass(frozen=True, slots=True)
class PostLine:
    """A post, the account that bears its address, and the people who share its mailbox."""

    expert: Expert
    account: User | None
    seats: list[Seat]


@dataclass(frozen=True, slots=True)
class OfficeTeam:
    """Everybody of an office."""

    managers: list[Seat]
    posts: list[PostLine]
    invitations: list[InvitationLine]


@dataclass(frozen=True, slots=True)
class RegionTeam:
    """The regional admins of a region, and those invited to be."""

    region: Region
    admins: list[User]
    invitations: list[InvitationLine]


def office_team(office: Office, *, now: datetime) -> OfficeTeam:
    """People of an office, in a fixed number of queries."""
    posts = list(seats.serving_posts(now=now).filter(office=office).order_by("name", "pk"))
    held = list(
        Seat.objects.current(now=now)
        .filter(Q(office=office) | Q(expert__in=posts))
        .select_related("user")
        .order_by("given_at", "pk")
    )
    addresses = User.objects.filter(is_active=True).annotate(address=Lower("email"))
    accounts = {
        user.email.lower(): user
        for user in addresses.filter(address__in=[post.email.lower() for post in posts])
    }
    pending = Invitation.objects.pending().filter(Q(office=office) | Q(expert__office=office))
    return OfficeTeam(
        managers=[seat for seat in held if seat.office_id],
        posts=[
            PostLine(
                expert=post,
                account=accounts.get(post.email.lower()),
                seats=[seat for seat in held if seat.expert_id == post.pk],
            )
            for post in posts
        ],
        invitations=_lines(pending.values_list("pk", flat=True), now=now),
    )


def region_teams(*, now: datetime) -> list[RegionTeam]:
    """Regional admins of every region, in a fixed number of queries."""
    admins = list(User.objects.filter(role=User.Role.REGION, is_active=True).order_by("name", "email", "pk"))
    pending = Invitation.objects.pending().filter(region__isnull=False)
    lines = _lines(pending.values_list("pk", flat=True), now=now)
    return [
        RegionTeam(
            region=region,
            admins=[user for user in admins if user.region_id == region.pk],
            invitations=[line for line in lines if line.invitation.region_id == region.pk],
        )
        for region in Region.objects.order_by("name", "pk")
    ]


def _lines(pks: Iterable[int], *, now: datetime) -> list[InvitationLine]:
    found = seat_invitations.with_offers().filter(pk__in=pks).order_by("-sent_at", "-pk")
    refused = RefusedAddress.objects.filter(address__in=found.values("email"))
    addresses = set(refused.values_list("address", flat=True)) if found else set()
    return [
        InvitationLine(
            invitation=one,
            offer=seat_invitations.offer_of(one).description,
            is_expired=one.expires_at <= now,
            is_address_refused=one.email in addresses,
        )
        for one in found
    ]
