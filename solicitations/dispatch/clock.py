"""What time brings about on one object: release, fallback, expiry, refused mails."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction

from experts.routing import loading
from experts.routing.decision import NeedDecision
from mailing.models import OutgoingEmail
from mailing.tasks import deliver_after_commit
from solicitations.dispatch import matching
from solicitations.dispatch.advancing import end
from solicitations.lifecycle import (
    ACTIVE,
    UNDO_DELAY,
    AlertCause,
    EventKind,
    HeldReason,
    MatchOrigin,
    NeedState,
    RequestState,
)
from solicitations.models import Event, Mailbox, Match, Need, Solicitation
from solicitations.notifications import to_company
from territories.working_time import add_working_hours


@transaction.atomic(durable=True)
def tell_held(pk: int, *, now: datetime) -> None:
    """Tell staff of a request that was held as it came, and the first mailbox of a second like request.

    Does nothing to one that they have heard of, or that is not held any more.
    """
    solicitation = Solicitation.objects.locked(pk)
    if not Solicitation.objects.held_and_untold().filter(pk=pk).exists():
        return
    words = HeldReason(solicitation.held_reason).label
    matching.raise_alert(solicitation, AlertCause.HELD, words=words, now=now)
    if solicitation.is_held_duplicate and solicitation.duplicate_of:
        deliver_after_commit(*to_company.second_came(solicitation.duplicate_of, now=now))


@transaction.atomic(durable=True)
def release_when_due(pk: int, *, now: datetime) -> None:
    """Release a request that staff left held for four working hours; never a duplicate."""
    solicitation = Solicitation.objects.locked(pk)
    if solicitation.state != RequestState.HELD or solicitation.is_held_duplicate:
        return
    held_at, commune = solicitation.held_at, solicitation.commune
    if held_at and add_working_hours(held_at, settings.HELD_FOR, commune) > now:
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
    made = matching.make_matches(need, decided.chosen, origin=MatchOrigin.FALLBACK, now=now)
    if made:
        _take_over(need, made, now=now)
    else:
        _give_up(need, now=now)
    solicitation.reckon()
    matching.close_if_done(solicitation, now=now)
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
    matching.notify(made, now=now, event=event)
    offices = sorted({match.expert.office.name for match in made})
    rows = to_company.taken_over(need, offices=offices, event=event, now=now)
    deliver_after_commit(*rows)
    matching.raise_alert(need.solicitation, AlertCause.ALL_DECLINED, words=need.subject.label, now=now)


def _give_up(need: Need, *, now: datetime) -> None:
    need.exhausted_at = now
    need.save(update_fields=["exhausted_at"])
    Event.objects.create(
        solicitation=need.solicitation, kind=EventKind.EXHAUSTED, reason=need.subject.label, at=now
    )
    deliver_after_commit(*to_company.nobody_could_help(need, now=now))
    matching.raise_alert(need.solicitation, AlertCause.EXHAUSTED, words=need.subject.label, now=now)


@transaction.atomic(durable=True)
def expire(pk: int, *, now: datetime) -> None:
    """End a match that nobody answered; a late answer stays welcome. Does nothing to one that is over."""
    match = Match.objects.select_related("need").get(pk=pk)
    solicitation = Solicitation.objects.locked(match.need.solicitation_id)
    locked = Match.objects.select_for_update().get(pk=pk)
    if locked.state not in ACTIVE:
        return
    end(locked, solicitation, now=now)
    solicitation.reckon()
    matching.close_if_done(solicitation, now=now)
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
    told = solicitation.alerts.filter(cause=cause).first()
    if told is None or words not in told.words:
        matching.raise_alert(solicitation, cause, words=words, now=now)
