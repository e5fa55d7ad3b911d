"""The steps to come of a request if nobody answers: each with its date and its reason.

Pure: it reads the rows that ``load`` fetched, and writes nothing. The steps done are read from the events
since the match was sent, or taken: after an undo, or when an expert is brought in again, they start again.
The sweep does the ready steps; staff and ``manage.py clock`` read the next ones.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from django.conf import settings

from experts.models import Absence
from mailing.prepared_queries import Among, PreparedQuery, attach
from solicitations.clock.need_history import NeedHistory
from solicitations.clock.steps import ORDER, Clock, Planned, Step
from solicitations.lifecycle import CLOCK_EVENTS, EventKind, MatchOrigin, MatchState, NeedState, RequestState
from solicitations.models import Event, Match, Need, Solicitation
from solicitations.models.matches import bound_by_legal_clock
from solicitations.models.request_querysets import CLOSED_BY_STAFF, DIFFICULTIES
from territories.working_time import OPENS, add_working_days

WHILE_NOBODY_TOOK = (
    (Step.TELL_COMPANY, EventKind.COMPANY_TOLD, settings.TELL_COMPANY_AFTER),
    (Step.WIDEN, EventKind.WIDENED, settings.WIDEN_AFTER),
    (Step.TELL_REGION, EventKind.REGION_TOLD, settings.TELL_REGION_AFTER),
)
WHILE_NOBODY_IS_ASKED = WHILE_NOBODY_TOOK[:2]  # the region has known since the routing


_PLACED = Solicitation.objects.select_related("commune__department", "region", "survey")
_REQUESTS = PreparedQuery(lambda pks: _PLACED.filter(Among("pk", pks)))
_THEMED = Need.objects.select_related("subject__theme").defer("decision").order_by("position", "pk")
_NEEDS = PreparedQuery(lambda requests: _THEMED.filter(Among("solicitation", requests)))
_ADDRESSED = Match.objects.select_related("expert__office__institution", "mailbox").order_by("pk")
_MATCHES = PreparedQuery(lambda needs: _ADDRESSED.filter(Among("need", needs)))
_ABSENCES = PreparedQuery(lambda experts: Absence.objects.filter(Among("expert", experts)))
_STEPS = Event.objects.filter(kind__in=CLOCK_EVENTS).in_order()
_EVENTS = PreparedQuery(lambda requests: _STEPS.filter(Among("solicitation", requests)))


def load(requested: Iterable[int]) -> list[Solicitation]:
    """Fetch these requests, in this order, with what ``plan`` reads, in a fixed number of queries."""
    if not (pks := list(requested)):
        return []
    found = {request.pk: request for request in _REQUESTS.rows(pks=pks)}
    requests = [found[pk] for pk in pks if pk in found]
    needs = _NEEDS.rows(requests=pks)
    attach(requests, "needs", needs)
    matches = _MATCHES.rows(needs=[need.pk for need in needs])
    attach(needs, "matches", matches)
    experts = [match.expert for match in matches]
    attach(experts, "absences", _ABSENCES.rows(experts=[expert.pk for expert in experts]))
    for event in _EVENTS.rows(requests=pks):
        vars(found[event.solicitation_id]).setdefault("clock_events", []).append(event)
    return requests


def plan(solicitation: Solicitation, *, now: datetime) -> list[Planned]:
    """The steps to come of a request that ``load`` fetched, in order, if nobody answers."""
    if solicitation.awaits_retry(now=now):
        return []
    clock = Clock(solicitation.commune, now)
    events: list[Event] = getattr(solicitation, "clock_events", [])
    planned: list[Planned] = []
    if solicitation.state == RequestState.SUBMITTED:
        for need in solicitation.needs.all():
            need.solicitation = solicitation
            planned += _of_need(NeedHistory(need, events, clock))
    planned += _of_company(solicitation, events, clock)
    return sorted(planned, key=lambda step: (step.runs_at, ORDER[step.step]))


def _of_need(history: NeedHistory) -> Iterator[Planned]:
    for match in history.in_state(MatchState.SENT):
        yield from _while_sent(history, match)
    for match in history.in_state(MatchState.TAKEN):
        yield from _while_taken(history, match)
    if history.need.state == NeedState.UNCOVERED:
        yield from _while_nobody_is_asked(history)
    elif not history.was_taken:
        yield from _while_nobody_took(history)
    if not history.is_helped:
        yield from _call_check(history)
    yield from _legal(history)


def _while_sent(history: NeedHistory, match: Match) -> Iterator[Planned]:
    """Two reminders on different days, the manager, expiry: in this order, even after an outage.

    A reminder that staff asked for replaces none of them: they only wait for another day. One to somebody
    away waits for their return, and nothing waits for it.
    """
    end = history.expiry_starts_at(match) + settings.EXPIRE_AFTER
    if history.is_helped:
        yield history.planned(Step.EXPIRE, end, _without_answer(settings.EXPIRE_AFTER), match=match)
        return
    reminded = history.times_about_match(match, EventKind.REMINDED, since=match.sent_at)
    asked_for = history.times_about_match(match, EventKind.STAFF_REMINDED, since=match.sent_at)
    latest = max([*reminded, *asked_for], default=None)
    earliest = history.clock.next_day(latest) if latest else match.sent_at
    is_next, waits, last = True, False, match.sent_at
    for after in settings.REMIND_AFTER[len(reminded) :]:
        due_at = max(match.sent_at + after, earliest)
        step, for_return = history.reminder(due_at, _without_answer(after), match=match, is_next=is_next)
        yield step
        waits, earliest = waits or for_return, history.clock.next_day(step.runs_at)
        if not waits:
            is_next, last = False, step.runs_at
    if not history.times_about_match(match, EventKind.MANAGER_TOLD, since=match.sent_at):
        due_at = max(match.sent_at + settings.TELL_MANAGER_AFTER, last)
        why = _without_answer(settings.TELL_MANAGER_AFTER)
        step = history.planned(Step.TELL_MANAGER, due_at, why, match=match, is_next=is_next)
        yield step
        is_next, last = False, step.runs_at
    why = _without_answer(settings.EXPIRE_AFTER)
    yield history.planned(Step.EXPIRE, max(end, last), why, match=match, is_next=is_next)


def _while_nobody_took(history: NeedHistory) -> Iterator[Planned]:
    """Tell the company, widen, tell the region: once per need; second-wave matches do not repeat them."""
    asked = [match for match in history.in_state(MatchState.SENT) if match.origin != MatchOrigin.ESCALATION]
    for step, kind, after in WHILE_NOBODY_TOOK:
        owing = [match for match in asked if not history.times_about_need(kind, since=match.sent_at)]
        if owing:
            first = min(owing, key=lambda match: (match.sent_at, match.pk))
            why = f"Personne ne l'a prise en charge depuis {_days(after)}"
            yield history.planned(step, first.sent_at + after, why, match=first)


def _while_nobody_is_asked(history: NeedHistory) -> Iterator[Planned]:
    """Tell the company, route again, expire: on different days, even after an outage."""
    start, last = history.reaches_nobody_since, history.last_ended
    earliest = start
    for step, kind, after in WHILE_NOBODY_IS_ASKED:
        if done := history.times_about_need(kind, since=start):
            earliest = history.clock.next_day(done[-1])
            continue
        found = history.planned(step, max(start + after, earliest), _reaching_nobody(after), match=last)
        yield found
        earliest = history.clock.next_day(found.runs_at)
    end, why = max(start + settings.EXPIRE_AFTER, earliest), _reaching_nobody(settings.EXPIRE_AFTER)
    yield history.planned(Step.EXPIRE, end, why, match=last)


def _while_taken(history: NeedHistory, match: Match) -> Iterator[Planned]:
    """Remind the taker unless away, then tell the manager and the region, then expire."""
    start = match.taken_at or match.sent_at
    is_next, last = True, start
    for step, kind, after in (
        (Step.REMIND, EventKind.REMINDED, settings.REMIND_TAKER_AFTER),
        (Step.TELL_SILENCE, EventKind.MANAGER_TOLD, settings.TELL_SILENCE_AFTER),
    ):
        if history.times_about_match(match, kind, since=start) or (
            step == Step.REMIND and match.expert_left_at
        ):
            continue
        due_at, waits = max(start + after, last), False
        if step == Step.REMIND:
            found, waits = history.reminder(due_at, _silent(after), match=match, is_next=is_next)
        else:
            found = history.planned(step, due_at, _silent(after), match=match, is_next=is_next)
        yield found
        if not waits:
            is_next, last = False, found.runs_at
    end = max(start + settings.EXPIRE_TAKEN_AFTER, last)
    yield history.planned(
        Step.EXPIRE, end, _silent(settings.EXPIRE_TAKEN_AFTER), match=match, is_next=is_next
    )


def _call_check(history: NeedHistory) -> Iterator[Planned]:
    taken = [
        (match.taken_at or match.sent_at, match.pk, match) for match in history.in_state(MatchState.TAKEN)
    ]
    asked = EventKind.CALL_CHECKED, EventKind.CALLED
    owing = [(at, pk, match) for at, pk, match in taken if not history.times_about_need(*asked, since=at)]
    if owing:
        at, _, first = min(owing)
        after = settings.CHECK_CALL_AFTER
        yield history.planned(Step.CHECK_CALL, at + after, _silent(after), match=first)


def _legal(history: NeedHistory) -> Iterator[Planned]:
    """The legal delay counts working days until the answer; taking the need does not stop it."""
    if not history.need.is_on_the_legal_clock or history.was_answered_in_writing:
        return
    bound = bound_by_legal_clock(history.matches)
    active = [
        match for state in (MatchState.TAKEN, MatchState.SENT) for match in bound if match.state == state
    ]
    if not active:
        return
    sent_at = history.need.solicitation.submitted_at
    if history.times_about_need(EventKind.LEGAL_ESCALATED, since=sent_at):
        return
    commune = history.clock.commune
    sent_on = sent_at.astimezone(commune.time_zone).date()
    on = add_working_days(sent_on, settings.LEGAL_ESCALATION_DAYS, commune)
    due_at = datetime.combine(on, OPENS, tzinfo=commune.time_zone)
    why = (
        f"Sans réponse depuis {settings.LEGAL_ESCALATION_DAYS} jours ouvrés, sur {settings.LEGAL_DELAY_DAYS}"
    )
    yield history.planned(Step.ESCALATE_LEGAL, due_at, why, match=active[0])


def _of_company(solicitation: Solicitation, events: Sequence[Event], clock: Clock) -> Iterator[Planned]:
    """The survey and the follow-up, once each; none when the company cancelled or staff closed it."""
    is_asked = solicitation.state in {RequestState.SUBMITTED, RequestState.CLOSED}
    if not is_asked or solicitation.closed_reason in CLOSED_BY_STAFF:
        return
    ended_at = solicitation.outcome_at or solicitation.ended_at
    is_surveyed = hasattr(solicitation, "survey")
    if ended_at and not is_surveyed and clock.now < ended_at + settings.SURVEY_UNTIL:
        due_at, why = ended_at + settings.SURVEY_AFTER, _after_outcome(solicitation)
        yield Planned(Step.SURVEY, due_at, clock.runs_at(due_at), why, solicitation)
    themes = [need.subject.theme for need in solicitation.needs.all()]
    is_in_difficulty = any(theme and theme.slug == DIFFICULTIES for theme in themes)
    is_done = any(event.kind == EventKind.FOLLOWED_UP for event in events)
    submitted_at = solicitation.submitted_at
    if is_in_difficulty and not is_done and clock.now < submitted_at + settings.FOLLOW_UP_UNTIL:
        due_at, why = submitted_at + settings.FOLLOW_UP_AFTER, "Six mois après l'envoi"
        yield Planned(Step.FOLLOW_UP, due_at, clock.runs_at(due_at), why, solicitation)


def _after_outcome(solicitation: Solicitation) -> str:
    after = _days(settings.SURVEY_AFTER)
    return f"{after} après {'la première réponse' if solicitation.outcome_at else 'la clôture'}".capitalize()


def _days(duration: timedelta) -> str:
    return f"{duration.days} jours"


def _without_answer(duration: timedelta) -> str:
    return f"Sans réponse depuis {_days(duration)}"


def _reaching_nobody(duration: timedelta) -> str:
    return f"Personne à qui la transmettre depuis {_days(duration)}"


def _silent(duration: timedelta) -> str:
    return f"Prise en charge sans suite depuis {_days(duration)}"
