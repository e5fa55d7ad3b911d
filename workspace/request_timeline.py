"""Timeline of a request as its experts and managers read it: who did what, and when; no private word."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mailing.prepared_queries import PreparedQuery
from solicitations.lifecycle import EventKind, MatchState
from solicitations.models import Event, Match, Solicitation

# Among experts; openings, staff's notes and letters, and the clock's mails are not for them.
SHOWN = (
    EventKind.SUBMITTED,
    EventKind.ROUTED,
    EventKind.MOVED,
    EventKind.UNDONE,
    EventKind.HANDED_OVER,
    EventKind.BROUGHT_IN,
    EventKind.FALLBACK,
    EventKind.ASKED,
    EventKind.ADDED,
    EventKind.CONTACT_CORRECTED,
    EventKind.STILL_WAITING,
    EventKind.CALLED,
    EventKind.CALL_PLANNED,
    EventKind.CALL_UNPLANNED,
    EventKind.CANCELLED,
    EventKind.CLOSED,
    EventKind.REOPENED,
    EventKind.CORRECTED,
    EventKind.ADDED_INSTITUTION,
    EventKind.WITHDRAWN,
    EventKind.WIDENED,
)
# The reason of these events is a moment, public; that of others is a message to somebody.
WITH_REASON = frozenset({EventKind.CALL_PLANNED, EventKind.CALL_UNPLANNED})
MAX_ENTRIES = 60


@dataclass(frozen=True)
class TimelineLine:
    """One line: what happened, its author, and the subject when there are several."""

    what: str
    subject: str
    who: str
    at: datetime


_LATEST: PreparedQuery[Event] = PreparedQuery(
    lambda solicitation: (
        Event.objects.filter(solicitation=solicitation, kind__in=SHOWN)
        .select_related("by_user")
        .order_by("-at", "-pk")[:MAX_ENTRIES]
    )
)


def timeline(
    solicitation: Solicitation, matches: Sequence[Match], *, own: int | None = None
) -> list[TimelineLine]:
    """The lines, the latest first. ``own``: the reader's mailbox, whose hands are named. One query."""
    people = {match.mailbox_id: match for match in reversed(matches)}
    subjects = {match.pk: match.need.subject.label for match in matches}
    several = len(set(subjects.values())) > 1
    return [
        TimelineLine(
            what=_event_title(event),
            subject=subjects.get(event.match_id or 0, "") if several else "",
            who=_who(event, people, own=own),
            at=event.at,
        )
        for event in _LATEST.rows(solicitation=solicitation.pk)
    ]


def _event_title(event: Event) -> str:
    kind = EventKind(event.kind)
    if kind == EventKind.MOVED and event.to_state:
        return MatchState(event.to_state).label
    return f"{kind.label} : {event.reason}" if kind in WITH_REASON and event.reason else kind.label


def _who(event: Event, people: dict[int, Match], *, own: int | None) -> str:
    if event.is_by_company:
        return "l'entreprise"
    if event.by_mailbox_id:
        match = people.get(event.by_mailbox_id)
        name = f"{match.person} ({match.expert.office.institution.name})" if match else "un référent"
        hand = event.by_user if event.by_mailbox_id == own else None
        return f"{name}, de la main de {hand}" if hand and str(hand) not in name else name
    if event.by_user:
        is_manager = event.kind == EventKind.HANDED_OVER
        return f"{event.by_user}, responsable" if is_manager else "l'équipe du service"
    return ""
