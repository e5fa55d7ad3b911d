"""Seats of experts who left: they end, and so do the sessions of accounts without other seats."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from experts.accounts import seats, sessions
from experts.models import Expert, Seat, User
from experts.models.seats import SeatQuerySet

REASON = "a quitté son poste"


def end_seats_of_gone(*, now: datetime) -> None:
    """End the seats of everybody who left, each in its own transaction; a second call finds none."""
    for seat in (
        _seats_of_former_posts(now=now).select_related("user", "office", "expert__office").order_by("pk")
    ):
        _end(seat, now=now)
    for user in _without_work(now=now).order_by("pk"):
        sessions.close_all(user, now=now)


@transaction.atomic(durable=True)
def _end(seat: Seat, *, now: datetime) -> None:
    seats.end(seat, reason=REASON, by_departure=True, now=now)


@transaction.atomic
def give_back(posts: Iterable[int], *, since: datetime, by: User, now: datetime) -> list[Seat]:
    """Give back the seats that the departure from these posts (keys) ended, once it is undone.

    Only to experts in post there again, and only the seats ended ``since`` then; return the new seats.
    """
    back = seats.serving_posts(now=now).filter(pk__in=list(posts))
    back = back.filter(email__iexact=OuterRef("user__email"), office=OuterRef("at_office"))
    ended = Seat.objects.filter(ended_by_departure=True, ended_at__gte=since, user__is_active=True)
    ended = ended.annotate(at_office=Coalesce("office_id", "expert__office_id")).filter(Exists(back))
    given: list[Seat] = []
    for seat in ended.select_related("user", "office", "expert__office").order_by("pk"):
        given += seats.give_again(seat, by=by, now=now)
    return given


def _seats_of_former_posts(*, now: datetime) -> SeatQuerySet:
    """Current seats in an office that their owner left since, having no other post there.

    A seat at a post that is gone itself opens nothing, and comes back with it: it is not ended.
    """
    here = Expert.objects.filter(email__iexact=OuterRef("user__email"), office=OuterRef("at_office"))
    left = here.filter(
        Q(left_at__lte=now, left_at__gte=OuterRef("given_at")) | Q(dropped_at__gte=OuterRef("given_at"))
    )
    current = Seat.objects.current(now=now).annotate(at_office=Coalesce("office_id", "expert__office_id"))
    serving = seats.serving_posts(now=now)
    stays = serving.filter(email__iexact=OuterRef("user__email"), office=OuterRef("at_office"))
    return current.filter(Exists(left), ~Exists(stays))


def _without_work(*, now: datetime) -> QuerySet[User]:
    """Accounts with an open session, and neither role nor seat."""
    serving = seats.serving_posts(now=now)
    own = serving.filter(email__iexact=OuterRef("email"))
    held = Seat.objects.current(now=now).filter(user=OuterRef("pk"))
    held = held.filter(Q(office__isnull=False) | Q(expert__in=serving.values("pk")))
    return (
        User.objects.filter(Q(role="") | Q(is_active=False), sessions__isnull=False)
        .exclude(Exists(own) | Exists(held), is_active=True)
        .distinct()
    )
