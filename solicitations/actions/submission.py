"""Sending of a request by a company: the rows, the acknowledgement, the routing after the commit."""

import copy
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from experts.models import Institution, Subject
from mailing import outbox
from solicitations import suspicion, tasks
from solicitations.dispatch import duplicates, routing
from solicitations.lifecycle import EventKind, HeldReason, RequestState
from solicitations.models import Draft, Event, MissedDemand, Need, Solicitation
from solicitations.models.requests import make_reference
from solicitations.notifications import to_company
from territories.models import Commune


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


@outbox.one_delivery_task()
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
    sent: list[routing.LoadedRequest] = []
    for part in parts:
        first = sent[0].solicitation if sent else None
        sent.append(
            _create_request(blank, part, first=first, unticked=unticked, is_suspect=is_suspect, now=now)
        )
    if draft is not None:
        _mark_sent(draft, sent[0].solicitation, now=now)
    for loaded in sent:
        transaction.on_commit(lambda loaded=loaded: _route(loaded, now=now))  # type: ignore[misc]
    return [loaded.solicitation for loaded in sent]


def _route(sent: routing.LoadedRequest, *, now: datetime) -> None:
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
) -> routing.LoadedRequest:
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
    return routing.LoadedRequest(solicitation, needs, codes)


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
