"""Posts and offices of the person who reads the inbox, and what each lets her do."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from experts.accounts import seats
from experts.models import Expert, User


@dataclass(frozen=True)
class Reader:
    """A person who reads the inbox: her posts, the experts of her offices, those of offices she manages.

    Each is a set of experts' keys. Her own needs are those of her posts; of a colleague's, she sees a line.
    """

    user: User
    posts: frozenset[int]
    colleagues: frozenset[int]
    managed: frozenset[int]

    @classmethod
    def of(cls, user: User, *, now: datetime) -> "Reader":
        """Read the person's seats. Three queries."""
        posts, managed = seats.work_by_keys(user, now=now)
        rows: Iterable[tuple[int, int]] = ()
        if posts or managed:
            near = Expert.objects.filter(Q(office__in=[*posts.values(), *managed]) | Q(pk__in=posts))
            rows = near.values_list("pk", "office")
        return cls(
            user=user,
            posts=frozenset(posts),
            colleagues=frozenset(pk for pk, office in rows if office in posts.values()),
            managed=frozenset(pk for pk, office in rows if office in managed),
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
