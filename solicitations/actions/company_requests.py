"""Actions of the company: send, complete, correct, cancel."""

import copy
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from experts.models import Institution, Subject
from mailing import outbox
from mailing.accepted_files import AcceptedFile
from mailing.models import OutgoingEmail
from solicitations import suspicion, tasks
from solicitations.conversation import messages
from solicitations.dispatch import closing, duplicates, routing
from solicitations.lifecycle import (
    ACTIVE,
    UNDO_DELAY,
    EventKind,
    ForbiddenMove,
    HeldReason,
    MatchState,
    RequestState,
)
from solicitations.models import (
    Addition,
    Draft,
    Event,
    Mailbox,
    Match,
    MissedDemand,
    Need,
    Question,
    Solicitation,
)
from solicitations.models.request_querysets import LINK_LIFE_AFTER_END
from solicitations.models.requests import make_reference
from solicitations.notifications import request_mails, to_company, to_experts
from territories.models import Commune


class AlreadySent(Exception):
    """This draft became ``solicitation`` already: a second click sends nothing more."""

    def __init__(self, solicitation: Solicitation) -> None:
        super().__init__(solicitation.reference)
        self.solicitation = solicitation


@dataclass(frozen=True)
class RequestPart:
    """Subjects sent as one request, with their text; a confidential subject is alone."""

    subjects: tuple[Subject, ...]
    description: str


@outbox.one_order()
@transaction.atomic(durable=True)
def submit(
    blank: Solicitation,
    *,
    parts: Sequence[RequestPart],
    now: datetime,
    unticked: Sequence[Institution] = (),
    draft: Draft | None = None,
    is_suspect: bool = False,
) -> list[Solicitation]:
    """Create one request per part, acknowledge each by mail, and route it after the commit.

    All are linked to the first. ``blank``: an unsaved request with the company, the contact and the consent.
    ``is_suspect``: a robot seems to have filled the form. Raises ``AlreadySent`` when the draft was sent.
    """
    _lock_senders({blank.siret, blank.email.lower()} - {""})
    sent: list[routing.RequestRead] = []
    for part in parts:
        first = sent[0].solicitation if sent else None
        sent.append(
            _create_request(blank, part, first=first, unticked=unticked, is_suspect=is_suspect, now=now)
        )
    if draft is not None:
        _mark_sent(draft, sent[0].solicitation, now=now)
    for read in sent:
        transaction.on_commit(lambda read=read: _route(read, now=now))  # type: ignore[misc]
    return [read.solicitation for read in sent]


def _route(sent: routing.RequestRead, *, now: datetime) -> None:
    """Route a request just sent, or have a worker do it when it is held."""
    pk = sent.solicitation.pk
    if sent.solicitation.state == RequestState.HELD:
        _send_to_worker(pk)
    else:
        routing.route_safely(pk, now=now, just_sent=sent)


def _mark_sent(draft: Draft, solicitation: Solicitation, *, now: datetime) -> None:
    """Tie the draft to the request that it became, and erase its answers. Raises ``AlreadySent``."""
    is_sent = Draft.objects.filter(pk=draft.pk, solicitation=None).update(
        solicitation=solicitation, answers={}, updated_at=now
    )
    if not is_sent:
        raise AlreadySent(Solicitation.objects.get(drafts=draft))


def _send_to_worker(pk: int) -> None:
    """Have a worker route a held request and alert staff.

    Sleeps as long as a routing takes: the response time must not reveal that the request is held.
    """
    started = time.perf_counter()
    tasks.tell_held.delay(pk)
    time.sleep(max(0.0, routing.usual_duration() - (time.perf_counter() - started)))


def _lock_senders(keys: Collection[str]) -> None:
    """Make simultaneous requests of one company or mailbox wait for each other: the second sees the first."""
    lock = "SELECT pg_advisory_xact_lock(hashtextextended(key, 0)) FROM unnest(%s) AS key"
    with connection.cursor() as cursor:
        cursor.execute(lock, [sorted(keys)])


def _create_request(
    blank: Solicitation,
    part: RequestPart,
    *,
    first: Solicitation | None,
    unticked: Sequence[Institution],
    is_suspect: bool,
    now: datetime,
) -> routing.RequestRead:
    solicitation = copy.copy(blank)
    solicitation.reference = make_reference()
    solicitation.description = part.description
    solicitation.region = blank.commune.region
    solicitation.sent_with = first
    solicitation.is_confidential = any(subject.is_confidential for subject in part.subjects)
    solicitation.submitted_at = solicitation.routing_due_at = solicitation.clock_due_at = now
    solicitation.duplicate_of_id = duplicates.find(
        siret=blank.siret, email=blank.email, subjects=part.subjects, now=now
    )
    held_reason = _held_reason(solicitation, is_suspect=is_suspect)
    if held_reason:
        solicitation.move_to(RequestState.HELD, at=now, reason=held_reason)
        solicitation.routing_due_at = now
    solicitation.save()
    needs = Need.objects.bulk_create(
        Need(solicitation=solicitation, subject=subject, position=position)
        for position, subject in enumerate(part.subjects)
    )
    if unticked:
        solicitation.unticked_institutions.set(unticked)
    Event.objects.bulk_create(_first_events(solicitation, held_reason, now=now))
    to_company.received(solicitation, subjects=part.subjects, now=now)
    codes = frozenset(institution.code for institution in unticked)
    return routing.RequestRead(solicitation, needs, codes)


def _held_reason(solicitation: Solicitation, *, is_suspect: bool) -> HeldReason | None:
    """The reason to hold the request for staff: a possible duplicate, or an automatic text."""
    if solicitation.duplicate_of_id is not None:
        return HeldReason.DUPLICATE
    if is_suspect or suspicion.looks_automatic(solicitation.description):
        return HeldReason.AUTOMATIC
    return None


def _first_events(
    solicitation: Solicitation, held_reason: HeldReason | None, *, now: datetime
) -> list[Event]:
    events = [Event(solicitation=solicitation, kind=EventKind.SUBMITTED, is_by_company=True, at=now)]
    if held_reason:
        events.append(Event(solicitation=solicitation, kind=EventKind.HELD, reason=held_reason.label, at=now))
    return events


@transaction.atomic(durable=True)
def record_missed_demand(*, commune: Commune, subjects: Sequence[Subject], now: datetime) -> None:
    """Count a need refused because its region or theme is closed."""
    MissedDemand.objects.bulk_create(
        MissedDemand(region=commune.region, commune=commune, subject=subject, at=now) for subject in subjects
    )


@transaction.atomic(durable=True)
def add_information(
    solicitation: Solicitation,
    *,
    body: str,
    now: datetime,
    question: Question | None = None,
    attached: Sequence[AcceptedFile] = (),
) -> Addition:
    """Add a text of the company to its request and mail it to the experts who have not declined.

    The answer to a ``question`` goes to its author and to who took a need. The same text again within a
    minute is a second click: it is sent once. Raises ``ForbiddenMove`` once the request is cancelled, spam
    or a test.
    """
    locked = lock_for_company(solicitation)
    same = locked.additions.filter(body=body, question=question, at__gt=now - UNDO_DELAY)
    if repeated := same.first():
        return repeated
    return messages.add_company_message(
        locked, messages.MessageContent(body, files=attached), question=question, now=now
    )


@transaction.atomic(durable=True)
def correct_contact(
    solicitation: Solicitation,
    *,
    phone: str,
    days: Sequence[str],
    hours: Sequence[str],
    now: datetime,
    wish: str = "",
) -> None:
    """Change the phone number, the hours and the wished way, which stays when ``wish`` is empty.

    The experts who have not declined are mailed what changed.
    """
    locked = lock_for_company(solicitation)
    wanted = {
        "phone": phone,
        "callback_days": list(days),
        "callback_hours": list(hours),
        "contact_wish": wish or locked.contact_wish,
    }
    if all(getattr(locked, name) == value for name, value in wanted.items()):
        return
    for name, value in wanted.items():
        setattr(locked, name, value)
    locked.save(update_fields=list(wanted))
    event = Event.objects.record(EventKind.CONTACT_CORRECTED, locked, by=locked, at=now)
    to_experts.contact_corrected(locked, event=event, now=now)


@transaction.atomic(durable=True)
def cancel(solicitation: Solicitation, *, now: datetime) -> None:
    """Cancel a request that its company no longer needs, and its unsent mails.

    Raises ``ForbiddenMove`` when it is over already.
    """
    locked = Solicitation.objects.locked(solicitation.pk)
    locked.move_to(RequestState.CANCELLED, at=now)
    event = Event.objects.record(EventKind.CANCELLED, locked, by=locked, at=now)
    withdraw_all(
        locked, event=event, why="L'entreprise a annulé sa demande : vous n'avez plus rien à faire.", now=now
    )
    closing.refresh(locked, now=now)


def withdraw_all(solicitation: Solicitation, *, event: Event, why: str, now: datetime) -> None:
    """Withdraw a locked request's active matches; mail ``why`` to the experts already mailed about it."""
    request_mails.remove_from_reminders(f"request:{solicitation.pk}")
    OutgoingEmail.objects.cancel_about(f"request:{solicitation.pk}", now=now)
    asked = Mailbox.objects.filter(solicitation=solicitation, matches__state__in=list(ACTIVE)).distinct()
    notified = [
        mailbox
        for mailbox in asked.select_related("solicitation__commune").order_by("pk")
        if OutgoingEmail.objects.about(f"mailbox:{mailbox.pk}").exclude(sent_at=None).exists()
    ]
    matches = Match.objects.active().filter(need__solicitation=solicitation).select_related("mailbox")
    for match in matches.select_for_update(of=("self",)).order_by("pk"):
        before = match.state
        match.move_to(MatchState.WITHDRAWN, at=now)
        match.save()
        Event.objects.record_move(match, before, kind=EventKind.WITHDRAWN, at=now)
    to_experts.stopped(solicitation, mailboxes=notified, event=event, why=why, now=now)
    solicitation.alerts.open().update(settled_at=now)


def lock_for_company(solicitation: Solicitation) -> Solicitation:
    """Lock the request and return it. Raises ``ForbiddenMove`` once it is cancelled, spam or a test."""
    locked = Solicitation.objects.locked(solicitation.pk)
    if not messages.is_open_to_company(locked):
        raise ForbiddenMove(RequestState(locked.state), RequestState.SUBMITTED)
    return locked


@transaction.atomic(durable=True)
def send_lost_links(email: str, *, now: datetime) -> None:
    """Mail this address the links of all its requests; an unknown address gets nothing."""
    solicitations = list(Solicitation.objects.with_valid_link(email, now=now).newest_first())
    if solicitations:
        to_company.lost_links(solicitations, now=now)


@transaction.atomic(durable=True)
def send_resume_link(draft: Draft, *, email: str, now: datetime) -> None:
    """Store the address with the draft and mail the link that resumes it."""
    draft.email, draft.updated_at = email, now
    draft.save(update_fields=["email", "updated_at"])
    to_company.resume(draft, now=now)


@transaction.atomic(durable=True)
def renew_link(solicitation: Solicitation, *, now: datetime) -> None:
    """Mail the owner a new link in place of an expired one, which stays invalid."""
    locked = Solicitation.objects.locked(solicitation.pk)
    if locked.state == RequestState.ANONYMISED or locked.link_serial != solicitation.link_serial:
        return
    locked.link_serial += 1
    locked.link_extended_until = now + LINK_LIFE_AFTER_END
    locked.save(update_fields=["link_serial", "link_extended_until"])
    Event.objects.record(EventKind.LINK_REISSUED, locked, by=locked, at=now)
    to_company.lost_links([locked], now=now)
