"""Find the experts who take over a need that everybody asked has declined."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from experts.routing import loading
from experts.routing.decision import NeedDecision
from solicitations.dispatch import alerts, closing, matching
from solicitations.lifecycle import UNDO_DELAY, AlertCause, EventKind, MatchOrigin, NeedState
from solicitations.models import Event, Match, Need, Solicitation
from solicitations.notifications import to_company


@transaction.atomic(durable=True)
def offer_fallback(pk: int, *, now: datetime) -> None:
    """Send need ``pk``, which all declined, to the fallback office, else to the national one, else give up.

    Does nothing while the last refusal may still be undone, or when an expert was added meanwhile.
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
    closing.refresh(solicitation, now=now)


def _decide_fallback(need: Need, *, now: datetime) -> NeedDecision:
    solicitation = need.solicitation
    return loading.decide_fallback(
        subject=need.subject.slug,
        commune=solicitation.commune,
        on=solicitation.today(now),
        without_institutions=frozenset(solicitation.unticked_institutions.values_list("code", flat=True)),
        without_offices=frozenset(need.matches.values_list("expert__office__code", flat=True)),
    )


def _take_over(need: Need, made: Sequence[Match], *, now: datetime) -> None:
    need.is_fallback = True
    need.save(update_fields=["is_fallback"])
    event = Event.objects.record(
        EventKind.FALLBACK, need.solicitation, match=made[0], reason=need.subject.label, at=now
    )
    matching.notify(made, now=now, event=event)
    offices = sorted({match.expert.office.name for match in made})
    to_company.taken_over(need, offices=offices, event=event, now=now)
    alerts.raise_alert(need.solicitation, AlertCause.ALL_DECLINED, details=need.subject.label, now=now)


def _give_up(need: Need, *, now: datetime) -> None:
    need.exhausted_at = now
    need.save(update_fields=["exhausted_at"])
    Event.objects.record(EventKind.EXHAUSTED, need.solicitation, reason=need.subject.label, at=now)
    to_company.nobody_could_help(need, now=now)
    alerts.raise_alert(need.solicitation, AlertCause.EXHAUSTED, details=need.subject.label, now=now)
