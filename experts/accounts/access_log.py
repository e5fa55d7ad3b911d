"""The access log: who signed in, failed to, was given or lost a right, or took data out."""

from datetime import datetime

from django.http import HttpRequest

from experts.accounts import limits
from experts.models import AccessRecord, User


def record(
    kind: AccessRecord.Kind,
    user: User | None,
    *,
    now: datetime,
    by: User | None = None,
    details: str = "",
    request: HttpRequest | None = None,
) -> None:
    """Write a line about an account; ``by``: somebody else who did it; ``request``: where from."""
    AccessRecord.objects.create(
        user=user,
        by=by if by != user else None,
        kind=kind,
        details=details[:500],
        network=limits.address_of(request) if request else "",
        at=now,
    )
