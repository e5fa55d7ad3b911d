"""Needs sent to experts who are away: offered once to the colleagues that stand in for them."""

from dataclasses import replace
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.fields.json import KT
from django.utils import timezone

from solicitations.dispatch import closing, matching, routing
from solicitations.lifecycle import MatchOrigin, RequestState
from solicitations.models import Match, Solicitation
from solicitations.models.matches import MatchQuerySet
from territories.time_zones import other_days

ASKED_AGAIN_AFTER = timedelta(hours=1)


def to_offer(*, now: datetime) -> MatchQuerySet:
    """Matches that wait for an expert who is away today, and that nobody was asked to stand in for.

    Today is the company's: the rule, which chooses the stand-in, goes by the same day. Those for which
    nobody was there come again each hour, as the deputy may be away too and come back first.
    """
    waiting = Match.objects.sent().filter(need__solicitation__state=RequestState.SUBMITTED)
    stand_ins = Match.objects.alias(absent=KT("reason__stand_in_for")).filter(
        need=OuterRef("need"), absent=OuterRef("expert__email")
    )
    nobody_was_there = Q(stand_in_asked_at__lte=now - ASKED_AGAIN_AFTER) & ~Exists(stand_ins)
    waiting = waiting.filter(Q(stand_in_asked_at=None) | nobody_was_there)
    elsewhere, away = other_days(now), Q()
    for day, departments in elsewhere.items():
        away |= Q(need__solicitation__commune__department__in=departments) & _is_away(day)
    here = _is_away(timezone.localdate(now))
    for departments in elsewhere.values():
        here &= ~Q(need__solicitation__commune__department__in=departments)
    return waiting.filter(away | here)


def _is_away(day: date) -> Q:
    return Q(expert__absences__from_on__lte=day, expert__absences__to_on__gte=day)


@transaction.atomic(durable=True)
def offer(pk: int, *, now: datetime) -> None:
    """Send to their stand-ins the needs of request ``pk`` that wait for experts who are away.

    They keep the need too, and may still answer. A second call finds nothing to do.
    """
    solicitation = Solicitation.objects.locked(pk)
    away = to_offer(now=now).filter(need__solicitation=solicitation).values("pk")
    rows = Match.objects.filter(pk__in=away).with_people().select_for_update(of=("self",)).in_order()
    new: list[Match] = []
    for match in rows:
        match.need.solicitation = solicitation
        new += _ask(match, now=now)
        match.stand_in_asked_at = now
        match.save(update_fields=["stand_in_asked_at"])
    matching.notify(new, now=now)
    closing.refresh(solicitation, now=now)


def _ask(match: Match, *, now: datetime) -> list[Match]:
    """Make matches with the colleagues that the rule would choose today in the absent expert's place."""
    expert = match.expert
    decided = routing.decide_today(match.need, now=now)
    standing_in = [
        replace(choice, stand_in_for=expert.email)
        for choice in decided.chosen
        if choice.office == expert.office.code
    ]
    return matching.make_matches(match.need, standing_in, origin=MatchOrigin.ROUTING, now=now)
