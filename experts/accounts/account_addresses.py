"""Changes of address: the seats of a person follow their account, and the account their posts."""

from datetime import datetime

from django.db import transaction

from experts.accounts import access_log, seats, sessions
from experts.models import AccessRecord, Seat, User


@transaction.atomic
def keep_posts(user: User, former: str, *, by: User | None, now: datetime) -> list[Seat]:
    """Give an account whose address changed the posts that bear the former one; return the new seats."""
    posts = list(seats.posts_at(former, now=now).order_by("pk"))
    return seats.give_posts(user, posts, by=by, now=now)


def follow(former: str, email: str, *, by: User, now: datetime) -> User | None:
    """Give the account of a person whose posts changed address the new one, and close its sessions.

    Not for staff, nor for somebody with a seat where the editor gives none: such an account stays as it is,
    and so does one whose new address has an account already.
    """
    user = User.objects.filter(email__iexact=former, role="").first()
    if user is None or User.objects.filter(email__iexact=email).exists():
        return None
    held = Seat.objects.current(now=now).filter(user=user).select_related("office", "expert__office")
    if not all(seats.may_give_seats_in(by, seats.office_of(seat), now=now) for seat in held):
        return None
    user.email = email.lower()
    user.save(update_fields=["email"])
    sessions.close_all(user, by=by, now=now)
    details = f"adresse : {former} → {email}"
    access_log.record(AccessRecord.Kind.ROLE_CHANGED, user, by=by, details=details, now=now)
    return user
