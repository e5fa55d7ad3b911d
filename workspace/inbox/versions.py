"""Versions of what people watch: the keys of the last event and message, and whether anything followed.

Only what came after a version is read, so that asking again costs little, however long the inbox.
"""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.db.models import Exists, Q

from experts.accounts import seats
from experts.accounts.seats import Work
from experts.models import User
from solicitations.models import Event, InternalMessage, Mailbox, Message

STORED = re.compile(r'(?:W/)?"(\d{1,18})\.(\d{1,18})\.(\d{1,11})"')
# A list older than this is news by itself: delays pass without any event, and a transaction that began
# before the version was read may commit an earlier event after it.
FRESH_FOR = timedelta(minutes=5)
LAST = """
SELECT coalesce((SELECT max(id) FROM solicitations_event), 0),
       coalesce((SELECT max(id) FROM solicitations_message), 0)
"""
OFFICES_WITH_NEWS = """
SELECT DISTINCT expert.office_id
FROM (
    SELECT solicitation_id FROM solicitations_event WHERE id > %s
    UNION SELECT solicitation_id FROM solicitations_message WHERE id > %s
) AS changed
JOIN solicitations_mailbox AS mailbox USING (solicitation_id)
JOIN solicitations_match AS match ON match.mailbox_id = mailbox.id
JOIN experts_expert AS expert ON expert.id = match.expert_id
"""


@dataclass(frozen=True)
class Version:
    """The last event and the last message that a page shows, over all requests."""

    event: int
    message: int
    read_at: int  # seconds since the epoch

    @classmethod
    def current(cls, *, now: datetime) -> "Version":
        """The version of a page that is built now."""
        with connection.cursor() as cursor:
            cursor.execute(LAST)
            [(event, message)] = cursor.fetchall()
        return cls(event, message, int(now.timestamp()))

    @classmethod
    def read(cls, tag: str) -> "Version | None":
        """Read an entity tag; ``None`` when it is none of ours."""
        found = STORED.fullmatch(tag)
        return cls(*(int(number) for number in found.groups())) if found else None

    @property
    def tag(self) -> str:
        """The version as an HTTP entity tag."""
        return f'"{self.event}.{self.message}.{self.read_at}"'

    @property
    def headers(self) -> str:
        """The headers of a request that asks what followed, as JSON."""
        return json.dumps({"If-None-Match": self.tag})

    def is_fresh(self, *, now: datetime) -> bool:
        return now.timestamp() - self.read_at < FRESH_FOR.total_seconds()


def has_news(user: User, version: Version, *, work: Work, now: datetime) -> bool:
    """Return whether anything happened since to a need of the lists of this person.

    One short query when nothing happened to any request; one more for each kind of her work otherwise.
    """
    if not version.is_fresh(now=now):
        return True
    offices = _offices_with_news(version)
    if not offices:
        return False
    if work.has_posts and seats.posts_of(user, now=now).filter(office__in=offices).exists():
        return True
    return work.manages and seats.managed_offices(user, now=now).filter(pk__in=offices).exists()


def _offices_with_news(version: Version) -> list[int]:
    """Keys of the offices whose experts have a request with an event or a message after a version."""
    with connection.cursor() as cursor:
        cursor.execute(OFFICES_WITH_NEWS, [version.event, version.message])
        return [office for (office,) in cursor.fetchall()]


def has_news_of(mailbox: Mailbox, version: Version, *, user: User) -> bool:
    """Return whether somebody else acted on this request since. One query."""
    request = {"solicitation": mailbox.solicitation_id}
    events = Event.objects.filter(pk__gt=version.event, **request).exclude(by_user=user)
    messages = Message.objects.filter(pk__gt=version.message, **request).exclude(mailbox=mailbox)
    internal = InternalMessage.objects.filter(
        at__gt=datetime.fromtimestamp(version.read_at, UTC),
        institution__in=mailbox.matches.live().values("expert__office__institution"),
        **request,
    ).exclude(by_user=user)
    news = Q(Exists(events)) | Q(Exists(messages)) | Q(Exists(internal))
    return User.objects.filter(news, pk=user.pk).exists()
