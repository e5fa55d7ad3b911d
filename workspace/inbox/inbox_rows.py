"""Lines of the inbox: no word of the company, a fixed number of queries."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Max, Q
from django.db.models.expressions import Combinable
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from mailing.prepared_queries import Among, PreparedQuery
from solicitations import wording
from solicitations.lifecycle import ACTIVE, EventKind, MatchState
from solicitations.models import Event, InternalMessage, Match, Message
from solicitations.models.matches import person_name
from solicitations.models.requests import applicant_name
from territories.models import Commune, Department
from workspace import put_off
from workspace.inbox.inbox_queries import Signs, signs_of
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


class LineFacts(NamedTuple):
    """Facts of a need, as ``FACTS`` reads them: what a line shows or follows from, no text of the company."""

    pk: int
    mailbox: int
    expert: int
    need: int
    state: str
    sent_at: datetime
    taken_at: datetime | None
    ended_at: datetime | None
    expert_left_at: datetime | None
    taken_by: str
    stands_in_for: str | None
    subject: str
    expert_name: str
    office: str
    institution: int
    email: str
    opened_at: datetime | None
    call_at: datetime | None
    call_cancelled_at: datetime | None
    request: int
    reference: str
    company: str
    is_project_holder: bool
    is_confidential: bool
    submitted_at: datetime
    commune: str
    commune_name: str
    department: str
    department_name: str
    put_off_at: datetime | None
    put_off_until: date | None


FACTS: tuple[str | Combinable, ...] = (
    "pk", "mailbox", "expert", "need", "state", "sent_at", "taken_at", "ended_at", "expert_left_at",
    "taken_by", KT("reason__stand_in_for"),
    "subject__label",  # its need's: a table less to join
    "expert__name", "expert__office__name", "expert__office__institution",
    "mailbox__email", "mailbox__opened_at",
    "mailbox__planned_call__starts_at", "mailbox__planned_call__cancelled_at",
    "mailbox__solicitation",
    *(
        f"mailbox__solicitation__{column}"
        for column in (
            "reference", "company_name", "is_project_holder", "is_confidential", "submitted_at",
            "commune", "commune__name", "commune__department", "commune__department__name",
        )
    ),
    "put_off__at", "put_off__until",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class InboxRow:
    """One need of the inbox; ``address`` is empty when only its line may be read.

    ``has_left``: who took it is gone, somebody else is to follow it. ``is_unreached``: the address of who
    took it refuses mails. ``due_on``: the deadline of the law, when it binds this expert. ``put_off_until``
    may be past: it is back. ``is_double``: another line is of the same need and mailbox, for her other post.
    """

    pk: int
    mailbox: int
    address: str
    applicant: str
    place: str
    time_zone: ZoneInfo
    subject: str
    state: MatchState
    sent_at: datetime
    person: str
    office: str
    reference: str
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


def inbox_rows(reader: Reader, pks: Sequence[int], *, now: datetime) -> list[InboxRow]:
    """Build the lines of these needs, in that order. Six queries; none without any need."""
    if not pks:
        return []
    keys = list(pks)
    # Apart from their facts: PostgreSQL would plan both in one query longer than it runs it.
    signs = {pk: Signs(*rest) for pk, *rest in _SIGNS.rows(pks=keys, now=now)}
    by_pk = {row[0]: LineFacts(*row) for row in _FACTS.rows(pks=keys)}
    needs = [by_pk[pk] for pk in pks if pk in by_pk and pk in signs]
    unread = _unread(reader, needs)
    posts = Counter((need.need, need.mailbox) for need in needs if need.expert in reader.posts)
    return [
        _row(
            reader,
            need,
            signs[need.pk],
            is_unread=need.pk in unread,
            is_double=posts[need.need, need.mailbox] > 1,
            now=now,
        )
        for need in needs
    ]


_FACTS = PreparedQuery(lambda pks: Match.objects.filter(Among("pk", pks)).values_list(*FACTS))
_SIGNS = PreparedQuery(
    lambda pks, now: Match.objects.filter(Among("pk", pks)).values_list("pk", *signs_of(now=now).values())
)


@lru_cache(maxsize=1_000)
def _commune(code: str, name: str, department: str, department_name: str) -> Commune:
    """The commune that a line shows, with its département."""
    return Commune(code=code, name=name, department=Department(code=department, name=department_name))


def _row(
    reader: Reader,
    need: LineFacts,
    signs: Signs,
    *,
    is_unread: bool,
    is_double: bool,
    now: datetime,
) -> InboxRow:
    today = timezone.localdate(now)
    commune = _commune(need.commune, need.commune_name, need.department, need.department_name)
    is_open = reader.may_open(need.expert)
    is_taken = need.state == MatchState.TAKEN
    is_put_off = put_off.is_since_taking(need.put_off_at, state=need.state, taken_at=need.taken_at)
    until = need.put_off_until if is_put_off else None
    due_on = wording.legal_deadline(need.submitted_at, commune) if signs.is_clocked else None
    is_hidden = need.is_confidential and not is_open
    return InboxRow(
        pk=need.pk,
        mailbox=need.mailbox,
        address=reverse("workspace:request", args=[need.mailbox]) if is_open else "",
        applicant=HIDDEN
        if is_hidden
        else applicant_name(need.company, is_project_holder=need.is_project_holder),
        place=commune.place,
        time_zone=commune.time_zone,
        subject=need.subject,
        state=MatchState(need.state),
        sent_at=need.sent_at,
        person=person_name(need.expert_name, taken_by=need.taken_by),
        office=need.office,
        reference=need.reference,
        due_on=due_on,
        is_overdue=due_on is not None and due_on < today,
        is_late=signs.is_late,
        is_not_called=need.state in ACTIVE and signs.is_not_called,
        has_left=is_taken and need.expert_left_at is not None,
        is_unreached=is_taken and need.expert in reader.unreached and need.expert not in reader.posts,
        is_unread=is_unread,
        planned_call_at=_planned_call_at(need, now=now),
        put_off_until=until,
        is_back=until is not None and until <= today,
        stands_in_for=need.stands_in_for or "",
        is_confidential=need.is_confidential,
        is_double=is_double,
    )


def _planned_call_at(need: LineFacts, *, now: datetime) -> datetime | None:
    """The moment of the call that is planned, while the need is active."""
    if need.call_at is None or need.call_cancelled_at or need.call_at <= now or need.state not in ACTIVE:
        return None
    return need.call_at


def _unread(reader: Reader, needs: Sequence[LineFacts]) -> set[int]:
    """Keys of the needs with news since she last read their request; her own acts are none."""
    readable = [need for need in needs if reader.may_open(need.expert)]
    own = sorted({need.mailbox for need in readable if need.expert in reader.posts})
    requests = sorted({need.request for need in readable})
    by_others = {"requests": requests, "own": own, "user": reader.user.pk}
    news: dict[int, datetime] = {}
    for request, at in [*_EVENTS.rows(**by_others), *_MESSAGES.rows(requests=requests, own=own)]:
        news[request] = max(at, news.get(request, at))
    internal = {(request, place): at for request, place, at in _INTERNAL_WORDS.rows(**by_others)}
    marks = _marks(reader, readable)
    found = set()
    for need in readable:
        read_at = marks.get(need.mailbox) or need.ended_at
        written = internal.get((need.request, need.institution))
        last = max(filter(None, [news.get(need.request), written, need.sent_at]))
        if read_at is None or last > read_at:
            found.add(need.pk)
    return found


def _is_own(mailbox: str, own: Any) -> Among:
    """The column names one of these mailboxes; never unknown, so that it can be excluded."""
    return Among(Coalesce(mailbox, 0), own)


# The moment of the last act, message and internal message of somebody else, by request; the last ones by
# institution too. ``own``: the reader's mailboxes.
_EVENTS = PreparedQuery(
    lambda requests, own, user: (
        Event.objects.filter(Among("solicitation", requests), kind__in=NEWS)
        .exclude(Q(by_user=user) | Q(_is_own("by_mailbox", own), by_user=None))
        .order_by()
        .values_list("solicitation")
        .annotate(Max("at"))
    )
)
_MESSAGES = PreparedQuery(
    lambda requests, own: (
        Message.objects.filter(Among("solicitation", requests))
        .exclude(_is_own("mailbox", own))
        .order_by()
        .values_list("solicitation")
        .annotate(Max("at"))
    )
)
_INTERNAL_WORDS = PreparedQuery(
    lambda requests, own, user: (
        InternalMessage.objects.filter(Among("solicitation", requests))
        .exclude(by_user=user)
        .exclude(_is_own("mailbox", own), by_user=None)
        .order_by()
        .values_list("solicitation", "institution")
        .annotate(Max("at"))
    )
)
_MARKS = PreparedQuery(
    lambda mailboxes, addressed, user: ReadMark.objects.filter(
        Q(Among("mailbox", mailboxes)) & (Q(user=user) | Q(Among("mailbox", addressed), user=None))
    ).values_list("mailbox", "read_at")
)


def _marks(reader: Reader, needs: Sequence[LineFacts]) -> Mapping[int, datetime]:
    """Moments when she last read each mailbox's request, by account or by the link sent to her."""
    addressed = {need.mailbox: need for need in needs if need.email.lower() == reader.user.email.lower()}
    mailboxes = sorted({need.mailbox for need in needs})
    read: dict[int, list[datetime]] = defaultdict(list)
    for mailbox, at in _MARKS.rows(mailboxes=mailboxes, addressed=sorted(addressed), user=reader.user.pk):
        read[mailbox].append(at)
    for mailbox, need in addressed.items():
        if need.opened_at:
            read[mailbox].append(need.opened_at)
    return {mailbox: max(moments) for mailbox, moments in read.items()}
