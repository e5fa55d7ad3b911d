"""Posts and offices of the person who reads the inbox, and what each lets her do."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from experts.accounts import seats
from experts.models import Expert, User
from mailing.prepared_queries import Among, PreparedQuery


def _near(offices: Any, posts: Any) -> QuerySet[Expert, tuple[int, int, bool]]:
    """Key, office and whether mails are refused: of the experts of these offices, and of these posts."""
    found = Expert.objects.filter(Q(Among("office", offices)) | Q(Among("pk", posts)))
    return found.values_list("pk", "office", "is_bouncing")


_NEAR = PreparedQuery(_near)


@dataclass(frozen=True)
class Reader:
    """A person who reads the inbox: her posts, the experts of her offices, those of offices she manages.

    Each is a set of experts' keys. Her own needs are those of her posts; of a colleague's, she sees a line.
    ``unreached``: those of them whose address refuses our mails, so that nothing new reaches them.
    """

    user: User
    posts: frozenset[int]
    colleagues: frozenset[int]
    managed: frozenset[int]
    unreached: frozenset[int]

    @classmethod
    def of(cls, user: User, *, now: datetime) -> "Reader":
        """Read the person's seats. Three queries."""
        posts, managed = seats.work_keys(user, now=now)
        rows: Iterable[tuple[int, int, bool]] = ()
        if posts or managed:
            rows = _NEAR.rows(offices=[*posts.values(), *managed], posts=list(posts))
        return cls(
            user=user,
            posts=frozenset(posts),
            colleagues=frozenset(pk for pk, office, _ in rows if office in posts.values()),
            managed=frozenset(pk for pk, office, _ in rows if office in managed),
            unreached=frozenset(pk for pk, _, is_bouncing in rows if is_bouncing),
        )

    @property
    def has_work(self) -> bool:
        return bool(self.posts or self.managed)

    @property
    def everybody(self) -> frozenset[int]:
        """The experts of whose needs she sees a line at least."""
        return self.posts | self.colleagues | self.managed

    def may_open(self, expert: int) -> bool:
        """Return whether she may read the words of this expert's needs."""
        return expert in self.posts or expert in self.managed
