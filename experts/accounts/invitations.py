"""The mail that tells a new colleague that they have an account, and how to sign in."""

import hashlib
from datetime import datetime

from django.conf import settings
from django.urls import reverse

from experts.models import User
from mailing import outbox


def invite(user: User, *, by: User | None = None, now: datetime) -> bool:
    """Enqueue the mail, once per account and address; ``False`` when it is no use or was sent before.

    ``by``: the colleague who made the account; ``None`` for the national team. People who signed in already,
    or whose account opens nothing, are not invited.
    """
    if not (user.is_active and user.is_staff) or user.last_login is not None:
        return False
    address = hashlib.sha256(user.email.lower().encode()).hexdigest()[:16]
    return outbox.enqueue(
        key=f"invited:{user.pk}:{address}",
        to=user.email,
        template="experts/emails/invited",
        context={
            "by": str(by) if by else "",
            "role": User.Role(user.role).label,
            "region": user.region.name if user.region else "",
            "login_email": user.email,
            "sign_in_url": settings.SITE_URL.rstrip("/") + reverse("account_login"),
        },
        about=[f"user:{user.pk}"],
        now=now,
    )
