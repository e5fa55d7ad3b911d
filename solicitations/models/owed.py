"""What the clock owes, chosen by condition: what is old enough and was not done since.

``places`` are the départements where people are at work. Each look-up starts from an index that holds what
goes on, or is not asked yet: past requests cost nothing. What a match says comes first; its request, whether
it goes on and where, is looked up last, for the few that are left. It may bring a little more than is due:
``dispatch.timetable`` has the last word, under lock.
"""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import (
    Case,
    Count,
    Exists,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Lower

from solicitations.lifecycle import NOT_LIVE, EventKind, MatchOrigin, MatchState, NeedState, RequestState
from solicitations.models.conversation import Event
from solicitations.models.matches import Match
from solicitations.models.needs import LEGAL_CLOCK_BELOW, Need
from solicitations.models.request_querysets import SET_ASIDE, SolicitationQuerySet
from solicitations.models.requests import Solicitation

CHUNK = 500
DIFFICULTIES = "difficultes"  # the theme whose companies are asked again, months later
WHILE_NOBODY_TOOK = (
    (EventKind.COMPANY_TOLD, settings.TELL_COMPANY_AFTER),
    (EventKind.WIDENED, settings.WIDEN_AFTER),
    (EventKind.REGION_TOLD, settings.TELL_REGION_AFTER),
)

WHILE_NOBODY_IS_ASKED = WHILE_NOBODY_TOOK[:2]  # the region has known since the routing


def addresses_to_remind(*, now: datetime, places: Collection[str]) -> Iterator[str]:
    """Addresses, in lower case, of mailboxes with a match that waits for a reminder."""
    experts, takers = (owing.values("pk") for owing in (silent_experts(now=now), silent_takers(now=now)))
    at_work = _going_on(now=now).filter(commune__department__in=places)
    owing = Match.objects.filter(pk__in=experts.union(takers), need__solicitation__in=at_work)
    addresses = owing.order_by().values_list(Lower("mailbox__email"), flat=True).distinct()
    yield from addresses.iterator(chunk_size=CHUNK)


def requests_to_remind(address: str, *, now: datetime) -> SolicitationQuerySet:
    """Requests about which this person is owed a reminder, wherever they are."""
    owing = (silent_experts(now=now), silent_takers(now=now))
    mine = [rows.filter(mailbox__email__iexact=address).values("need__solicitation") for rows in owing]
    return _going_on(now=now).filter(pk__in=mine[0].union(mine[1]))


def silent_experts(*, now: datetime) -> QuerySet[Match]:
    """Matches sent long enough ago, of needs nobody has helped, with a reminder left to send."""
    said = Event.objects.filter(match=OuterRef("pk"), kind=EventKind.REMINDED, at__gte=OuterRef("sent_at"))
    count = said.order_by().values("match").annotate(count=Count("pk")).values("count")
    due = [
        When(sent_at__lte=now - after, then=Value(number))
        for number, after in enumerate(settings.REMIND_AFTER, start=1)
    ]
    waiting = _sent(now=now, after=settings.REMIND_AFTER[0]).filter(~_helped())
    counted = waiting.alias(reminders=Coalesce(Subquery(count, output_field=IntegerField()), 0))
    return counted.filter(reminders__lt=Case(*reversed(due), output_field=IntegerField()))


def silent_takers(*, now: datetime) -> QuerySet[Match]:
    """Matches taken long enough ago whose taker was not reminded since."""
    return _taken(now=now, after=settings.REMIND_TAKER_AFTER).filter(~_done(EventKind.REMINDED, "taken_at"))


def requests_to_advance(*, now: datetime, places: Collection[str]) -> Iterator[int]:
    """Ids of the requests with any step due but a reminder, the oldest first."""
    requests = Solicitation.objects.filter(pk__in=_advancing(now=now), commune__department__in=places)
    yield from requests.order_by("pk").values_list("pk", flat=True).iterator(chunk_size=CHUNK)


def requests_owed_something(requests: SolicitationQuerySet, *, now: datetime) -> QuerySet:
    """Ids of those of these requests that the clock owes anything by then, the oldest first."""
    experts, takers = (
        rows.values("need__solicitation") for rows in (silent_experts(now=now), silent_takers(now=now))
    )
    reminded = _going_on(now=now).filter(pk__in=experts.union(takers))
    anything = Q(pk__in=_advancing(now=now)) | Q(pk__in=reminded)
    return requests.filter(anything).oldest_first().values_list("pk", flat=True)


def _advancing(*, now: datetime) -> QuerySet:
    """Ids of requests with any step due but a reminder."""
    steps = (
        _nobody_took(now=now),
        _reaching_nobody_any_more(now=now),
        _managers_of_silent_experts(now=now),
        _calls_to_check(now=now),
        _silent_for_long(now=now),
        *_at_their_end(now=now),
    )
    found = [step.values("need__solicitation") for step in steps]
    needs = [rows.values("solicitation") for rows in (_legal_questions(now=now), _reaching_nobody(now=now))]
    going_on = _going_on(now=now).filter(pk__in=found[0].union(*found[1:], *needs)).values("pk")
    surveys = _to_try(now=now).to_survey(now=now).values("pk")
    return going_on.union(surveys, _follow_ups(now=now).values("pk"))


def _to_try(*, now: datetime) -> SolicitationQuerySet:
    return Solicitation.objects.filter(Q(clock_retry_at=None) | Q(clock_retry_at__lte=now))


def _going_on(*, now: datetime) -> SolicitationQuerySet:
    return _to_try(now=now).going_on()


def _sent(*, now: datetime, after: timedelta) -> QuerySet[Match]:
    return Match.objects.sent().filter(sent_at__lte=now - after)


def _taken(*, now: datetime, after: timedelta) -> QuerySet[Match]:
    return Match.objects.taken().filter(taken_at__lte=now - after)


def _done(kind: EventKind, since: str) -> Exists:
    """The clock did this about the match since that date of its life."""
    return Exists(Event.objects.filter(match=OuterRef("pk"), kind=kind, at__gte=OuterRef(since)))


def _said(kind: EventKind, since: str) -> Exists:
    """The clock said this of the need since that date of the match."""
    return Exists(Event.objects.filter(match__need=OuterRef("need"), kind=kind, at__gte=OuterRef(since)))


def _helped() -> Exists:
    return Exists(Match.objects.filter(need=OuterRef("need"), state=MatchState.HELPED))


def _nobody_took(*, now: datetime) -> QuerySet[Match]:
    took = Match.objects.filter(need=OuterRef("need")).exclude(taken_at=None).exclude(state__in=NOT_LIVE)
    unsaid = Q()
    for kind, after in WHILE_NOBODY_TOOK:
        # In this order: most often it is of the match itself that it was said, which is soon found.
        unsaid |= Q(sent_at__lte=now - after) & Q(~_done(kind, "sent_at")) & Q(~_said(kind, "sent_at"))
    waiting = _sent(now=now, after=min(after for _, after in WHILE_NOBODY_TOOK))
    return waiting.exclude(origin=MatchOrigin.ESCALATION).filter(~Exists(took), unsaid)


def _reaching_nobody(*, now: datetime) -> QuerySet[Need]:
    """Needs that nobody ever had; the clock's events about them name no match."""
    reached = Exists(Match.objects.filter(need=OuterRef("pk")))
    due = Q(solicitation__submitted_at__lte=now - settings.EXPIRE_AFTER)
    for kind, after in WHILE_NOBODY_IS_ASKED:
        said = Event.objects.filter(solicitation=OuterRef("solicitation"), match=None, kind=kind)
        due |= Q(~Exists(said), solicitation__submitted_at__lte=now - after)
    needs = Need.objects.uncovered().filter(solicitation__in=_uncovered(now=now))
    return needs.filter(~reached, due)


def _reaching_nobody_any_more(*, now: datetime) -> QuerySet[Match]:
    """Of needs that nobody has any more, the last match gone: their days are counted from its end."""
    later = Match.objects.filter(need=OuterRef("need"), ended_at__gt=OuterRef("ended_at"))
    due = Q(ended_at__lte=now - settings.EXPIRE_AFTER)
    for kind, after in WHILE_NOBODY_IS_ASKED:
        due |= Q(~_done(kind, "ended_at"), ended_at__lte=now - after)
    needs = Need.objects.uncovered().filter(solicitation__in=_uncovered(now=now))
    return Match.objects.filter(~Exists(later), due, need__in=needs)


def _uncovered(*, now: datetime) -> SolicitationQuerySet:
    """The few old enough that have a need before nobody: it is what they show first of all."""
    old = now - settings.TELL_COMPANY_AFTER
    return _going_on(now=now).filter(progress=NeedState.UNCOVERED, submitted_at__lte=old)


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


def _at_their_end(*, now: datetime) -> tuple[QuerySet[Match], ...]:
    """Sent, or taken, for very long; of a second wave, those of old requests: it ends with the first one."""
    second_wave = Match.objects.sent().filter(
        origin=MatchOrigin.ESCALATION, need__solicitation__submitted_at__lte=now - settings.EXPIRE_AFTER
    )
    return (
        _sent(now=now, after=settings.EXPIRE_AFTER),
        second_wave,
        _taken(now=now, after=settings.EXPIRE_TAKEN_AFTER),
    )


def _legal_questions(*, now: datetime) -> QuerySet[Need]:
    """Old enough at the least, two days of week-end to five of work: the timetable counts them exactly."""
    days = settings.LEGAL_ESCALATION_DAYS
    at_least = timedelta(days=days + days // 5 * 2 - 1)  # sent in the evening, due in the morning
    protected = Q(solicitation__headcount_min=None) | Q(solicitation__headcount_min__lt=LEGAL_CLOCK_BELOW)
    questions = Need.objects.filter(
        protected,
        subject__is_labour_law=True,
        solicitation__state=RequestState.SUBMITTED,
        solicitation__submitted_at__lte=now - at_least,
    )
    matches = Match.objects.filter(need=OuterRef("pk"))
    told = Event.objects.filter(match__need=OuterRef("pk"), kind=EventKind.LEGAL_ESCALATED)
    return questions.filter(
        Exists(matches.active()), ~Exists(matches.exclude(answered_at=None)), ~Exists(told)
    )


def _follow_ups(*, now: datetime) -> SolicitationQuerySet:
    asked = Event.objects.filter(solicitation=OuterRef("pk"), kind=EventKind.FOLLOWED_UP)
    in_difficulty = Need.objects.filter(solicitation=OuterRef("pk"), subject__theme__slug=DIFFICULTIES)
    old = _to_try(now=now).filter(
        state__in=[RequestState.SUBMITTED, RequestState.CLOSED],
        submitted_at__lte=now - settings.FOLLOW_UP_AFTER,
        submitted_at__gt=now - settings.FOLLOW_UP_UNTIL,
    )
    return old.exclude(closed_reason__in=SET_ASIDE).filter(Exists(in_difficulty), ~Exists(asked))
