"""Lines of the inbox: no word of the company, a fixed number of queries."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Max, Q
from django.urls import reverse
from django.utils import timezone

from solicitations import wording
from solicitations.lifecycle import ACTIVE, EventKind, MatchState
from solicitations.models import Event, InternalMessage, Match, Message, PlannedCall
from workspace import put_off
from workspace.inbox.inbox_queries import Signs, signs_by_need
from workspace.inbox.readers import Reader
from workspace.models import ReadMark

HIDDEN = "Demande confidentielle"
# What others do about a request, and that its readers should look at.
NEWS = (
    EventKind.MOVED,
    EventKind.UNDONE,
    EventKind.HANDED_OVER,
    EventKind.BROUGHT_IN,
    EventKind.ASKED,
    EventKind.ADDED,
    EventKind.CONTACT_CORRECTED,
    EventKind.STILL_WAITING,
    EventKind.CALLED,
    EventKind.CANCELLED,
    EventKind.CLOSED,
    EventKind.REOPENED,
    EventKind.CORRECTED,
    EventKind.SURVEY_ANSWERED,
    EventKind.CALL_PLANNED,
    EventKind.CALL_UNPLANNED,
)

# What a line shows of the tables around its match, and their longest texts, which it does not show.
SHOWN = (
    "need__subject",
    "expert__office",
    "mailbox__planned_call",
    "mailbox__solicitation__commune__department",
    "put_off",
)
NOT_SHOWN = ("mailbox__solicitation__description", "answer", "words")


@dataclass(frozen=True)
class InboxRow:
    """One need of the inbox; ``address`` is empty when only its line may be read.

    ``has_left``: who took it is gone, somebody else is to follow it. ``is_unreached``: the address of who
    took it refuses mails. ``due_on``: the deadline of the law, when it binds this expert. ``put_off_until``
    may be past: it is back. ``is_double``: another line is of the same need and mailbox, for her other post.
    """

    match: Match
    address: str
    applicant: str
    place: str
    zone: ZoneInfo
    subject: str
    state: MatchState
    person: str
    due_on: date | None
    is_overdue: bool
    is_late: bool
    is_not_called: bool
    has_left: bool
    is_unreached: bool
    is_unread: bool
    planned_call_at: datetime | None
    put_off_until: date | None
    is_back: bool
    stands_in_for: str
    is_confidential: bool
    is_double: bool

    @property
    def pk(self) -> int:
        return self.match.pk


def inbox_rows(reader: Reader, pks: Sequence[int], *, now: datetime) -> list[InboxRow]:
    """Build the lines of these needs, in that order. Seven queries."""
    # Apart from their people: PostgreSQL would plan both in one query longer than it runs it.
    signs = signs_by_need(pks, now=now)
    people = Match.objects.filter(pk__in=pks)
    by_pk = {match.pk: match for match in people.select_related(*SHOWN).defer(*NOT_SHOWN)}
    matches = [by_pk[pk] for pk in pks if pk in by_pk and pk in signs]
    unread = _unread(reader, matches)
    own = (match for match in matches if match.expert_id in reader.posts)
    posts = Counter((match.need_id, match.mailbox_id) for match in own)
    return [
        _row(
            reader,
            match,
            signs[match.pk],
            is_unread=match.pk in unread,
            is_double=posts[match.need_id, match.mailbox_id] > 1,
            now=now,
        )
        for match in matches
    ]


def _row(
    reader: Reader, match: Match, signs: Signs, *, is_unread: bool, is_double: bool, now: datetime
) -> InboxRow:
    solicitation, today = match.mailbox.solicitation, timezone.localdate(now)
    is_open = reader.may_open(match.expert_id)
    standing = put_off.current(match)
    until = standing.until if standing else None
    due_on = wording.legal_deadline(solicitation) if signs.is_clocked else None
    is_hidden = solicitation.is_confidential and not is_open
    return InboxRow(
        match=match,
        address=reverse("workspace:request", args=[match.mailbox_id]) if is_open else "",
        applicant=HIDDEN if is_hidden else solicitation.applicant,
        place=solicitation.commune.place,
        zone=solicitation.time_zone,
        subject=match.need.subject.label,
        state=MatchState(match.state),
        person=match.person,
        due_on=due_on,
        is_overdue=due_on is not None and due_on < today,
        is_late=signs.is_late,
        is_not_called=match.state in ACTIVE and signs.is_not_called,
        has_left=match.state == MatchState.TAKEN and match.expert_left_at is not None,
        is_unreached=_is_unreached(reader, match),
        is_unread=is_unread,
        planned_call_at=_planned_call_at(match, now=now),
        put_off_until=until,
        is_back=until is not None and until <= today,
        stands_in_for=match.reason.get("stand_in_for") or "",
        is_confidential=solicitation.is_confidential,
        is_double=is_double,
    )


def _is_unreached(reader: Reader, match: Match) -> bool:
    is_own = match.expert_id in reader.posts
    return match.state == MatchState.TAKEN and match.expert.is_bouncing and not is_own


def _planned_call_at(match: Match, *, now: datetime) -> datetime | None:
    """The moment of the call that is planned, while the need is active."""
    call: PlannedCall | None = getattr(match.mailbox, "planned_call", None)
    if call is None or call.cancelled_at or call.starts_at <= now or match.state not in ACTIVE:
        return None
    return call.starts_at


def _unread(reader: Reader, matches: Sequence[Match]) -> set[int]:
    """Keys of the needs with news since she last read their request; her own acts are none."""
    readable = [match for match in matches if reader.may_open(match.expert_id)]
    own = {match.mailbox_id for match in readable if match.expert_id in reader.posts}
    requests = {match.mailbox.solicitation_id for match in readable}
    news, internal = _last_news(reader, requests, own), _last_internal_words(reader, requests, own)
    marks = _marks(reader, readable)
    found = set()
    for match in readable:
        read_at = marks.get(match.mailbox_id) or match.ended_at
        request = match.mailbox.solicitation_id
        written = internal.get((request, match.expert.office.institution_id))
        last = max(filter(None, [news.get(request), written, match.sent_at]))
        if read_at is None or last > read_at:
            found.add(match.pk)
    return found


def _last_news(reader: Reader, requests: Iterable[int], own: Iterable[int]) -> Mapping[int, datetime]:
    """The moment of the last act or message of somebody else, by request. Two queries."""
    mine = Q(by_user=reader.user) | Q(by_user=None, by_mailbox__in=own)
    events = Event.objects.filter(solicitation__in=requests, kind__in=NEWS).exclude(mine)
    messages = Message.objects.filter(solicitation__in=requests).exclude(mailbox__in=own)
    latest: dict[int, datetime] = {}
    for rows in (events, messages):
        for request, at in rows.order_by().values_list("solicitation").annotate(Max("at")):
            latest[request] = max(at, latest.get(request, at))
    return latest


def _last_internal_words(
    reader: Reader, requests: Iterable[int], own: Iterable[int]
) -> Mapping[tuple[int, int], datetime]:
    """The moment of the last message of others within an institution, by request and institution."""
    around = InternalMessage.objects.filter(solicitation__in=requests)
    others = around.exclude(by_user=reader.user).exclude(by_user=None, mailbox__in=own)
    rows = others.order_by().values_list("solicitation", "institution").annotate(Max("at"))
    return {(request, institution): at for request, institution, at in rows}


def _marks(reader: Reader, matches: Sequence[Match]) -> Mapping[int, datetime]:
    """Moments when she last read each mailbox's request, by account or by the link sent to her."""
    addressed = [
        match.mailbox for match in matches if match.mailbox.email.lower() == reader.user.email.lower()
    ]
    by_link = Q(user=None, mailbox__in=[mailbox.pk for mailbox in addressed])
    mailboxes = {match.mailbox_id for match in matches}
    marks = ReadMark.objects.filter(Q(user=reader.user, mailbox__in=mailboxes) | by_link)
    read: dict[int, list[datetime]] = defaultdict(list)
    for mailbox, at in marks.values_list("mailbox", "read_at"):
        read[mailbox].append(at)
    for own in addressed:
        if own.opened_at:
            read[own.pk].append(own.opened_at)
    return {mailbox: max(moments) for mailbox, moments in read.items()}
