"""``clock_due_at``, the stored moment, is never later than the planner's next step, whatever happens."""

from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.test import override_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from experts.models import Absence, Institution, Subject, User
from solicitations import tasks
from solicitations.actions import (
    company_requests,
    expert_answers,
    feedback,
    staff_actions,
    submission,
    undoing,
)
from solicitations.clock import due, plan, run
from solicitations.dispatch import fallback, routing
from solicitations.lifecycle import ClosedReason, ForbiddenMove, MatchState
from solicitations.models import Match, Need, Solicitation
from solicitations.models.surveys import Outcome, Usefulness
from territories.models import Commune
from tests.solicitations.factories import blank, part, send

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db]
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
REFUSALS = (
    ForbiddenMove, expert_answers.AnswerRequired, staff_actions.ConfidentialApart, expert_answers.NobodyThere,
    undoing.NothingToUndo, staff_actions.SubjectTwice, feedback.TooEarly,
)  # fmt: skip
FIRST_SUBJECTS = [["clause-insertion"], ["trouver-candidats", "contrat-travail"], ["dettes-fiscales"]]
OPINION = feedback.Opinion(was_called=True, usefulness=Usefulness.YES, outcome=Outcome.SOLVED)


class History:
    """A request and what people, sweeps and settings do to it; ``which`` chooses the match or the variant."""

    def __init__(self, subjects: list[str], *, is_suspect: bool, at: datetime, stack: ExitStack) -> None:
        self.at, self.stack = at, stack
        self.staff = User.objects.create_user("nationale@equipe.example.org", role="national")
        columns = {"siret": "", "headcount_min": 6, "headcount_max": 6}
        self.request = submission.submit(
            blank(now=at, **columns), parts=[part(*subjects)], is_suspect=is_suspect, now=at
        )[0]

    def match(self, which: int) -> Match | None:
        matches = list(Match.objects.with_people().filter(need__solicitation=self.request).in_order())
        return matches[which % len(matches)] if matches else None

    def need(self, which: int) -> Need:
        needs = list(Need.objects.filter(solicitation=self.request).order_by("pk"))
        return needs[which % len(needs)]

    def pass_hours(self, which: int) -> None:
        self.at += which * HOUR

    def sweep(self, which: int) -> None:
        self.at += which * HOUR
        tasks.run_clock(now=self.at)

    def move(self, which: int) -> None:
        targets = [MatchState.TAKEN, MatchState.DECLINED, MatchState.HELPED, MatchState.NO_HELP]
        if match := self.match(which // 4):
            values = {"decline_reason": "other"} if which % 4 == 1 else {"answer": "Oui."}
            expert_answers.move(match, targets[which % 4], by=match.mailbox, now=self.at, **values)

    def undo(self, which: int) -> None:
        if match := self.match(which):
            undoing.undo(match, by=match.mailbox, now=self.at)

    def hand_over_or_bring_in(self, which: int) -> None:
        institutions = list(Institution.objects.order_by("pk"))
        action = [expert_answers.hand_over, expert_answers.bring_in][which % 2]
        if match := self.match(which):
            institution = institutions[which % len(institutions)]
            action(match, institution, comment="", by=match.mailbox, now=self.at)

    def withdraw(self, which: int) -> None:
        if match := self.match(which):
            staff_actions.withdraw(match, reason="Parti.", by=self.staff, now=self.at)

    def add_institution(self, which: int) -> None:
        institutions = list(Institution.objects.order_by("pk"))
        institution = institutions[which % len(institutions)]
        staff_actions.add_institution(self.need(which), institution, reason="", by=self.staff, now=self.at)

    def fall_back(self, which: int) -> None:
        fallback.offer_fallback(self.need(which).pk, now=self.at)

    def correct(self, which: int) -> None:
        columns, subjects = {}, {}
        if which % 3 == 0:
            columns["commune"] = Commune.objects.resolve(["21317", "21166", "97411"][which % 9 // 3])
        elif which % 3 == 1:
            columns |= {"headcount_min": which * 10, "headcount_max": which * 10}
        else:
            slug = ["contrat-travail", "saisonniers", "clause-insertion"][which % 9 // 3]
            subjects[self.need(which).pk] = Subject.objects.get(slug=slug)
        staff_actions.correct(self.request, columns=columns, subjects=subjects, by=self.staff, now=self.at)

    def end_request(self, which: int) -> None:
        """End the request in three cases of five, so that fewer histories stop early."""
        if which % 5 == 0:
            company_requests.cancel(self.request, now=self.at)
        elif which % 5 == 1:
            staff_actions.close(self.request, message="Réglé.", by=self.staff, now=self.at)
        elif which % 5 == 2:
            staff_actions.mark(self.request, ClosedReason.TEST, by=self.staff, now=self.at)

    def release(self, which: int) -> None:
        staff_actions.release(self.request, by=self.staff, now=self.at)

    def give_feedback(self, which: int) -> None:
        if which % 3 == 0:
            feedback.report_called(self.request, now=self.at)
        elif which % 3 == 1:
            feedback.report_not_called(self.request, now=self.at)
        else:
            feedback.answer_survey(self.request, OPINION, now=self.at)

    def start_absence(self, which: int) -> None:
        if match := self.match(which):
            today = self.request.today(self.at)
            Absence.objects.create(expert=match.expert, from_on=today, to_on=today + 9 * DAY)

    def fail_clock(self, which: int) -> None:
        run.schedule_retry(self.request.pk, ForbiddenMove(MatchState.SENT, MatchState.SENT), now=self.at)

    def send_another(self, which: int) -> None:
        """Send the same experts another request: they get one reminder a day for both."""
        sent = send("clause-insertion", commune="21166", siret="", email=f"a{which}@example.org", now=self.at)
        routing.route(sent.pk, now=self.at)

    def change_settings(self, which: int) -> None:
        sooner = timedelta(days=1 + which % 5)
        names = [
            "REMIND_TAKER_AFTER",
            "EXPIRE_AFTER",
            "SURVEY_AFTER",
            "FOLLOW_UP_AFTER",
            "TELL_MANAGER_AFTER",
        ]
        self.stack.enter_context(override_settings(**{names[which % 5]: sooner}))
        tasks.recount(now=self.at)

    def write_as_the_previous_version(self, which: int) -> None:
        """The previous version writes requests without the stored moment."""
        Solicitation.objects.update(clock_due_at=None)
        tasks.recount(now=self.at)

    def route(self, which: int = 0) -> None:
        for row in Solicitation.objects.unrouted(now=self.at).order_by("pk"):
            routing.route(row.pk, now=self.at)


ACTIONS = [
    name for name in vars(History) if name not in {"match", "need", "route"} and not name.startswith("_")
]


def late(at: datetime) -> list[tuple]:
    """Requests whose stored moment is later than the planner's."""
    return [
        (row.state, row.clock_due_at, expected)
        for row in plan.load(Solicitation.objects.values_list("pk", flat=True).order_by("pk"))
        if (expected := due.next_at(row, now=at))
        and (row.clock_due_at is None or row.clock_due_at > expected)
    ]


@dataclass(frozen=True)
class Earlier:
    """A request, and ``actions`` (``name`` or ``name:which``) that bring its next step forward."""

    actions: str
    subject: str = "clause-insertion"
    is_suspect: bool = False  # held until staff release it
    is_swept: bool = False  # a sweep runs before the request is routed


# One case per action that must store an earlier moment than the last sweep did.
EARLIER_STEPS = {
    "undone, which brings the first reminder forward": Earlier("move sweep undo"),
    "routed after a sweep": Earlier("", is_swept=True),
    "released after a sweep": Earlier("sweep release", subject="dettes-fiscales", is_suspect=True),
    "corrected to a place where working time begins earlier": Earlier("sweep:82 correct:6"),
    "settings bring the reminder forward": Earlier("move sweep change_settings"),
    "written by the previous version": Earlier("write_as_the_previous_version"),
    "failed, and changed meanwhile": Earlier("fail_clock move sweep undo sweep"),
}


def late_after(
    subjects: list[str], actions: list[tuple[str, int]], *, is_suspect, is_swept, at
) -> list[tuple]:
    """The actions after which the stored moment is late; all is rolled back in the end.

    In the portal, a task routes requests after each commit. Nothing commits here: the action "route" routes
    the first one; from then on, a request that an action releases, corrects or sends is routed after it.
    """
    found = []
    before = transaction.savepoint()
    first = [("sweep", 0), ("route", 0)] if is_swept else [("route", 0)]
    with ExitStack() as stack:
        stack.callback(transaction.savepoint_rollback, before)
        history = History(subjects, is_suspect=is_suspect, at=at, stack=stack)
        found += [("submit", row) for row in late(at)]
        is_routed = False
        for name, which in [*first, *actions, ("sweep", 0)]:
            history.at += MINUTE
            with suppress(*REFUSALS):
                getattr(history, name)(which)
            found += [(name, row) for row in late(history.at)]
            is_routed = is_routed or name == "route"
            if is_routed:
                history.route()
                found += [(f"route after {name}", row) for row in late(history.at)]
    return found


@pytest.mark.parametrize("case", EARLIER_STEPS.values(), ids=EARLIER_STEPS)
def test_an_action_that_makes_a_step_earlier_updates_the_stored_moment(now, case):
    parsed = [action.partition(":") for action in case.actions.split()]
    actions = [(name, int(which or 0)) for name, _, which in parsed]

    assert (
        late_after([case.subject], actions, is_suspect=case.is_suspect, is_swept=case.is_swept, at=now) == []
    )


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    subjects=st.sampled_from(FIRST_SUBJECTS),
    is_suspect=st.booleans(),
    is_swept=st.booleans(),
    actions=st.lists(
        st.tuples(st.sampled_from(ACTIONS), st.integers(min_value=0, max_value=400)), max_size=12
    ),
)
def test_the_stored_moment_is_never_later_than_the_planners(now, subjects, is_suspect, is_swept, actions):
    assert late_after(subjects, actions, is_suspect=is_suspect, is_swept=is_swept, at=now) == []


def test_the_stored_moment_is_right_for_one_person_in_two_time_zones(commit, now):
    """The daily reminder of a request also lists another one, whose reminder of that day was already sent."""
    for number, commune in enumerate(["98735", "98818", "67482", "98735", "98818"]):
        at = now + number * 30 * HOUR
        commit(send, commune=commune, siret="", email=f"a{number}@example.org", now=at)

    for hour in range(20 * 24, 26 * 24):
        at = now + hour * HOUR
        commit(tasks.run_clock, now=at)
        assert late(at) == []


def test_a_request_whose_clock_failed_is_due_at_its_retry(sent, now):
    run.schedule_retry(sent.pk, RuntimeError(), now=now)

    sent.refresh_from_db()
    assert sent.clock_due_at == sent.clock_retry_at == now + HOUR


def test_a_sweep_stores_the_next_step_or_none_once_the_request_is_cancelled(sent_to_one, commit, sweep, now):
    sweep(now + HOUR)
    sent_to_one.refresh_from_db()
    assert sent_to_one.clock_due_at == now + 3 * DAY

    commit(company_requests.cancel, sent_to_one, now=now + 2 * HOUR)
    sweep(now + 2 * HOUR)
    sent_to_one.refresh_from_db()
    assert sent_to_one.clock_due_at is None


def test_the_nightly_recount_brings_stored_moments_forward_and_never_puts_them_off(sent_to_one, sweep, now):
    sweep(now)
    Solicitation.objects.update(clock_due_at=now + DAY)
    tasks.recount(now=now)
    sent_to_one.refresh_from_db()
    assert sent_to_one.clock_due_at == now + DAY

    Solicitation.objects.update(clock_due_at=now + 9 * DAY)
    tasks.recount(now=now)
    sent_to_one.refresh_from_db()
    assert sent_to_one.clock_due_at == now + 3 * DAY


def test_the_migration_makes_open_requests_due_and_leaves_cancelled_ones_out(sent, sent_to_one, commit, now):
    commit(company_requests.cancel, sent_to_one, now=now)
    Solicitation.objects.update(clock_due_at=None)

    import_module("solicitations.migrations.0008_clock_due_known").fill(apps, connection.schema_editor())

    assert list(Solicitation.objects.exclude(clock_due_at=None)) == [sent]
