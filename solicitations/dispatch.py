"""What the portal does by itself, on one request: route it, release it, find who takes over."""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction

from experts.routing import loading
from experts.routing.decision import Chosen, Decision, NeedDecision
from mailing.models import OutgoingEmail
from mailing.tasks import deliver_after_commit
from solicitations.lifecycle import (
    ACTIVE,
    UNDO_DELAY,
    AlertCause,
    EventKind,
    HeldReason,
    MatchOrigin,
    MatchState,
    NeedState,
    RequestState,
    closing_reason,
)
from solicitations.models import Alert, Event, Mailbox, Match, Need, Solicitation
from solicitations.notifications import to_company, to_experts, to_staff
from territories.working_time import add_working_hours

logger = logging.getLogger(__name__)

MANY_EXPERTS = 8
HELD_FOR = timedelta(hours=4)  # working hours of the territory
LATE_ROUTING = timedelta(minutes=1)
ROUTING_RETRY_AFTER = timedelta(minutes=1)


def route_safely(pk: int, *, now: datetime) -> None:
    """Route, or leave it to the sweep: the visitor's answer never depends on it."""
    try:
        route(pk, now=now)
    except Exception as error:
        logger.exception("request %s could not be routed", pk)
        with transaction.atomic():
            Solicitation.objects.filter(pk=pk).update(
                routing_error=type(error).__name__, routing_due_at=now + ROUTING_RETRY_AFTER
            )


@transaction.atomic(durable=True)
def route(pk: int, *, now: datetime) -> None:
    """Decide who answers, record it, and have them mailed; a second call finds nothing to do.

    A held request gets its decision, for staff to read, and nobody is mailed.
    """
    solicitation = Solicitation.objects.locked(pk)
    if solicitation.routing_due_at is None or solicitation.is_over:
        return
    needs = list(solicitation.needs.select_related("subject").order_by("position", "pk"))
    decision = _decide(solicitation, needs, now=now)
    for need, decided in zip(needs, decision.needs, strict=True):
        need.decision, need.is_fallback = decided.as_json(), decided.is_fallback
    Need.objects.bulk_update(needs, ["decision", "is_fallback"])
    solicitation.routing_due_at, solicitation.routing_error = None, ""
    if solicitation.state == RequestState.SUBMITTED and _would_reach_too_many(solicitation, decision):
        hold(solicitation, HeldReason.MANY_EXPERTS, now=now)
    if solicitation.state == RequestState.SUBMITTED:
        _put_in_touch(solicitation, needs, decision, now=now)
    solicitation.reckon()
    solicitation.save()


def _decide(solicitation: Solicitation, needs: Sequence[Need], *, now: datetime) -> Decision:
    unticked = solicitation.unticked_institutions.values_list("code", flat=True)
    return loading.decide(
        subjects=[need.subject.slug for need in needs],
        commune=solicitation.commune,
        facts=solicitation.facts,
        on=now.astimezone(solicitation.time_zone).date(),
        without_institutions=frozenset(unticked),
    )


def _would_reach_too_many(solicitation: Solicitation, decision: Decision) -> bool:
    """Many experts for one subject, though the activity that narrows them is known or was refused."""
    if solicitation.released_at or solicitation.routed_at:
        return False
    is_activity_settled = bool(solicitation.naf) or solicitation.is_activity_refused
    return is_activity_settled and any(len(need.emails) > MANY_EXPERTS for need in decision.needs)


def hold(solicitation: Solicitation, reason: HeldReason, *, now: datetime) -> None:
    """Hold a locked request for staff and tell them. Saves the alert and the event, not the request."""
    solicitation.move_to(RequestState.HELD, at=now, reason=reason)
    Event.objects.create(solicitation=solicitation, kind=EventKind.HELD, reason=reason.label, at=now)
    raise_alert(solicitation, AlertCause.HELD, words=reason.label, now=now)


def raise_alert(solicitation: Solicitation, cause: AlertCause, *, now: datetime, words: str = "") -> None:
    """A line in the staff's list and a mail to them: once per request and cause."""
    alert, _ = Alert.objects.update_or_create(
        solicitation=solicitation,
        cause=cause,
        defaults={"words": words, "settled_at": None},
        create_defaults={"words": words, "raised_at": now},
    )
    deliver_after_commit(*to_staff.alert(alert, now=now))


def _put_in_touch(
    solicitation: Solicitation, needs: Sequence[Need], decision: Decision, *, now: datetime
) -> None:
    is_first = solicitation.routed_at is None
    new = [
        match
        for need, decided in zip(needs, decision.needs, strict=True)
        for match in make_matches(need, decided.chosen, origin=MatchOrigin.ROUTING, now=now)
    ]
    solicitation.routed_at = solicitation.routed_at or now
    Event.objects.create(solicitation=solicitation, kind=EventKind.ROUTED, at=now)
    notify(new, now=now)
    if any(not decided.chosen for decided in decision.needs):
        raise_alert(solicitation, AlertCause.NOBODY, now=now)
    elif is_first and now - solicitation.submitted_at > LATE_ROUTING:
        deliver_after_commit(*to_company.contacted(solicitation, now=now))


def make_matches(
    need: Need,
    chosen: Iterable[Chosen],
    *,
    origin: MatchOrigin,
    now: datetime,
    introduced_by: Match | None = None,
    again: bool = False,
) -> list[Match]:
    """Put a need before these experts; returns the matches that are new, or sent once more.

    ``again``: those that were withdrawn or replaced are brought in again.
    """
    matches: list[Match] = []
    for choice in chosen:
        mailbox = _mailbox(need.solicitation, choice.expert, now=now)
        match, is_new = Match.objects.get_or_create(
            need=need,
            expert_id=choice.expert_pk,
            defaults={
                "mailbox": mailbox,
                "origin": origin,
                "reason": choice.as_json(),
                "introduced_by": introduced_by,
                "sent_at": now,
            },
        )
        if not is_new and again and match.is_gone:
            match.move_to(MatchState.SENT, at=now)
            match.origin, match.introduced_by, match.sent_at = origin, introduced_by, now
            match.save()
            is_new = True
        matches += [match] if is_new else []
    return matches


def _mailbox(solicitation: Solicitation, email: str, *, now: datetime) -> Mailbox:
    mailbox = Mailbox.objects.of(solicitation, email).first()
    return mailbox or Mailbox.objects.create(solicitation=solicitation, email=email, created_at=now)


def notify(
    matches: Sequence[Match],
    *,
    now: datetime,
    event: Event | None = None,
    introducer: str = "",
    word: str = "",
    not_before: datetime | None = None,
) -> None:
    """One mail per mailbox about these new matches, in a new round of it."""
    loaded = Match.objects.with_people().filter(pk__in=[match.pk for match in matches]).in_order()
    by_mailbox: dict[int, list[Match]] = {}
    for match in loaded:
        by_mailbox.setdefault(match.mailbox_id, []).append(match)
    for mine in by_mailbox.values():
        mailbox = mine[0].mailbox
        mailbox.round += 1
        mailbox.save(update_fields=["round"])
        rows = to_experts.notified(
            mailbox,
            matches=mine,
            now=now,
            event=event,
            introducer=introducer,
            word=word,
            not_before=not_before,
        )
        deliver_after_commit(*rows)


@transaction.atomic(durable=True)
def release_when_due(pk: int, *, now: datetime) -> None:
    """Release a request that staff left held for four working hours; never a duplicate."""
    solicitation = Solicitation.objects.locked(pk)
    if solicitation.state != RequestState.HELD or solicitation.is_held_duplicate:
        return
    if solicitation.held_at and add_working_hours(solicitation.held_at, HELD_FOR, solicitation.commune) > now:
        return
    release(solicitation, now=now)
    Event.objects.create(
        solicitation=solicitation, kind=EventKind.RELEASED, reason="Quatre heures ouvrées passées", at=now
    )
    solicitation.save()


def release(solicitation: Solicitation, *, now: datetime) -> None:
    """Let a locked, held request go on: it is routed next. Saves nothing but the alert's end."""
    solicitation.move_to(RequestState.SUBMITTED, at=now)
    solicitation.released_at = solicitation.routing_due_at = now
    solicitation.alerts.filter(cause=AlertCause.HELD).update(settled_at=now)


@transaction.atomic(durable=True)
def offer_fallback(pk: int, *, now: datetime) -> None:
    """All have declined need ``pk``: the fallback office takes over, then the national one, then nobody.

    Does nothing while the last refusal may still be undone, or when somebody came in meanwhile.
    """
    need = Need.objects.select_related("subject").get(pk=pk)
    solicitation = Solicitation.objects.locked(need.solicitation_id)
    need.refresh_from_db(fields=["state", "exhausted_at"])
    if solicitation.is_over or need.state != NeedState.DECLINED or need.exhausted_at:
        return
    if need.matches.filter(ended_at__gt=now - UNDO_DELAY).exists():
        return
    need.solicitation = solicitation
    decided = _decide_fallback(need, now=now)
    made = make_matches(need, decided.chosen, origin=MatchOrigin.FALLBACK, now=now)
    if made:
        _take_over(need, made, now=now)
    else:
        _give_up(need, now=now)
    solicitation.reckon()
    close_if_done(solicitation, now=now)
    solicitation.save()


def _decide_fallback(need: Need, *, now: datetime) -> NeedDecision:
    solicitation = need.solicitation
    return loading.decide_fallback(
        subject=need.subject.slug,
        commune=solicitation.commune,
        on=now.astimezone(solicitation.time_zone).date(),
        without_institutions=frozenset(solicitation.unticked_institutions.values_list("code", flat=True)),
        without_offices=frozenset(need.matches.values_list("expert__office__code", flat=True)),
    )


def _take_over(need: Need, made: Sequence[Match], *, now: datetime) -> None:
    need.is_fallback = True
    need.save(update_fields=["is_fallback"])
    event = Event.objects.create(
        solicitation=need.solicitation,
        match=made[0],
        kind=EventKind.FALLBACK,
        reason=need.subject.label,
        at=now,
    )
    notify(made, now=now, event=event)
    offices = sorted({match.expert.office.name for match in made})
    rows = to_company.taken_over(need.solicitation, offices=offices, event=event, now=now)
    deliver_after_commit(*rows)
    raise_alert(need.solicitation, AlertCause.ALL_DECLINED, words=need.subject.label, now=now)


def _give_up(need: Need, *, now: datetime) -> None:
    need.exhausted_at = now
    need.save(update_fields=["exhausted_at"])
    Event.objects.create(
        solicitation=need.solicitation, kind=EventKind.EXHAUSTED, reason=need.subject.label, at=now
    )
    deliver_after_commit(*to_company.nobody_could_help(need.solicitation, now=now))
    raise_alert(need.solicitation, AlertCause.EXHAUSTED, words=need.subject.label, now=now)


def close_if_done(solicitation: Solicitation, *, now: datetime) -> None:
    """Close a locked, routed request that nobody has to answer any more, or reopen it. Saves the event alone.

    A need that all declined waits for its fallback; an uncovered one waits for staff.
    """
    matches = Match.objects.filter(need__solicitation=solicitation)
    if matches.active().exists():
        if solicitation.state == RequestState.CLOSED:
            solicitation.move_to(RequestState.SUBMITTED, at=now)
            Event.objects.create(solicitation=solicitation, kind=EventKind.REOPENED, at=now)
        return
    if solicitation.state != RequestState.SUBMITTED or solicitation.routed_at is None:
        return
    waits = {NeedState.UNCOVERED, NeedState.RECEIVED}
    for need in solicitation.needs.all():
        if need.state in waits or (need.state == NeedState.DECLINED and need.exhausted_at is None):
            return
    reason = closing_reason([MatchState(state) for state in matches.values_list("state", flat=True)])
    solicitation.move_to(RequestState.CLOSED, at=now, reason=reason)
    Event.objects.create(solicitation=solicitation, kind=EventKind.CLOSED, reason=reason.label, at=now)


@transaction.atomic(durable=True)
def expire(pk: int, *, now: datetime) -> None:
    """End a match that nobody answered; a late answer stays welcome. Does nothing to one that is over."""
    match = Match.objects.select_related("need").get(pk=pk)
    solicitation = Solicitation.objects.locked(match.need.solicitation_id)
    locked = Match.objects.select_for_update().get(pk=pk)
    if locked.state not in ACTIVE:
        return
    before = locked.state
    locked.move_to(MatchState.EXPIRED, at=now)
    locked.save()
    Event.objects.create(
        solicitation=solicitation,
        match=locked,
        kind=EventKind.MOVED,
        from_state=before,
        to_state=locked.state,
        at=now,
    )
    solicitation.reckon()
    close_if_done(solicitation, now=now)
    solicitation.save()


@transaction.atomic(durable=True)
def note_refused_mail(email_pk: int, *, now: datetime) -> None:
    """A mail was refused for good: staff call the company, or look for another expert."""
    email = OutgoingEmail.objects.refused().filter(pk=email_pk).first()
    about = next((name for name in email.about if name.startswith("request:")), None) if email else None
    if email is None or about is None:
        return
    solicitation = Solicitation.objects.locked(int(about.removeprefix("request:")))
    if email.to.lower() == solicitation.email.lower():
        cause, words = (
            AlertCause.ACKNOWLEDGEMENT_REFUSED,
            f"{solicitation.contact_name}, {solicitation.phone}",
        )
    elif Mailbox.objects.of(solicitation, email.to).exists():
        cause, words = AlertCause.MAIL_REFUSED, email.to
    else:
        return
    told = Alert.objects.filter(solicitation=solicitation, cause=cause).first()
    if told is None:
        raise_alert(solicitation, cause, words=words, now=now)
    elif words not in told.words:
        raise_alert(solicitation, cause, words=f"{told.words}, {words}", now=now)
