"""Marks of what people read, for their inbox."""

from datetime import datetime

from experts.models import User
from solicitations.models import Mailbox
from workspace.models import ReadMark


def mark_read(mailbox: Mailbox, *, now: datetime, by: User | None = None) -> None:
    """Record that the request was read: by its manager, by the account that uses the mailbox, or by link."""
    mark = ReadMark(mailbox=mailbox, user=by or mailbox.used_by, read_at=now)
    ReadMark.objects.bulk_create(
        [mark], update_conflicts=True, unique_fields=["mailbox", "user"], update_fields=["read_at"]
    )
