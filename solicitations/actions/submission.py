"""Sending of a request by a company: its rows, its routing and their mails, in one transaction."""

import copy
import logging
import secrets
import time
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from experts.models import Institution, Subject
from experts.routing.decision import Decision
from mailing import outbox
from solicitations import suspicion, tasks
from solicitations.dispatch import duplicates, routing
from solicitations.lifecycle import EventKind, HeldReason, RequestState
from solicitations.models import Draft, Event, MissedDemand, Need, Solicitation
from solicitations.models.requests import make_reference
from solicitations.notifications import to_company
from territories.models import Commune

logger = logging.getLogger(__name__)

# Seconds that the last requests of this process took to be written and routed, and one to begin with.
_durations = deque([0.02], maxlen=100)


class AlreadySent(Exception):
    """The draft was sent already, as ``solicitation``: a second click sends nothing more."""

    def __init__(self, solicitation: Solicitation) -> None:
        super().__init__(solicitation.reference)
        self.solicitation = solicitation


@dataclass(frozen=True)
class RequestPart:
    """Subjects sent as one request, with their text; a confidential subject is alone."""

    subjects: tuple[Subject, ...]
    description: str


def submit(
    blank: Solicitation,
    *,
    parts: Sequence[RequestPart],
    now: datetime,
    unticked: Sequence[Institution] = (),
    draft: Draft | None = None,
    is_suspect: bool = False,
) -> list[Solicitation]:
    """Create one request per part, acknowledge each by mail, and route it.

    All are linked to the first. ``blank``: an unsaved request with the company, the contact and the consent.
    ``is_suspect``: a robot seems to have filled the form. If a routing fails, or the commit, all is written
    again without any routing, and the sweep routes. Raises ``AlreadySent`` when the draft was sent.
    """
    sending = _Sending(blank, parts, unticked, draft, is_suspect, now)
    started = time.perf_counter()
    try:
        return _write(sending)
    except AlreadySent:
        raise
    except Exception as error:
        took = time.perf_counter() - started
        if not connection.in_atomic_block:  # of a test
            connection.close_if_unusable_or_obsolete()
        try:  # fails again if the routing was not the cause
            sent = _write(sending, routing_error=type(error).__name__)
        except AlreadySent:  # the error came after the commit
            logger.exception("a request is sent, and an error followed")
            raise
        routing.ROUTINGS.labels("failed").observe(took)
        for solicitation in sent:
            logger.exception("request %s could not be routed", solicitation.pk)
        return sent


@dataclass(frozen=True)
class _Sending:
    """The arguments of ``submit``."""

    blank: Solicitation
    parts: Sequence[RequestPart]
    unticked: Sequence[Institution]
    draft: Draft | None
    is_suspect: bool
    now: datetime


@outbox.one_delivery_task()
@transaction.atomic(durable=True)
def _write(sending: _Sending, *, routing_error: str = "") -> list[Solicitation]:
    """Write the requests of a form; with the error that a first try made, none is routed here."""
    _lock_senders({sending.blank.siret, sending.blank.email.lower()} - {""})
    started = time.perf_counter()
    sent: list[Solicitation] = []
    for part in sending.parts:
        request = _unsaved(sending, part, first=sent[0] if sent else None)
        _write_request(request, sending, routing_error=routing_error)
        sent.append(request.solicitation)
    if sending.draft is not None:
        _mark_sent(sending.draft, sent[0], now=sending.now)
    transaction.on_commit(lambda: _finish(sent, started=started, now=sending.now))
    return sent


def _finish(sent: Sequence[Solicitation], *, started: float, now: datetime) -> None:
    """Have a worker route the requests held before any decision, and alert staff; once they are committed.

    Sleeps until they have taken as long as others: the response time must not reveal that a request is held.
    """
    held = [one.pk for one in sent if one.routing_due_at == now]
    for pk in held:
        tasks.tell_held.delay(pk)
    took = (time.perf_counter() - started) / len(sent)  # seconds a request
    if held:
        time.sleep(max(0.0, usual_duration() - took) * len(sent))
    elif all(one.routing_due_at is None for one in sent):
        _durations.append(took)
        routing.ROUTINGS.labels("routed").observe(took)


def usual_duration() -> float:
    """Return the seconds that one of the last requests took to be written and routed, drawn at random."""
    return secrets.choice(list(_durations))


def _mark_sent(draft: Draft, solicitation: Solicitation, *, now: datetime) -> None:
    """Tie the draft to the request that it became, and erase its answers. Raises ``AlreadySent``."""
    is_sent = Draft.objects.filter(pk=draft.pk, solicitation=None).update(
        solicitation=solicitation, answers={}, updated_at=now
    )
    if not is_sent:
        raise AlreadySent(Solicitation.objects.get(drafts=draft))


def _lock_senders(keys: Collection[str]) -> None:
    """Make simultaneous requests of one company or mailbox wait for each other: the second sees the first."""
    lock = "SELECT pg_advisory_xact_lock(hashtextextended(key, 0)) FROM unnest(%s) AS key"
    with connection.cursor() as cursor:
        cursor.execute(lock, [sorted(keys)])


def _unsaved(sending: _Sending, part: RequestPart, *, first: Solicitation | None) -> routing.LoadedRequest:
    """Return the request of a part; ``first``: the one of the first part."""
    blank, now = sending.blank, sending.now
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
    needs = [
        Need(solicitation=solicitation, subject=subject, position=position)
        for position, subject in enumerate(part.subjects)
    ]
    codes = frozenset(institution.code for institution in sending.unticked)
    return routing.LoadedRequest(solicitation, needs, codes)


def _write_request(request: routing.LoadedRequest, sending: _Sending, *, routing_error: str) -> None:
    """Hold the request, leave it to the sweep after this error, or route it; in each case, write it."""
    solicitation, now = request.solicitation, sending.now
    if reason := _held_reason(solicitation, is_suspect=sending.is_suspect):
        solicitation.move_to(RequestState.HELD, at=now, reason=reason)
        solicitation.routing_due_at = now  # by a worker: whom it would reach, for staff to read
        _save(request, sending)
    elif routing_error:
        solicitation.routing_error = routing_error
        solicitation.routing_due_at = now + routing.ROUTING_RETRY_AFTER
        _save(request, sending)
    else:
        decision = routing.decide(request, now=now)
        routing.note_first(decision, request, now=now)
        _save(request, sending, decision=decision)


def _save(request: routing.LoadedRequest, sending: _Sending, *, decision: Decision | None = None) -> None:
    """Write the request with its needs, events and mails; with a decision, its experts' matches and mails."""
    solicitation, now = request.solicitation, sending.now
    solicitation.save()
    Need.objects.bulk_create(request.needs)
    if sending.unticked:
        solicitation.unticked_institutions.set(sending.unticked)
    Event.objects.bulk_create(_first_events(solicitation, now=now))
    subjects = [need.subject for need in request.needs]
    mails = [to_company.received(solicitation, subjects=subjects, now=now)]
    if decision is not None:
        mails += routing.send_first(decision, request, now=now)
    outbox.enqueue_all(mails)


def _held_reason(solicitation: Solicitation, *, is_suspect: bool) -> HeldReason | None:
    """The reason to hold the request for staff: a possible duplicate, or an automatic text."""
    if solicitation.duplicate_of_id is not None:
        return HeldReason.DUPLICATE
    if is_suspect or suspicion.looks_automatic(solicitation.description):
        return HeldReason.AUTOMATIC
    return None


def _first_events(solicitation: Solicitation, *, now: datetime) -> list[Event]:
    events = [Event(solicitation=solicitation, kind=EventKind.SUBMITTED, is_by_company=True, at=now)]
    if solicitation.held_reason:
        reason = HeldReason(solicitation.held_reason).label
        events.append(Event(solicitation=solicitation, kind=EventKind.HELD, reason=reason, at=now))
    if solicitation.routed_at:
        events.append(Event(solicitation=solicitation, kind=EventKind.ROUTED, at=now))
    return events


@transaction.atomic(durable=True)
def record_missed_demand(*, commune: Commune, subjects: Sequence[Subject], now: datetime) -> None:
    """Count a need refused because its region or theme is closed."""
    MissedDemand.objects.bulk_create(
        MissedDemand(region=commune.region, commune=commune, subject=subject, at=now) for subject in subjects
    )
