"""Needs of a list of the inbox, in order, and its counters: a fixed number of queries."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db.models import (
    BooleanField,
    Case,
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    Subquery,
    Value,
    When,
)
from django.db.models.lookups import Exact

from experts.models import Expert
from solicitations.lifecycle import EventKind, MatchState
from solicitations.models import Event, Match, PlannedCall, Solicitation
from solicitations.models.matches import STANDS_IN, UNBOUND, MatchQuerySet
from solicitations.models.needs import LEGAL_CLOCK_BELOW
from workspace import put_off
from workspace.inbox.readers import Reader
from workspace.inbox.tabs import STATES, InboxList, Scope, StateTab, experts_of, scopes_of, tab_of

# Ranks of the urgent needs: those that nobody follows any more or whose mails nobody gets, those put off
# until today, the clock of the law, lateness, a company that nobody called.
LEFT, RETURNED, CLOCK, LATE, NOT_CALLED, USUAL, PUT_OFF = range(7)


@dataclass(frozen=True)
class Signs:
    """Signs of a need that somebody should look at: the clock of the law, lateness, a company not called."""

    is_clocked: bool
    is_late: bool
    is_not_called: bool


def listed(reader: Reader, shown: InboxList) -> MatchQuerySet:
    """The needs of a list, unordered."""
    found: MatchQuerySet = of_scope(reader, shown.scope)
    return found if shown.tab == StateTab.ALL else found.filter(state__in=STATES[shown.tab])


def of_scope(reader: Reader, scope: Scope) -> MatchQuerySet:
    """Every need that a scope lists."""
    needs = Match.objects.filter(expert__in=experts_of(reader, scope))
    return needs.as_stand_in() if scope == Scope.STAND_IN else needs


def openable(reader: Reader) -> MatchQuerySet:
    """The needs whose words she may read: of her posts and of the offices she manages."""
    return Match.objects.filter(expert__in=sorted(reader.posts | reader.managed))


def in_order(
    needs: MatchQuerySet, reader: Reader, shown: InboxList, *, now: datetime, today: date
) -> MatchQuerySet:
    """Urgent needs first, then the oldest; those that are over, the latest first."""
    if not shown.is_active:
        return needs.order_by("-sent_at", "-pk")
    ranked = with_urgency(needs, unreached=reader.unreached, now=now, today=today)
    return ranked.order_by(F("rank"), "sent_at", "pk")


def with_urgency(
    needs: MatchQuerySet, *, unreached: Collection[int], now: datetime, today: date
) -> MatchQuerySet:
    """Annotate active needs with their signs and their rank.

    ``unreached``: the experts whose address refuses our mails.
    """
    ranked = Case(
        When(expert_left_at__isnull=False, then=Value(LEFT)),
        When(state=MatchState.TAKEN, expert__in=sorted(unreached), then=Value(LEFT)),
        When(put_off.IS_CURRENT & Q(put_off__until__gt=today), then=Value(PUT_OFF)),
        When(put_off.IS_CURRENT & Q(put_off__until__lte=today), then=Value(RETURNED)),
        When(is_clocked=True, then=Value(CLOCK)),
        When(is_late=True, then=Value(LATE)),
        When(is_not_called=True, then=Value(NOT_CALLED)),
        default=Value(USUAL),
        output_field=IntegerField(),
    )
    return needs.annotate(**signs_of(now=now)).annotate(rank=ranked)


def signs_of(*, now: Any) -> dict[str, Case]:
    """The columns of ``Signs``, in its order."""
    return {
        "is_clocked": _yes(on_the_clock()),
        "is_late": _yes(late(now=now)),
        "is_not_called": _yes(not_called(now=now)),
    }


def _yes(condition: Q) -> Case:
    return Case(When(condition, then=True), default=False, output_field=BooleanField())


def late(*, now: datetime) -> Q:
    """Sent for seven days without an answer, or taken for twenty-one without an outcome."""
    unanswered = Q(state=MatchState.SENT, sent_at__lte=now - settings.LATE_AFTER)
    return unanswered | Q(state=MatchState.TAKEN, taken_at__lte=now - settings.REMIND_TAKER_AFTER)


def on_the_clock() -> Q:
    """The law binds the match to answer (``bound_by_legal_clock``), and nobody did in writing."""
    same_need = Match.objects.filter(need=OuterRef("need"))
    # Others than itself, which only matters when it is none of them: the planner then looks each need up,
    # instead of reading all matches of these services.
    others = same_need.exclude(pk=OuterRef("pk"))
    services = others.filter(expert__office__institution__is_legal_information=True)
    answered = same_need.filter(answered_at__isnull=False).exclude(answer="")
    # Of the few matches of labour law alone: joined, company and institution would be read of each match.
    small = Solicitation.objects.filter(
        Q(headcount_min=None) | Q(headcount_min__lt=LEGAL_CLOCK_BELOW), pk=OuterRef("need__solicitation")
    )
    own = Expert.objects.filter(pk=OuterRef("expert"), office__institution__is_legal_information=True)
    bound = Q(Exists(own)) | Q(~Exists(services.exclude(state__in=UNBOUND)))
    active = Q(state__in=[MatchState.SENT, MatchState.TAKEN])
    return active & Q(subject__is_labour_law=True) & Q(Exists(small)) & bound & Q(~Exists(answered))


def clocked() -> Q:
    """``on_the_clock`` as a filter, that the planner takes whole.

    It would look up the services of each need first, then the subject, which few needs pass.
    """
    return Q(state__in=[MatchState.SENT, MatchState.TAKEN]) & Q(_yes(on_the_clock()))


def not_called(*, now: datetime) -> Q:
    """The company's last word on its call-back is that nobody called, and no call is planned to come."""
    reports = Event.objects.filter(
        solicitation=OuterRef("need__solicitation"), kind__in=[EventKind.CALLED, EventKind.STILL_WAITING]
    )
    last = Subquery(reports.order_by("-at", "-pk").values("kind")[:1])
    planned = PlannedCall.objects.filter(mailbox=OuterRef("mailbox"), cancelled_at=None, starts_at__gt=now)
    return Q(Exact(last, Value(EventKind.STILL_WAITING.value))) & Q(~Exists(planned))


def counts_by_tab(reader: Reader, scope: Scope) -> Mapping[StateTab, int]:
    """The number of needs of each tab of a scope. One query."""
    # By expert too, as the index is sorted: sorting the states of 50,000 needs takes as long as reading them.
    rows = of_scope(reader, scope).order_by().values_list("expert", "state").annotate(Count("pk"))
    counted: Counter[StateTab] = Counter()
    for _, state, count in rows:
        counted[tab_of(state)] += count
    return counted


def waiting_by_scope(reader: Reader) -> Mapping[Scope, int]:
    """The number of needs to answer in each scope. One query."""
    waiting = Match.objects.sent().filter(expert__in=sorted(reader.everybody)).order_by()
    rows = list(
        waiting.values_list("expert").annotate(all=Count("pk"), stand_in=Count("pk", filter=STANDS_IN))
    )
    counted = {}
    for scope in scopes_of(reader):
        among, column = frozenset(experts_of(reader, scope)), 2 if scope == Scope.STAND_IN else 1
        counted[scope] = sum(row[column] for row in rows if row[0] in among)
    return counted
