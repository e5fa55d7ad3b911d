"""Timeline of a request: events, messages and mails, the oldest first."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from urllib.parse import urlencode

from django.http import QueryDict

from experts.models import User
from mailing.models import OutgoingEmail
from mailing.prepared_queries import PreparedQuery
from oversight import mail_occasions, permissions
from solicitations import wording
from solicitations.lifecycle import EventKind, MatchState
from solicitations.models import Event, Message, Question, Solicitation, StaffMessage, Text

MAX_MAILS = 200
SAME_MAILING = timedelta(minutes=1)
# Events shown by another entry, which has their text.
SHOWN_ELSEWHERE = {EventKind.ASKED, EventKind.ADDED, EventKind.NOTED, EventKind.STAFF_WROTE}
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
    """One entry; ``mails``: for a mailing; ``incoming``: pk of the mail that a message came from.

    ``is_said``: part of the conversation, written by somebody; ``is_internal``: read by staff alone.
    """

    at: datetime
    title: str
    who: str = ""
    text: str = ""
    origin: str = ""
    incoming: int | None = None
    mails: tuple[SentMail, ...] = ()
    is_said: bool = False
    is_internal: bool = False
    answered_at: datetime | None = None


@dataclass(frozen=True)
class TimelineOrder:
    """Choices of the page's address: the newest first, the conversation alone."""

    is_newest_first: bool
    is_conversation: bool

    @classmethod
    def of(cls, query: QueryDict) -> "TimelineOrder":
        return cls(query.get("ordre") == "recent", query.get("fil") == "conversation")

    def applied(self, items: list[TimelineItem]) -> list[TimelineItem]:
        shown = [item for item in items if item.is_said or not self.is_conversation]
        return shown[::-1] if self.is_newest_first else shown

    @property
    def other_order(self) -> str:
        """Query string of the same entries in the other order."""
        return _query(is_newest_first=not self.is_newest_first, is_conversation=self.is_conversation)

    @property
    def other_thread(self) -> str:
        """Query string of the other entries in the same order."""
        return _query(is_newest_first=self.is_newest_first, is_conversation=not self.is_conversation)


def _query(*, is_newest_first: bool, is_conversation: bool) -> str:
    asked = {"ordre": "recent" if is_newest_first else "", "fil": "conversation" if is_conversation else ""}
    return "?" + urlencode({name: value for name, value in asked.items() if value})


_EVENTS: PreparedQuery[Event] = PreparedQuery(
    lambda solicitation: (
        Event.objects.filter(solicitation=solicitation)
        .select_related("by_user", "by_mailbox", "match__expert__office__institution", "match__need__subject")
        .in_order()
    )
)


def events_of(solicitation: Solicitation) -> list[Event]:
    """The events of a request in order, with their people."""
    return _EVENTS.rows(solicitation=solicitation.pk)


def timeline_items(solicitation: Solicitation, events: Iterable[Event], *, user: User) -> list[TimelineItem]:
    """All the entries except openings, in order. ``events``: as ``events_of`` reads them."""
    shown = (event for event in events if event.kind not in SHOWN_ELSEWHERE | OPENINGS)
    entries = list(_merge_simultaneous(_event(event) for event in shown))
    entries += [*_words_of_experts(solicitation), *_texts_of_staff(solicitation)]
    entries += [
        TimelineItem(
            added.at,
            f"Réponse à {added.question.author}" if added.question else "Informations ajoutées à la demande",
            "l'entreprise",
            _shown_text(added),
            origin=added.origin,
            incoming=added.incoming_id,
            is_said=True,
        )
        for added in solicitation.additions.select_related("question").order_by("at", "pk")
    ]
    entries += _mailings(solicitation, user=user)
    return sorted(entries, key=lambda item: item.at)


def _words_of_experts(solicitation: Solicitation) -> Iterable[TimelineItem]:
    """Messages of experts to each other, and their questions to the company."""
    for message in solicitation.messages.order_by("at", "pk"):
        yield TimelineItem(
            message.at,
            "Message aux autres référents",
            _author_and_institution(message),
            _shown_text(message),
            origin=message.origin,
            incoming=message.incoming_id,
            is_said=True,
        )
    for asked in solicitation.questions.order_by("asked_at", "pk"):
        yield TimelineItem(
            asked.asked_at,
            EventKind.ASKED.label,
            _author_and_institution(asked),
            _shown_text(asked),
            origin="" if asked.answered_at else "Sans réponse à ce jour.",
            incoming=asked.incoming_id,
            answered_at=asked.answered_at,
            is_said=True,
        )

    for inside in solicitation.internal_messages.select_related("institution").order_by("at", "pk"):
        # Read by that institution alone: staff see that it was written.
        yield TimelineItem(inside.at, f"Message au sein de {inside.institution}", inside.author or UNNAMED)


def _shown_text(text: Text) -> str:
    return "(retiré par son auteur)" if text.withdrawn_at else text.body


def _texts_of_staff(solicitation: Solicitation) -> Iterable[TimelineItem]:
    """Notes among staff, and messages of staff to one expert."""
    for note in solicitation.staff_notes.select_related("author").order_by("at", "pk"):
        yield TimelineItem(
            note.at, EventKind.NOTED.label, str(note.author), note.body, is_said=True, is_internal=True
        )
    for written in solicitation.staff_messages.select_related("author").order_by("at", "pk"):
        yield _word(written)


def _word(written: StaffMessage) -> TimelineItem:
    title, who = f"Mot de l'équipe à {written.addressee}", str(written.author)
    if written.answers_id:
        title, who = f"Réponse à {written.author}, de l'équipe", written.addressee
    return TimelineItem(
        written.at,
        title,
        who,
        written.body,
        origin=written.origin,
        incoming=written.incoming_id,
        is_said=True,
    )


def _merge_simultaneous(entries: Iterable[TimelineItem]) -> Iterable[TimelineItem]:
    """Merge entries of one moment and title, such as a step of the clock for several people."""
    for (at, title, text), same in groupby(entries, key=lambda item: (item.at, item.title, item.text)):
        yield TimelineItem(at, title, wording.listed(list(dict.fromkeys(item.who for item in same))), text)


def openings(events: Iterable[Event]) -> list[TimelineItem]:
    """Openings of a confidential request or of its mails."""
    return [_event(event) for event in events if event.kind in OPENINGS]


def _event(event: Event) -> TimelineItem:
    title, text = EventKind(event.kind).label, event.reason
    if event.match and event.to_state:
        subject = event.match.need.subject.label
        if event.kind == EventKind.UNDONE:
            title, text = f"{title} — {subject}", _undone(event)
        else:
            title = f"{MatchState(event.to_state).label} — {subject}"
    return TimelineItem(event.at, title, author(event), text)


def _undone(event: Event) -> str:
    """« Prise en charge » redevient « Transmise »."""
    before, after = MatchState(event.from_state).label, MatchState(event.to_state).label
    return f"« {before} » redevient « {after} »"


def author(event: Event) -> str:
    """Author of an event, or the expert or need it is about: staff, expert and office, company, portal."""
    if event.by_user and not event.by_mailbox_id:
        return str(event.by_user)
    if event.match and event.kind in ABOUT_A_NEED:
        return event.match.need.subject.label
    if event.match:
        office = event.match.expert.office
        who = f"{event.match.expert.name} ({office.name})"
        if event.by_user and event.by_user.email.lower() != event.match.expert.email.lower():
            return f"{who}, par {event.by_user}"
        return who if event.by_mailbox_id else f"pour {who}"
    if event.by_mailbox:
        return UNNAMED if event.by_mailbox.is_erased else event.by_mailbox.email
    return "l'entreprise" if event.is_by_company else "le portail"


def _author_and_institution(written: Message | Question) -> str:
    """Author and institution of a text; anonymous once the request was erased."""
    return f"{written.author} ({written.institution})" if written.author else UNNAMED


def _mailings(solicitation: Solicitation, *, user: User) -> Iterable[TimelineItem]:
    """Group the mails of one occasion written within ``SAME_MAILING``."""
    mails = permissions.visible_mails(user).about(f"request:{solicitation.pk}")
    last: TimelineItem | None = None
    for email in reversed(list(mails.newest_first()[:MAX_MAILS])):
        title = f"Courriel : {occasion(email)}"
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
    return mail_occasions.OCCASIONS.get(name, name)


def delivery_state(email: OutgoingEmail) -> str:
    """Delivery state of a mail, in French."""
    return str(email.state.label).lower()
