"""Mails that a cancellation, a closing or an answer cancels."""

from datetime import timedelta

import pytest

from mailing import delivery
from mailing.models import OutgoingEmail
from solicitations.actions import company_requests, expert_answers, staff_actions
from solicitations.clock.steps import Step
from solicitations.lifecycle import CLOCK_EVENTS, ClosedReason, EventKind, MatchState
from solicitations.models import Event, Match, Solicitation
from tests.solicitations.clock.reading import mails
from tests.solicitations.factories import match, send

pytestmark = [pytest.mark.reference, pytest.mark.django_db]
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)

# Each step: the subject asked about, how far somebody went with it, and after how many days the step comes.
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
    """A request as far as the step wants it."""

    def begun(step: Step) -> Solicitation:
        subject, state, _ = STEPS[step]
        commune = "21317" if subject == "contrat-travail" else "21166"
        request = commit(send, subject, commune=commune, siret="", now=now)
        mine = Match.objects.with_people().first()
        for target in {None: [], MatchState.TAKEN: ["taken"], MatchState.HELPED: ["taken", "helped"]}[state]:
            commit(expert_answers.move, mine, MatchState(target), by=mine.mailbox, now=now)
        return request

    return begun


@pytest.fixture
def end(commit, django_user_model):
    """The company cancels, or staff end the request."""
    admin = django_user_model.objects.create_user("nationale@equipe.example.org", role="national")

    def ended(request: Solicitation, how: str, *, now) -> None:
        if how == "cancelled":
            commit(company_requests.cancel, request, now=now)
        elif how == "staff":
            commit(staff_actions.close, request, words="Réglé au téléphone.", by=admin, now=now)
        else:
            commit(staff_actions.mark, request, ClosedReason(how), by=admin, now=now)

    return ended


def come(tick, step: Step, now) -> None:
    """Let the days pass until the step has come, as the sweep sees them, and two more."""
    days = STEPS[step][2]
    for day in sorted({3, 7, 10, 21, 45, days - 3, days, days + 1}):
        if 0 < day <= days + 1:
            tick(now + day * DAY)


@pytest.mark.parametrize("step", STEPS, ids=str)
def test_without_an_end_the_step_comes(begin, tick, step, now):
    begin(step)

    come(tick, step, now)

    assert Event.objects.filter(kind=EVENT[step]).exists()


@pytest.mark.parametrize("how", ENDS)
@pytest.mark.parametrize("step", [step for step in STEPS if step != Step.SURVEY], ids=str)
def test_after_an_end_no_step_comes_and_nothing_is_written(begin, end, tick, step, how, now):
    request = begin(step)
    end(request, how, now=now + 2 * MINUTE)
    before = OutgoingEmail.objects.count()

    come(tick, step, now)

    assert OutgoingEmail.objects.count() == before
    assert not Event.objects.filter(kind__in=CLOCK_EVENTS).exists()


CANCELLABLE = [
    Step.REMIND,
    Step.TELL_COMPANY,
    Step.TELL_MANAGER,
    Step.WIDEN,
    Step.ESCALATE_LEGAL,
    Step.CHECK_CALL,
    Step.TELL_SILENCE,
]


@pytest.mark.parametrize("how", ENDS)
@pytest.mark.parametrize("step", CANCELLABLE, ids=str)
def test_unsent_mails_are_cancelled_when_the_request_ends(begin, end, tick, step, how, now):
    request = begin(step)
    come(tick, step, now)
    after = now + (STEPS[step][2] + 2) * DAY
    pending = list(OutgoingEmail.objects.pending().values_list("pk", flat=True))
    assert pending

    end(request, how, now=after)
    for pk in pending:
        delivery.deliver(pk, now=after + MINUTE)

    assert not OutgoingEmail.objects.filter(pk__in=pending).exclude(sent_at=None).exists()


class TestTheListOfReminders:
    """Three requests in one mail that has not left: one of them ends, the others are still told."""

    @pytest.fixture
    def three(self, commit, tick, now):
        requests = [
            commit(send, "clause-insertion", commune="21166", siret="", email=f"g{n}@example.org", now=now)
            for n in range(3)
        ]
        tick(now + 3 * DAY)
        return requests

    def row(self) -> OutgoingEmail:
        return OutgoingEmail.objects.get(template__endswith="/reminders")

    def references(self) -> list[str]:
        return [line["reference"] for line in self.row().context["requests"]]

    @pytest.mark.parametrize("how", ENDS)
    def test_an_end_takes_its_line_off_the_mail(self, three, end, how, now):
        end(three[1], how, now=now + 3 * DAY + MINUTE)

        assert self.references() == [three[0].reference, three[2].reference]
        assert self.row().cancelled_at is None
        assert f"request:{three[1].pk}" not in self.row().about

    def test_an_answer_does_too(self, three, commit, now):
        mine = match(three[1], "facilitation@clauses")
        commit(expert_answers.move, mine, MatchState.TAKEN, by=mine.mailbox, now=now + 3 * DAY + MINUTE)

        assert self.references() == [three[0].reference, three[2].reference]

    def test_the_last_line_takes_the_mail_with_it(self, three, end, now):
        for request in three:
            end(request, "cancelled", now=now + 3 * DAY + MINUTE)

        assert self.row().cancelled_at is not None


def test_taking_charge_cancels_the_no_answer_mail(alone, commit, tick, now):
    tick(now + 7 * DAY)
    mine = match(alone, "facilitation@clauses")
    commit(expert_answers.move, mine, MatchState.TAKEN, by=mine.mailbox, now=now + 7 * DAY + MINUTE)

    assert mails("where_things_stand") == []
    assert mails("reminders") == []
