"""Timeline of a request: events, messages and mails, the oldest first."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby

from experts.models import User
from mailing.models import OutgoingEmail
from oversight import filters, permissions
from solicitations import wording
from solicitations.lifecycle import EventKind, MatchState
from solicitations.models import Event, Message, Question, Solicitation

MAX_MAILS = 200
SAME_MAILING = timedelta(minutes=1)
# Events shown by another entry, which has their text.
SHOWN_ELSEWHERE = {EventKind.ASKED, EventKind.ADDED}
UNNAMED = "un référent"
OPENINGS = {EventKind.OPENED, EventKind.MAIL_OPENED}
# Steps of the clock about a need: the match is only the one that was not answered.
ABOUT_A_NEED = {
    EventKind.COMPANY_TOLD,
    EventKind.WIDENED,
    EventKind.REGION_TOLD,
    EventKind.LEGAL_ESCALATED,
    EventKind.CALL_CHECKED,
}


@dataclass(frozen=True)
class SentMail:
    """One mail of a mailing."""

    pk: int
    to: str
    state: str


@dataclass(frozen=True)
class TimelineItem:
    """One entry; ``mails``: for a mailing; ``incoming``: pk of the mail that a message came from."""

    at: datetime
    title: str
    who: str = ""
    words: str = ""
    origin: str = ""
    incoming: int | None = None
    mails: tuple[SentMail, ...] = ()


def timeline_items(solicitation: Solicitation, *, user: User) -> list[TimelineItem]:
    """All the entries except openings, in order."""
    events = [event for event in _events(solicitation) if event.kind not in SHOWN_ELSEWHERE | OPENINGS]
    entries = list(_merge_simultaneous(_event(event) for event in events))
    entries += [
        TimelineItem(
            said.at,
            "Message aux autres référents",
            _author_and_institution(said),
            said.body,
            origin=said.origin,
            incoming=said.incoming_id,
        )
        for said in solicitation.messages.order_by("at", "pk")
    ]
    entries += [
        TimelineItem(asked.asked_at, EventKind.ASKED.label, _author_and_institution(asked), asked.body)
        for asked in solicitation.questions.order_by("asked_at", "pk")
    ]
    entries += [
        TimelineItem(
            added.at,
            "Informations ajoutées à la demande",
            words=added.body,
            origin=added.origin,
            incoming=added.incoming_id,
        )
        for added in solicitation.additions.order_by("at", "pk")
    ]
    entries += _mailings(solicitation, user=user)
    return sorted(entries, key=lambda item: item.at)


def _merge_simultaneous(entries: Iterable[TimelineItem]) -> Iterable[TimelineItem]:
    """Merge entries of one moment and title, such as a step of the clock for several people."""
    for (at, title, words), same in groupby(entries, key=lambda item: (item.at, item.title, item.words)):
        yield TimelineItem(at, title, wording.listed(list(dict.fromkeys(item.who for item in same))), words)


def openings(solicitation: Solicitation) -> list[TimelineItem]:
    """Openings of a confidential request or of its mails."""
    return [_event(event) for event in _events(solicitation) if event.kind in OPENINGS]


def _events(solicitation: Solicitation) -> Iterable[Event]:
    people = ("by_user", "by_mailbox", "match__expert__office__institution", "match__need__subject")
    return solicitation.events.select_related(*people).in_order()


def _event(event: Event) -> TimelineItem:
    title = EventKind(event.kind).label
    if event.match and event.to_state:
        title = f"{MatchState(event.to_state).label} — {event.match.need.subject.label}"
    return TimelineItem(event.at, title, author(event), event.reason)


def author(event: Event) -> str:
    """Author of an event, or the expert or need it is about: staff, expert and office, company, portal."""
    if event.by_user:
        return str(event.by_user)
    if event.match and event.kind in ABOUT_A_NEED:
        return event.match.need.subject.label
    if event.match:
        office = event.match.expert.office
        who = f"{event.match.expert.name} ({office.name})"
        return who if event.by_mailbox_id else f"pour {who}"
    if event.by_mailbox:
        return UNNAMED if event.by_mailbox.is_erased else event.by_mailbox.email
    return "l'entreprise" if event.is_by_company else "le portail"


def _author_and_institution(words: Message | Question) -> str:
    """Author and institution of a text; anonymous once the request was erased."""
    return f"{words.author} ({words.institution})" if words.author else UNNAMED


def _mailings(solicitation: Solicitation, *, user: User) -> Iterable[TimelineItem]:
    """Group the mails of one occasion written within ``SAME_MAILING``."""
    mails = permissions.visible_mails(user).about(f"request:{solicitation.pk}")
    last: TimelineItem | None = None
    for email in reversed(list(mails.newest_first()[:MAX_MAILS])):
        title = f"Courriel : {occasion(email)}"
        sent = SentMail(email.pk, email.to, delivery_state(email))
        if last and last.title == title and email.created_at - last.at < SAME_MAILING:
            last = replace(last, mails=(*last.mails, sent))
            continue
        if last:
            yield last
        last = TimelineItem(email.created_at, title, mails=(sent,))
    if last:
        yield last


def occasion(email: OutgoingEmail) -> str:
    """Occasion of a mail, in French."""
    name = email.template.rpartition("/")[2]
    return filters.OCCASIONS.get(name, name)


def delivery_state(email: OutgoingEmail) -> str:
    """Delivery state of a mail, in French."""
    return str(email.state.label).lower()
