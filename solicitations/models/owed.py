"""What the clock owes, chosen by condition: what is old enough and was not done since.

``places`` are the départements where people are at work. Each look-up starts from what goes on, or ended
lately: past requests cost nothing. It may bring a little more than is due: ``dispatch.timetable`` has the
last word, under lock.
"""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Lower

from solicitations.lifecycle import (
    NOT_LIVE,
    OUTCOMES,
    EventKind,
    MatchOrigin,
    MatchState,
    RequestState,
)
from solicitations.models.conversation import Event
from solicitations.models.matches import Match
from solicitations.models.needs import Need
from solicitations.models.requests import SET_ASIDE, Solicitation, SolicitationQuerySet
from solicitations.models.surveys import Survey
from territories.models import Department

CHUNK = 500
DIFFICULTIES = "difficultes"  # the theme whose companies are asked again, months later


def addresses_to_remind(*, now: datetime, places: Collection[str]) -> Iterator[str]:
    """Addresses, in lower case, of mailboxes with a match that waits for a reminder."""
    experts, takers = (
        _at_work(owing, places).values_list(Lower("mailbox__email"), flat=True)
        for owing in (silent_experts(now=now), silent_takers(now=now))
    )
    yield from experts.union(takers).iterator(chunk_size=CHUNK)


def requests_to_remind(address: str, *, now: datetime) -> SolicitationQuerySet:
    """Requests about which this person is owed a reminder, wherever they are."""
    owing = (silent_experts(now=now), silent_takers(now=now))
    mine = [rows.filter(mailbox__email__iexact=address).values("need__solicitation") for rows in owing]
    return Solicitation.objects.filter(pk__in=mine[0].union(mine[1]))


def silent_experts(*, now: datetime) -> QuerySet[Match]:
    """Matches sent long enough ago, of needs nobody has helped, with a reminder left to send."""
    said = Event.objects.filter(match=OuterRef("pk"), kind=EventKind.REMINDED, at__gte=OuterRef("sent_at"))
    count = said.order_by().values("match").annotate(count=Count("pk")).values("count")
    waiting = _sent(now=now, after=settings.REMIND_AFTER[0]).filter(~_helped())
    old_enough = Q()
    for done, after in enumerate(settings.REMIND_AFTER):
        old_enough |= Q(reminders=done, sent_at__lte=now - after)
    counted = waiting.alias(reminders=Coalesce(Subquery(count, output_field=IntegerField()), 0))
    return counted.filter(old_enough)


def silent_takers(*, now: datetime) -> QuerySet[Match]:
    """Matches taken long enough ago whose taker was not reminded since."""
    return _taken(now=now, after=settings.REMIND_TAKER_AFTER).filter(~_done(EventKind.REMINDED, "taken_at"))


def requests_to_advance(*, now: datetime, places: Collection[str]) -> Iterator[int]:
    """Ids of the requests with any step due but a reminder, the oldest first."""
    requests = Solicitation.objects.filter(pk__in=_advancing(now=now, places=places))
    yield from requests.order_by("pk").values_list("pk", flat=True).iterator(chunk_size=CHUNK)


def requests_owed_something(requests: SolicitationQuerySet, *, now: datetime) -> QuerySet:
    """Ids of those of these requests that the clock owes anything by then, the oldest first."""
    places = Department.objects.values_list("pk", flat=True)
    reminded = [
        rows.values("need__solicitation") for rows in (silent_experts(now=now), silent_takers(now=now))
    ]
    anything = _advancing(now=now, places=list(places)).union(*reminded)
    return requests.filter(pk__in=anything).oldest_first().values_list("pk", flat=True)


def _advancing(*, now: datetime, places: Collection[str]) -> QuerySet:
    """Ids of requests with any step due but a reminder."""
    steps = (
        _nobody_took(EventKind.COMPANY_TOLD, settings.TELL_COMPANY_AFTER, now=now),
        _nobody_took(EventKind.WIDENED, settings.WIDEN_AFTER, now=now),
        _nobody_took(EventKind.REGION_TOLD, settings.TELL_REGION_AFTER, now=now),
        _managers_of_silent_experts(now=now),
        _calls_to_check(now=now),
        _silent_for_long(now=now),
        _at_their_end(now=now),
        _legal_questions(now=now),
    )
    found = [_at_work(step, places).values("need__solicitation") for step in steps]
    asked = [_asked_there(rows, places).values("pk") for rows in (*_surveys(now=now), _follow_ups(now=now))]
    return found[0].union(*found[1:], *asked)


def _at_work(matches: QuerySet[Match], places: Collection[str]) -> QuerySet[Match]:
    return matches.filter(need__solicitation__commune__department__in=places)


def _asked_there(requests: SolicitationQuerySet, places: Collection[str]) -> SolicitationQuerySet:
    return requests.filter(commune__department__in=places)


def _going_on(*, now: datetime) -> Q:
    request = "need__solicitation__"
    may_be_tried = Q(**{f"{request}clock_retry_at": None}) | Q(**{f"{request}clock_retry_at__lte": now})
    return may_be_tried & Q(**{f"{request}state": RequestState.SUBMITTED})


def _sent(*, now: datetime, after: timedelta) -> QuerySet[Match]:
    return Match.objects.filter(_going_on(now=now), state=MatchState.SENT, sent_at__lte=now - after)


def _taken(*, now: datetime, after: timedelta) -> QuerySet[Match]:
    return Match.objects.filter(_going_on(now=now), state=MatchState.TAKEN, taken_at__lte=now - after)


def _done(kind: EventKind, since: str) -> Exists:
    """The clock did this about the match since that date of its life."""
    return Exists(Event.objects.filter(match=OuterRef("pk"), kind=kind, at__gte=OuterRef(since)))


def _said(kind: EventKind, since: str) -> Exists:
    """The clock said this of the need since that date of the match."""
    return Exists(Event.objects.filter(match__need=OuterRef("need"), kind=kind, at__gte=OuterRef(since)))


def _helped() -> Exists:
    return Exists(Match.objects.filter(need=OuterRef("need"), state=MatchState.HELPED))


def _nobody_took(kind: EventKind, after: timedelta, *, now: datetime) -> QuerySet[Match]:
    took = Match.objects.filter(need=OuterRef("need")).exclude(taken_at=None).exclude(state__in=NOT_LIVE)
    waiting = _sent(now=now, after=after).exclude(origin=MatchOrigin.ESCALATION)
    return waiting.filter(~Exists(took), ~_said(kind, "sent_at"))


def _managers_of_silent_experts(*, now: datetime) -> QuerySet[Match]:
    waiting = _sent(now=now, after=settings.TELL_MANAGER_AFTER)
    return waiting.filter(~_helped(), ~_done(EventKind.MANAGER_TOLD, "sent_at"))


def _calls_to_check(*, now: datetime) -> QuerySet[Match]:
    taken = _taken(now=now, after=settings.CHECK_CALL_AFTER)
    yes = Event.objects.filter(
        solicitation=OuterRef("need__solicitation"), kind=EventKind.CALLED, at__gte=OuterRef("taken_at")
    )
    return taken.filter(~_helped(), ~_said(EventKind.CALL_CHECKED, "taken_at"), ~Exists(yes))


def _silent_for_long(*, now: datetime) -> QuerySet[Match]:
    taken = _taken(now=now, after=settings.TELL_SILENCE_AFTER)
    return taken.filter(~_done(EventKind.MANAGER_TOLD, "taken_at"))


def _at_their_end(*, now: datetime) -> QuerySet[Match]:
    old = now - settings.EXPIRE_AFTER
    # Those of a second wave end with the first one: the timetable has their dates.
    second_wave = Q(origin=MatchOrigin.ESCALATION, need__solicitation__submitted_at__lte=old)
    sent = Q(state=MatchState.SENT) & (Q(sent_at__lte=old) | second_wave)
    taken = Q(state=MatchState.TAKEN, taken_at__lte=now - settings.EXPIRE_TAKEN_AFTER)
    return Match.objects.filter(_going_on(now=now)).filter(sent | taken)


def _legal_questions(*, now: datetime) -> QuerySet[Match]:
    """Old enough at the least, two days of week-end to five of work: the timetable counts them exactly."""
    days = settings.LEGAL_ESCALATION_DAYS
    at_least = timedelta(days=days + days // 5 * 2 - 1)  # sent in the evening, due in the morning
    old = Q(need__solicitation__submitted_at__lte=now - at_least)
    active = Match.objects.active().filter(_going_on(now=now), old, need__subject__is_labour_law=True)
    answered = Match.objects.filter(need=OuterRef("need")).exclude(answered_at=None)
    told = Event.objects.filter(match__need=OuterRef("need"), kind=EventKind.LEGAL_ESCALATED)
    return active.filter(~Exists(answered), ~Exists(told))


def _to_try(*, now: datetime) -> SolicitationQuerySet:
    requests = Solicitation.objects.filter(Q(clock_retry_at=None) | Q(clock_retry_at__lte=now))
    return requests.exclude(closed_reason__in=SET_ASIDE)


def _surveys(*, now: datetime) -> tuple[SolicitationQuerySet, ...]:
    """Requests never asked their opinion: going on since an outcome, or ended lately."""
    since = now - settings.SURVEY_UNTIL
    outcome = Match.objects.filter(
        need__solicitation=OuterRef("pk"),
        state__in=OUTCOMES,
        ended_at__gt=since,
        ended_at__lte=now - settings.SURVEY_AFTER,
    )
    # Looked up one by one: an "exists" has PostgreSQL read the surveys of years, each minute.
    asked_at = Survey.objects.filter(solicitation=OuterRef("pk")).values("asked_at")[:1]
    never_asked = _to_try(now=now).alias(asked_at=Subquery(asked_at)).filter(asked_at=None)
    open_ = never_asked.filter(Exists(outcome), state=RequestState.SUBMITTED)
    ended = never_asked.filter(state=RequestState.CLOSED, ended_at__gt=since)
    return open_, ended.filter(Q(ended_at__lte=now - settings.SURVEY_AFTER) | Exists(outcome))


def _follow_ups(*, now: datetime) -> SolicitationQuerySet:
    asked = Event.objects.filter(solicitation=OuterRef("pk"), kind=EventKind.FOLLOWED_UP)
    in_difficulty = Need.objects.filter(solicitation=OuterRef("pk"), subject__theme__slug=DIFFICULTIES)
    return _to_try(now=now).filter(
        ~Exists(asked),
        Exists(in_difficulty),
        state__in=[RequestState.SUBMITTED, RequestState.CLOSED],
        submitted_at__lte=now - settings.FOLLOW_UP_AFTER,
        submitted_at__gt=now - settings.FOLLOW_UP_UNTIL,
    )
