"""Posts and offices that an account works for: by its own address, and by the seats it was given."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, Q
from django.http import HttpRequest

from experts.accounts import access_log
from experts.models import AccessRecord, Expert, Office, Seat, User
from experts.models.directory import ExpertQuerySet, OfficeQuerySet


@dataclass(frozen=True, slots=True)
class Work:
    """The kinds of work that an account has: posts to answer for, offices to manage."""

    has_posts: bool
    manages: bool

    @property
    def is_nothing(self) -> bool:
        """Return whether the account has no seat at all."""
        return not (self.has_posts or self.manages)


NOTHING = Work(has_posts=False, manages=False)


def serving_posts(*, now: datetime) -> ExpertQuerySet:
    """Posts whose expert has neither left nor been dropped by a directory file, paused ones included."""
    return Expert.objects.listed().exclude(left_at__lte=now)


def posts_at(email: str, *, now: datetime) -> ExpertQuerySet:
    """Serving posts that bear an address."""
    return serving_posts(now=now).filter(email__iexact=email)


def posts_of(user: User, *, now: datetime) -> ExpertQuerySet:
    """Experts for whom the account may answer: those that bear its address, and its seats at posts.

    People who left and those that a directory file dropped are not among them; paused and absent ones are.
    """
    if not user.is_active:
        return Expert.objects.none()
    given = Seat.objects.current(now=now).filter(user=user, expert__isnull=False).values("expert")
    return serving_posts(now=now).filter(Q(email__iexact=user.email) | Q(pk__in=given))


def managed_offices(user: User, *, now: datetime) -> OfficeQuerySet:
    """Offices whose needs and people the account manages, closed ones included."""
    if not user.is_active:
        return Office.objects.none()
    given = Seat.objects.current(now=now).filter(user=user, office__isnull=False).values("office")
    return Office.objects.filter(pk__in=given)


def managers_of(offices: Iterable[int], *, now: datetime) -> list[User]:
    """The active accounts that manage one of these offices (keys), each once."""
    held = Seat.objects.current(now=now).filter(office__in=list(offices))
    return list(User.objects.filter(pk__in=held.values("user"), is_active=True).order_by("pk"))


def work_of(user: User, *, now: datetime) -> Work:
    """The kinds of work of an account, in one query."""
    found = User.objects.filter(pk=user.pk, is_active=True).values_list(
        Exists(posts_of(user, now=now)), Exists(managed_offices(user, now=now))
    )
    has_posts, manages = next(iter(found), (False, False))
    return Work(has_posts=has_posts, manages=manages)


def work_in(request: HttpRequest) -> Work:
    """The kinds of work of the signed-in account, read once a request by ``SecondFactorMiddleware``."""
    return getattr(request, "work", NOTHING)


def has_seat(user: User, *, now: datetime) -> bool:
    """Return whether the account answers for a post or manages an office."""
    return not work_of(user, now=now).is_nothing


def may_give_seats_in(user: User, office: Office, *, now: datetime) -> bool:
    """Return whether the user invites into an office: its region, its managers, and the national team."""
    if not user.is_active:
        return False
    if user.is_national or (user.role == User.Role.REGION and office.region_id == user.region_id):
        return True
    return managed_offices(user, now=now).filter(pk=office.pk).exists()


def give_posts(user: User, posts: Iterable[Expert], *, by: User | None = None, now: datetime) -> list[Seat]:
    """Give an account the posts where it has no current seat; return the new seats."""
    return [seat for post in posts if (seat := _give(user, now=now, by=by, expert=post))]


def give_office(user: User, office: Office, *, by: User | None = None, now: datetime) -> Seat | None:
    """Make an account manager of an office; ``None`` when it is already."""
    return _give(user, now=now, by=by, office=office)


def _give(
    user: User, *, by: User | None, now: datetime, expert: Expert | None = None, office: Office | None = None
) -> Seat | None:
    seat, is_new = Seat.objects.get_or_create(
        user=user, expert=expert, office=office, ended_at=None, defaults={"given_at": now, "given_by": by}
    )
    if is_new:
        access_log.record(AccessRecord.Kind.SEAT_GIVEN, user, by=by, words=label_of(seat), now=now)
    return seat if is_new else None


def give_again(seat: Seat, *, by: User, now: datetime) -> list[Seat]:
    """Give the account of a seat that ended the same place; return the new seat, if it has none there."""
    again = _give(seat.user, by=by, now=now, expert=seat.expert, office=seat.office)
    return [again] if again else []


def end(
    seat: Seat, *, by: User | None = None, reason: str = "", by_departure: bool = False, now: datetime
) -> None:
    """End a seat; its account keeps its others. ``by_departure``: it comes back if that is undone."""
    ended = {"ended_at": now, "ended_by_departure": by_departure}
    if Seat.objects.filter(pk=seat.pk, ended_at=None).update(**ended):
        words = f"{label_of(seat)} : {reason}" if reason else label_of(seat)
        access_log.record(AccessRecord.Kind.SEAT_ENDED, seat.user, by=by, words=words, now=now)


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
