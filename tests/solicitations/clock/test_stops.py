"""Mails that a cancellation, a closing or an answer cancels."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import transaction

from mailing import delivery
from mailing.models import OutgoingEmail
from solicitations.actions import company_requests, expert_answers, staff_actions
from solicitations.clock.steps import Step
from solicitations.lifecycle import CLOCK_EVENTS, ClosedReason, EventKind, MatchState
from solicitations.models import Event, Match, Solicitation
from tests.solicitations.clock.clock_rows import recipients
from tests.solicitations.factories import match, send

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db]
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)

# For each step: the subject, the state that the match reaches, the day on which the step is done.
STEPS = {
    Step.REMIND: ("clause-insertion", None, 3),
    Step.TELL_COMPANY: ("clause-insertion", None, 7),
    Step.TELL_MANAGER: ("clause-insertion", None, 13),
    Step.WIDEN: ("clause-insertion", None, 10),
    Step.TELL_REGION: ("clause-insertion", None, 14),
    Step.EXPIRE: ("clause-insertion", None, 60),
    Step.ESCALATE_LEGAL: ("contrat-travail", None, 9),
    Step.CHECK_CALL: ("clause-insertion", MatchState.TAKEN, 7),
    Step.TELL_SILENCE: ("clause-insertion", MatchState.TAKEN, 48),
    Step.SURVEY: ("clause-insertion", MatchState.HELPED, 10),
    Step.FOLLOW_UP: ("dettes-fiscales", None, 183),
}
ENDS = ("cancelled", "staff", "spam", "test")
EVENT = {
    Step.REMIND: EventKind.REMINDED,
    Step.TELL_COMPANY: EventKind.COMPANY_TOLD,
    Step.TELL_MANAGER: EventKind.MANAGER_TOLD,
    Step.WIDEN: EventKind.WIDENED,
    Step.TELL_REGION: EventKind.REGION_TOLD,
    Step.EXPIRE: EventKind.MOVED,
    Step.ESCALATE_LEGAL: EventKind.LEGAL_ESCALATED,
    Step.CHECK_CALL: EventKind.CALL_CHECKED,
    Step.TELL_SILENCE: EventKind.MANAGER_TOLD,
    Step.SURVEY: EventKind.SURVEYED,
    Step.FOLLOW_UP: EventKind.FOLLOWED_UP,
}


@pytest.fixture
def begin(commit, now):
    """Send a request and bring its match to the state that the step needs."""

    def begun(step: Step) -> Solicitation:
        subject, state, _ = STEPS[step]
        commune = "21317" if subject == "contrat-travail" else "21166"
        request = commit(send, subject, commune=commune, siret="", now=now)
        expert_match = Match.objects.with_people().first()
        for target in {None: [], MatchState.TAKEN: ["taken"], MatchState.HELPED: ["taken", "helped"]}[state]:
            commit(expert_answers.move, expert_match, MatchState(target), by=expert_match.mailbox, now=now)
        return request

    return begun


@pytest.fixture
def end(commit, django_user_model):
    """End a request: the company cancels, or staff close it."""
    admin = django_user_model.objects.create_user("nationale@equipe.example.org", role="national")

    def ended(request: Solicitation, how: str, *, now) -> None:
        if how == "cancelled":
            commit(company_requests.cancel, request, now=now)
        elif how == "staff":
            commit(staff_actions.close, request, message="Réglé au téléphone.", by=admin, now=now)
        else:
            commit(staff_actions.mark, request, ClosedReason(how), by=admin, now=now)

    return ended


def sweep_until(sweep, step: Step, now) -> None:
    """Run sweeps until the day of the step and the next day."""
    days = STEPS[step][2]
    for day in sorted({3, 7, 10, 21, 45, days - 3, days, days + 1}):
        if 0 < day <= days + 1:
            sweep(now + day * DAY)


@pytest.mark.parametrize("step", STEPS, ids=str)
def test_an_open_request_gets_each_step(begin, sweep, step, now):
    begin(step)

    sweep_until(sweep, step, now)

    assert Event.objects.filter(kind=EVENT[step]).exists()


def each_end(request: Solicitation) -> Iterator[tuple[str, Solicitation]]:
    """Yield each way to end a request, and the request; roll back what is done with it."""
    for how in ENDS:
        before = transaction.savepoint()
        yield how, Solicitation.objects.get(pk=request.pk)
        transaction.savepoint_rollback(before)


@pytest.mark.parametrize("step", [step for step in STEPS if step != Step.SURVEY], ids=str)
def test_a_cancelled_or_closed_request_gets_no_step_and_no_mail(begin, end, sweep, step, now):
    for how, request in each_end(begin(step)):
        end(request, how, now=now + 2 * MINUTE)
        before = OutgoingEmail.objects.count()

        sweep_until(sweep, step, now)

        assert OutgoingEmail.objects.count() == before, how
        assert not Event.objects.filter(kind__in=CLOCK_EVENTS).exists(), how


CANCELLABLE = [
    Step.REMIND,
    Step.TELL_COMPANY,
    Step.TELL_MANAGER,
    Step.WIDEN,
    Step.ESCALATE_LEGAL,
    Step.CHECK_CALL,
    Step.TELL_SILENCE,
]


@pytest.mark.parametrize("step", CANCELLABLE, ids=str)
def test_unsent_mails_are_cancelled_when_the_request_ends(begin, end, sweep, step, now):
    begun = begin(step)
    sweep_until(sweep, step, now)
    after = now + (STEPS[step][2] + 2) * DAY
    pending = list(OutgoingEmail.objects.pending().values_list("pk", flat=True))
    assert pending

    for how, request in each_end(begun):
        end(request, how, now=after)
        for pk in pending:
            delivery.deliver(pk, now=after + MINUTE)

        assert not OutgoingEmail.objects.filter(pk__in=pending).exclude(sent_at=None).exists(), how


class TestUnsentReminder:
    """Three requests in one unsent reminder: one of them ends, the others stay in it."""

    @pytest.fixture
    def three(self, commit, sweep, now):
        requests = [
            commit(send, "clause-insertion", commune="21166", siret="", email=f"g{n}@example.org", now=now)
            for n in range(3)
        ]
        sweep(now + 3 * DAY)
        return requests

    def row(self) -> OutgoingEmail:
        return OutgoingEmail.objects.get(template__endswith="/reminders")

    def references(self) -> list[str]:
        return [line["reference"] for line in self.row().context["requests"]]

    @pytest.mark.parametrize("how", ENDS)
    def test_an_ended_request_is_removed_from_the_unsent_reminder(self, three, end, how, now):
        end(three[1], how, now=now + 3 * DAY + MINUTE)

        assert self.references() == [three[0].reference, three[2].reference]
        assert self.row().cancelled_at is None
        assert f"request:{three[1].pk}" not in self.row().about

    def test_an_answered_request_is_removed_from_the_unsent_reminder(self, three, commit, now):
        expert_match = match(three[1], "facilitation@clauses")
        commit(
            expert_answers.move,
            expert_match,
            MatchState.TAKEN,
            by=expert_match.mailbox,
            now=now + 3 * DAY + MINUTE,
        )

        assert self.references() == [three[0].reference, three[2].reference]

    def test_the_reminder_is_cancelled_when_no_request_is_left_in_it(self, three, end, now):
        for request in three:
            end(request, "cancelled", now=now + 3 * DAY + MINUTE)

        assert self.row().cancelled_at is not None


def test_taking_a_need_cancels_the_unsent_mail_that_nobody_took_it(sent_to_one, commit, sweep, now):
    sweep(now + 7 * DAY)
    expert_match = match(sent_to_one, "facilitation@clauses")
    commit(
        expert_answers.move,
        expert_match,
        MatchState.TAKEN,
        by=expert_match.mailbox,
        now=now + 7 * DAY + MINUTE,
    )

    assert recipients("where_things_stand") == []
    assert recipients("reminders") == []
