"""What happened to a request, in one column: events, words and mails, the oldest first."""

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

MOST_MAILS = 200
SAME_MAILING = timedelta(minutes=1)
# Said with their own words elsewhere in the column, or apart.
TOLD_ELSEWHERE = {EventKind.ASKED, EventKind.ADDED}
UNNAMED = "un référent"
OPENINGS = {EventKind.OPENED, EventKind.MAIL_OPENED}
# Done by the clock about a need: the match only says of whose silence it comes.
ABOUT_A_NEED = {
    EventKind.COMPANY_TOLD,
    EventKind.WIDENED,
    EventKind.REGION_TOLD,
    EventKind.LEGAL_ESCALATED,
    EventKind.CALL_CHECKED,
}


@dataclass(frozen=True)
class Sent:
    """One mail: to whom and its fate."""

    pk: int
    to: str
    fate: str


@dataclass(frozen=True)
class Item:
    """One thing that happened; ``mails`` when it is a mailing; ``incoming``: the mail that it came as."""

    at: datetime
    title: str
    who: str = ""
    words: str = ""
    origin: str = ""
    incoming: int | None = None
    mails: tuple[Sent, ...] = ()


def items(solicitation: Solicitation, *, user: User) -> list[Item]:
    """Everything but the openings, in order."""
    events = [event for event in _events(solicitation) if event.kind not in TOLD_ELSEWHERE | OPENINGS]
    told = list(_together(_event(event) for event in events))
    told += [
        Item(
            said.at,
            "Message aux autres référents",
            _speaker(said),
            said.body,
            origin=said.origin,
            incoming=said.incoming_id,
        )
        for said in solicitation.messages.order_by("at", "pk")
    ]
    told += [
        Item(asked.asked_at, EventKind.ASKED.label, _speaker(asked), asked.body)
        for asked in solicitation.questions.order_by("asked_at", "pk")
    ]
    told += [
        Item(
            added.at,
            "Informations ajoutées à la demande",
            words=added.body,
            origin=added.origin,
            incoming=added.incoming_id,
        )
        for added in solicitation.additions.order_by("at", "pk")
    ]
    told += _mailings(solicitation, user=user)
    return sorted(told, key=lambda item: item.at)


def _together(told: Iterable[Item]) -> Iterable[Item]:
    """What the clock did at one moment to several people, said once."""
    for (at, title, words), same in groupby(told, key=lambda item: (item.at, item.title, item.words)):
        yield Item(at, title, wording.listed(list(dict.fromkeys(item.who for item in same))), words)


def openings(solicitation: Solicitation) -> list[Item]:
    """Who opened a confidential request or one of its mails, and when."""
    return [_event(event) for event in _events(solicitation) if event.kind in OPENINGS]


def _events(solicitation: Solicitation) -> Iterable[Event]:
    people = ("by_user", "by_mailbox", "match__expert__office__institution", "match__need__subject")
    return solicitation.events.select_related(*people).in_order()


def _event(event: Event) -> Item:
    title = EventKind(event.kind).label
    if event.match and event.to_state:
        title = f"{MatchState(event.to_state).label} — {event.match.need.subject.label}"
    return Item(event.at, title, author(event), event.reason)


def author(event: Event) -> str:
    """Who did it, or whom it happened to: a member of staff, an expert and his office, the company."""
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


def _speaker(words: Message | Question) -> str:
    """Who wrote, and where from; unnamed once the request was erased."""
    return f"{words.author} ({words.institution})" if words.author else UNNAMED


def _mailings(solicitation: Solicitation, *, user: User) -> Iterable[Item]:
    """Mails of one occasion that were written together count as one mailing."""
    mails = permissions.visible_mails(user).about(f"request:{solicitation.pk}")
    last: Item | None = None
    for email in reversed(list(mails.newest_first()[:MOST_MAILS])):
        title = f"Courriel : {occasion(email)}"
        sent = Sent(email.pk, email.to, fate(email))
        if last and last.title == title and email.created_at - last.at < SAME_MAILING:
            last = replace(last, mails=(*last.mails, sent))
            continue
        if last:
            yield last
        last = Item(email.created_at, title, mails=(sent,))
    if last:
        yield last


def occasion(email: OutgoingEmail) -> str:
    """Why a mail was written, in words."""
    name = email.template.rpartition("/")[2]
    return filters.OCCASIONS.get(name, name)


def fate(email: OutgoingEmail) -> str:
    """What became of a mail, in words."""
    return str(email.state.label).lower()
