"""Posts that an account may answer for, and offices that it manages.

A *post* is an expert's place in an office: a row of ``Expert``, often of a person, sometimes of a shared
mailbox. A *seat* (``Seat``) lets an account answer for one post, or manage one office. A post with the email
address of the account needs no seat.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, QuerySet
from django.http import HttpRequest

from experts.accounts import access_log
from experts.models import AccessRecord, Expert, Office, Seat, User
from experts.models.experts import ExpertQuerySet
from experts.models.offices import OfficeQuerySet
from mailing.prepared_queries import PreparedQuery


@dataclass(frozen=True, slots=True)
class Work:
    """The work of an account: whether it has posts to answer for, whether it manages an office."""

    has_posts: bool
    manages: bool

    @property
    def is_empty(self) -> bool:
        """Return whether the account neither answers for a post nor manages an office."""
        return not (self.has_posts or self.manages)


NO_WORK = Work(has_posts=False, manages=False)


def serving_posts(*, now: datetime) -> ExpertQuerySet:
    """The current posts (rows of ``Expert``): not left nor dropped by a file; paused ones included."""
    return Expert.objects.listed().exclude(left_at__lte=now)


def posts_at(email: str, *, now: datetime) -> ExpertQuerySet:
    """The current posts with this email address."""
    return serving_posts(now=now).filter(email__iexact=email)


def posts_of(user: User, *, now: datetime) -> ExpertQuerySet:
    """The current posts that the account may answer for: those with its own address, and those of its seats.

    Paused and absent experts are among them.
    """
    if not user.is_active:
        return Expert.objects.none()
    return posts_held(user.pk, user.email, now=now)


def posts_held(user: Any, email: Any, *, now: Any) -> ExpertQuerySet:
    """The current posts at this address, and those of the seats of the account with this key.

    The arguments are values, or the expressions that stand for them in a ``PreparedQuery``.
    """
    by_seat = Seat.objects.current(now=now).filter(user=user, expert__isnull=False).values("expert")
    # A union: with « or », the database would read all experts.
    own = Expert.objects.filter(email__iexact=email).values("pk")
    return serving_posts(now=now).filter(pk__in=own.union(by_seat))


def managed_offices(user: User, *, now: datetime) -> OfficeQuerySet:
    """The offices that the account manages by its seats, closed ones included."""
    if not user.is_active:
        return Office.objects.none()
    return _offices_held(user.pk, now=now)


def _offices_held(user: Any, *, now: Any) -> OfficeQuerySet:
    managed = Seat.objects.current(now=now).filter(user=user, office__isnull=False).values("office")
    return Office.objects.filter(pk__in=managed)


def work_keys(user: User, *, now: datetime) -> tuple[dict[int, int], set[int]]:
    """Primary keys: the office of each post that the account may answer for; the offices that it manages."""
    if not user.is_active:
        return {}, set()
    posts = _POSTS.rows(user=user.pk, email=user.email, now=now)
    return dict(posts), {office for (office,) in _OFFICES.rows(user=user.pk, now=now)}


_POSTS = PreparedQuery(lambda user, email, now: posts_held(user, email, now=now).values_list("pk", "office"))
_OFFICES = PreparedQuery(lambda user, now: _offices_held(user, now=now).values_list("pk"))


def managers_of(offices: Iterable[int], *, now: datetime) -> list[User]:
    """The active accounts that manage one of these offices (keys), each once."""
    return list(manager_accounts(list(offices), now=now))


def manager_accounts(offices: Any, *, now: Any) -> QuerySet[User]:
    """``managers_of``, as a query; ``offices``: keys, or a query of keys."""
    held = Seat.objects.current(now=now).filter(office__in=offices)
    return User.objects.filter(pk__in=held.values("user"), is_active=True).order_by("pk")


def work_of(user: User, *, now: datetime) -> Work:
    """The work of an account, in one query."""
    found = _WORK.first(user=user.pk, email=user.email, now=now) if user.is_active else None
    has_posts, manages = found or (False, False)
    return Work(has_posts=has_posts, manages=manages)


_WORK = PreparedQuery(
    lambda user, email, now: User.objects.filter(pk=user, is_active=True).values_list(
        Exists(posts_held(user, email, now=now)), Exists(_offices_held(user, now=now))
    )
)


def work_in(request: HttpRequest) -> Work:
    """The work of the signed-in account; ``SecondFactorMiddleware`` reads it once for each page."""
    return getattr(request, "work", NO_WORK)


def has_work(user: User, *, now: datetime) -> bool:
    """Return whether the account answers for a post, by its address or a ``Seat``, or manages an office."""
    return not work_of(user, now=now).is_empty


def may_give_seats_in(user: User, office: Office, *, now: datetime) -> bool:
    """Return whether the user may invite accounts into an office and end their seats there.

    The national team, the admins of its region and its managers may.
    """
    if not user.is_active:
        return False
    if user.is_national or (user.role == User.Role.REGION and office.region_id == user.region_id):
        return True
    return managed_offices(user, now=now).filter(pk=office.pk).exists()


def give_posts(user: User, posts: Iterable[Expert], *, by: User | None = None, now: datetime) -> list[Seat]:
    """Give an account a seat at each of these posts where it has none; return the new seats."""
    return [seat for post in posts if (seat := _give(user, now=now, by=by, expert=post))]


def give_office(user: User, office: Office, *, by: User | None = None, now: datetime) -> Seat | None:
    """Make the account a manager of the office; return its new seat, ``None`` when it manages it already."""
    return _give(user, now=now, by=by, office=office)


def _give(
    user: User, *, by: User | None, now: datetime, expert: Expert | None = None, office: Office | None = None
) -> Seat | None:
    seat, is_new = Seat.objects.get_or_create(
        user=user, expert=expert, office=office, ended_at=None, defaults={"given_at": now, "given_by": by}
    )
    if is_new:
        access_log.record(AccessRecord.Kind.SEAT_GIVEN, user, by=by, details=label_of(seat), now=now)
    return seat if is_new else None


def give_again(seat: Seat, *, by: User, now: datetime) -> list[Seat]:
    """Give an ended seat's account a new seat at the same post or office.

    Returns a list of one, or an empty one when the account already has a current seat there.
    """
    again = _give(seat.user, by=by, now=now, expert=seat.expert, office=seat.office)
    return [again] if again else []


def end(
    seat: Seat, *, by: User | None = None, reason: str = "", by_departure: bool = False, now: datetime
) -> None:
    """End a seat; its account keeps its other ones.

    ``by_departure``: its holder left the office; the seat is given again when the departure is undone.
    """
    ended = {"ended_at": now, "ended_by_departure": by_departure}
    if Seat.objects.filter(pk=seat.pk, ended_at=None).update(**ended):
        details = f"{label_of(seat)} : {reason}" if reason else label_of(seat)
        access_log.record(AccessRecord.Kind.SEAT_ENDED, seat.user, by=by, details=details, now=now)


def office_of(seat: Seat) -> Office:
    """The office that a seat manages, or that of its post."""
    office = seat.office or (seat.expert.office if seat.expert else None)
    assert office is not None  # noqa: S101 (the table has a constraint)
    return office


def label_of(seat: Seat) -> str:
    """The office that a seat manages, or the mailbox and office of its post, for the access log."""
    if seat.office:
        return f"responsable, {seat.office.name}"
    return f"{seat.expert.email}, {seat.expert.office.name}" if seat.expert else ""
