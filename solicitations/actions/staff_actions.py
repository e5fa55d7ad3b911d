"""Actions of staff on the course of a request: release, close, merge, correct, add and withdraw."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from experts.models import Institution, Subject, User
from mailing import outbox
from mailing.models import OutgoingEmail, id_in
from solicitations import reply_addresses
from solicitations.actions import handling, moves
from solicitations.actions.company_requests import withdraw_all
from solicitations.actions.expert_answers import NobodyThere, choose_within
from solicitations.dispatch import alerts, closing, holding, matching, routing
from solicitations.lifecycle import (
    AlertCause,
    ClosedReason,
    EventKind,
    ForbiddenMove,
    MatchOrigin,
    MatchState,
    RequestState,
)
from solicitations.models import Addition, Alert, Event, Mailbox, Match, Need, Solicitation
from solicitations.notifications import request_mails, to_company, to_experts, to_readers, to_staff

# The columns that staff may correct, beside the commune and the subjects.
CORRECTABLE = frozenset(
    {
        "company_name", "siret", "naf", "legal_form", "headcount_min", "headcount_max", "craft",
        "company_created_on", "phone", "fact_sources",
    }
)  # fmt: skip
SAME_OPENING = timedelta(minutes=1)


class ConfidentialApart(Exception):
    """A confidential subject is always a request of its own."""


class SubjectTwice(Exception):
    """Two needs of one request would have the same subject."""


class RecipientGone(Exception):
    """The recipient of the mail, an expert, has left or is paused, or their office is closed."""


class OtherRegion(Exception):
    """The first request belongs to another region: nothing was written into it."""


@transaction.atomic(durable=True)
def release(solicitation: Solicitation, *, by: User, now: datetime) -> None:
    """Let a held request go on. Raises ``ForbiddenMove`` when it is not held any more."""
    locked = Solicitation.objects.locked(solicitation.pk)
    if locked.state != RequestState.HELD:
        raise ForbiddenMove(RequestState(locked.state), RequestState.SUBMITTED)
    holding.release(locked, now=now)
    locked.save()
    Event.objects.record(EventKind.RELEASED, locked, by=by, at=now)
    transaction.on_commit(lambda: routing.route_safely(locked.pk, now=now))


@transaction.atomic(durable=True)
def close(solicitation: Solicitation, *, message: str, by: User, now: datetime) -> None:
    """Close a request with a message to its company. Raises ``ForbiddenMove``."""
    why = "L'équipe du service a clos cette demande : vous n'avez plus rien à faire."
    locked = _end(solicitation, ClosedReason.STAFF, by=by, message=message, why=why, now=now)
    to_company.closed_by_staff(locked, message=message, now=now)


@transaction.atomic(durable=True)
def mark(solicitation: Solicitation, reason: ClosedReason, *, by: User, now: datetime) -> None:
    """Close as spam or test; unsent mails are cancelled, figures leave it out. Raises ``ForbiddenMove``."""
    why = "Cette demande n'était pas sérieuse : vous n'avez plus rien à faire."
    _end(solicitation, reason, by=by, message="", why=why, now=now)


def _end(
    solicitation: Solicitation, reason: ClosedReason, *, by: User, message: str, why: str, now: datetime
) -> Solicitation:
    locked = Solicitation.objects.locked(solicitation.pk)
    locked.move_to(RequestState.CLOSED, at=now, reason=reason)
    event = Event.objects.record(EventKind.CLOSED, locked, by=by, reason=message or reason.label, at=now)
    withdraw_all(locked, event=event, why=why, now=now)
    closing.refresh(locked, now=now)
    return locked


@transaction.atomic(durable=True)
def merge(solicitation: Solicitation, *, by: User, now: datetime) -> None:
    """Add a held duplicate's words to the first request, mail them to its experts, close the duplicate.

    Raises ``ForbiddenMove`` when it is no held duplicate any more, or the first one is over; ``OtherRegion``
    when ``by`` may not see the first one.
    """
    first, locked = _lock_both(solicitation)
    if not Solicitation.objects.visible_to(by).filter(pk=first.pk).exists():
        raise OtherRegion
    addition = Addition.objects.create(solicitation=first, body=locked.description, at=now)
    Event.objects.record(EventKind.MERGED, first, by=by, reason=locked.reference, at=now)
    to_readers.added(addition, now=now)
    locked.move_to(RequestState.CLOSED, at=now, reason=ClosedReason.DUPLICATE)
    closing.refresh(locked, now=now)
    locked.alerts.open().update(settled_at=now)
    Event.objects.record(EventKind.MERGED, locked, by=by, reason=first.reference, at=now)


@transaction.atomic(durable=True)
def tell_other_region(solicitation: Solicitation, *, by: User, now: datetime) -> None:
    """Alert the region of the first request that a similar one is held here; neither one's words are shown.

    Said once. Raises ``ForbiddenMove`` as ``merge`` does.
    """
    first, locked = _lock_both(solicitation)
    if locked.events.filter(kind=EventKind.OTHER_REGION_TOLD, reason=first.reference).exists():
        return
    here = locked.region.name if locked.region else "hors région"
    alerts.raise_alert(first, AlertCause.SIMILAR, details=f"{locked.reference} ({here})", now=now)
    Event.objects.record(EventKind.OTHER_REGION_TOLD, locked, by=by, reason=first.reference, at=now)


def _lock_both(solicitation: Solicitation) -> tuple[Solicitation, Solicitation]:
    """The first request and its duplicate, locked in the order of their ids."""
    duplicate_of = Solicitation.objects.get(pk=solicitation.pk).duplicate_of_id
    pks = sorted(pk for pk in (duplicate_of, solicitation.pk) if pk)
    rows = {pk: Solicitation.objects.locked(pk) for pk in pks}
    locked = rows[solicitation.pk]
    if not locked.is_held_duplicate or duplicate_of is None:
        raise ForbiddenMove(RequestState(locked.state), RequestState.CLOSED)
    first = rows[duplicate_of]
    if first.is_over:
        raise ForbiddenMove(RequestState(first.state), RequestState.SUBMITTED)
    return first, locked


@transaction.atomic(durable=True)
def correct(
    solicitation: Solicitation,
    *,
    columns: Mapping[str, Any],
    subjects: Mapping[int, Subject],
    by: User,
    now: datetime,
) -> None:
    """Correct the commune, facts and subjects (by need's pk) and route again; earlier matches stay.

    ``columns``: ``commune`` and names of ``CORRECTABLE``. Raises ``ForbiddenMove``, ``ConfidentialApart``,
    ``SubjectTwice``.
    """
    locked = Solicitation.objects.locked(solicitation.pk)
    if locked.is_over:
        raise ForbiddenMove(RequestState(locked.state), RequestState.SUBMITTED)
    before = {name: str(getattr(locked, name)) for name in columns}
    for name in columns.keys() & (CORRECTABLE | {"commune"}):
        setattr(locked, name, columns[name])
    locked.region = locked.commune.region
    handling.release_if_out_of_sight(locked, now=now)
    changes = [
        f"{name} : {before[name] or '—'} → {getattr(locked, name) or '—'}"
        for name in sorted(columns)
        if before[name] != str(getattr(locked, name)) and name != "fact_sources"
    ]
    changes += _correct_subjects(locked, subjects)
    locked.routing_due_at = locked.clock_due_at = now
    locked.save()
    event = Event.objects.record(EventKind.CORRECTED, locked, by=by, reason=" ; ".join(changes), at=now)
    if "phone" in columns and before["phone"] != locked.phone:
        to_experts.contact_corrected(locked, event=event, now=now)
    for alert in locked.alerts.open():
        # The region may have changed: its staff get the open alerts. Nobody gets the same alert twice.
        to_staff.alert(alert, now=now)
    transaction.on_commit(lambda: routing.route_safely(locked.pk, now=now))


def _correct_subjects(locked: Solicitation, subjects: Mapping[int, Subject]) -> list[str]:
    changes: list[str] = []
    needs = list(locked.needs.select_related("subject").order_by("position", "pk"))
    if len({subjects.get(need.pk, need.subject) for need in needs}) < len(needs):
        raise SubjectTwice
    for need in needs:
        subject = subjects.get(need.pk, need.subject)
        if subject == need.subject:
            continue
        if subject.is_confidential != locked.is_confidential:
            raise ConfidentialApart
        changes.append(f"{need.subject.label} → {subject.label}")
        need.subject, need.exhausted_at = subject, None
        need.save(update_fields=["subject", "exhausted_at"])
    return changes


@transaction.atomic(durable=True)
def add_institution(need: Need, institution: Institution, *, reason: str, by: User, now: datetime) -> None:
    """Send a need to one more institution. Raises ``ForbiddenMove``, ``NobodyThere``."""
    locked = Solicitation.objects.locked(need.solicitation_id)
    if locked.is_cancelled or locked.state == RequestState.HELD:
        raise ForbiddenMove(RequestState(locked.state), RequestState.SUBMITTED)
    need = Need.objects.select_related("subject").get(pk=need.pk)
    need.solicitation = locked
    chosen = choose_within(locked, need.subject.slug, institution, now=now)
    made = matching.make_matches(need, chosen, origin=MatchOrigin.STAFF, again=True, now=now)
    if not made:
        raise NobodyThere
    event = Event.objects.record(
        EventKind.ADDED_INSTITUTION, locked, by=by, reason=f"{institution.name} : {reason}", at=now
    )
    matching.notify(made, event=event, now=now)
    locked.routed_at = locked.routed_at or now
    locked.alerts.filter(cause=AlertCause.NOBODY).update(settled_at=now)
    closing.refresh(locked, now=now)


@transaction.atomic(durable=True)
def withdraw(match: Match, *, reason: str, by: User, now: datetime) -> None:
    """Withdraw a match; its expert is mailed if they got a mail before. Raises ``ForbiddenMove``."""
    locked = Solicitation.objects.locked(match.need.solicitation_id)
    row = Match.objects.with_people().select_for_update(of=("self",)).get(pk=match.pk)
    before = row.state
    row.move_to(MatchState.WITHDRAWN, at=now, comment=reason)
    row.save()
    event = Event.objects.record_move(row, before, by=by, kind=EventKind.WITHDRAWN, reason=reason, at=now)
    moves.notify_withdrawn(row, event, now=now)
    if not row.mailbox.matches.active().exists():
        request_mails.remove_from_reminders(f"mailbox:{row.mailbox_id}")
        OutgoingEmail.objects.cancel_about(f"mailbox:{row.mailbox_id}", now=now)
    if OutgoingEmail.objects.about(f"mailbox:{row.mailbox_id}").exclude(sent_at=None).exists():
        why = f"L'équipe du service vous a retiré le besoin « {row.need.subject.label} » : {reason}"
        to_experts.stopped(locked, mailboxes=[row.mailbox], event=event, why=why, now=now)
    closing.refresh(locked, now=now)


@transaction.atomic(durable=True)
def resolve_alert(alert: Alert, *, now: datetime) -> None:
    """Mark an alert as resolved by staff."""
    Alert.objects.open().filter(pk=alert.pk).update(settled_at=now)


@transaction.atomic(durable=True)
def resend(email: OutgoingEmail, *, now: datetime) -> str:
    """Send a mail once more, as a row of its own, and return where to: the address of today, with its links.

    Raises ``RecipientGone`` when its expert is.
    """
    if id_in(email.about, "mailbox"):
        pks = [int(name.partition(":")[2]) for name in email.about if name.startswith("mailbox:")]
        if not Mailbox.objects.filter(pk__in=pks, left_at=None).exists():
            raise RecipientGone
    elif owner := reply_addresses.owner_of_reply_address(email.reply_to, now=now):
        to_company.readdress(email, owner)
    outbox.enqueue_again(email, now=now)
    return email.to


@transaction.atomic(durable=True)
def record_request_opened(solicitation: Solicitation, *, by: User, now: datetime) -> None:
    """Record that staff opened a request, when it is confidential."""
    if solicitation.is_confidential:
        Event.objects.record(EventKind.OPENED, solicitation, by=by, at=now)


@transaction.atomic(durable=True)
def record_mail_opened(solicitation: Solicitation, *, key: str, by: User, now: datetime) -> None:
    """Record that staff opened a mail about a confidential request; its page and its frame count once."""
    if not solicitation.is_confidential:
        return
    opened = solicitation.events.filter(kind=EventKind.MAIL_OPENED, by_user=by, reason=key)
    if not opened.filter(at__gt=now - SAME_OPENING).exists():
        Event.objects.record(EventKind.MAIL_OPENED, solicitation, by=by, reason=key, at=now)
