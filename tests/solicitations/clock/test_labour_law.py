"""The labour-law delay: seven working days without an answer, even when the need was taken."""

from datetime import timedelta

import pytest

from solicitations.actions import expert_answers
from solicitations.clock import plan
from solicitations.clock.steps import Step
from solicitations.lifecycle import AlertCause, MatchState
from solicitations.models import Alert, Solicitation
from tests.solicitations.clock.reading import mails, to_advance
from tests.solicitations.factories import match, send

pytestmark = [pytest.mark.reference, pytest.mark.django_db]
DAY = timedelta(days=1)


class TestLabourLaw:
    """Sent on Tuesday 1 December: seven working days later is Thursday 10."""

    @pytest.fixture
    def question(self, commit, now):
        return commit(send, "contrat-travail", now=now)

    def test_at_seven_working_days_the_manager_and_the_region_are_told(self, question, sweep_daily, now):
        sweep_daily(now, days=8)
        assert not Alert.objects.exists()

        sweep_daily(now + 8 * DAY, days=3)

        assert Alert.objects.get(cause=AlertCause.LEGAL).raised_at.date().isoformat() == "2026-12-10"
        assert "contact@droit-travail-21.example.org" in mails("manager_told")
        assert len(mails("alert")) == 1

    def test_taking_does_not_stop_the_delay(self, question, commit, sweep, now):
        mine = match(question, "contrats@droit-travail")
        commit(expert_answers.move, mine, MatchState.TAKEN, by=mine.mailbox, now=now)

        sweep(now + 9 * DAY)

        assert Alert.objects.get().cause == AlertCause.LEGAL

    @pytest.mark.parametrize("outcome", [MatchState.HELPED, MatchState.NO_HELP])
    def test_the_answer_stops_the_delay(self, question, commit, sweep, outcome, now):
        mine = match(question, "contrats@droit-travail")
        commit(expert_answers.move, mine, MatchState.TAKEN, by=mine.mailbox, now=now)
        commit(
            expert_answers.move, mine, outcome, by=mine.mailbox, answer="Le contrat peut être rompu.", now=now
        )

        sweep(now + 9 * DAY)

        assert not Alert.objects.exists()

    def test_the_answer_still_counts_when_the_need_is_taken_again(self, question, commit, sweep, now):
        mine = match(question, "contrats@droit-travail")
        commit(expert_answers.move, mine, MatchState.TAKEN, by=mine.mailbox, now=now)
        commit(expert_answers.move, mine, MatchState.NO_HELP, by=mine.mailbox, answer="Pas encore.", now=now)
        commit(expert_answers.move, mine, MatchState.TAKEN, by=mine.mailbox, now=now)

        sweep(now + 9 * DAY)

        assert not Alert.objects.filter(cause=AlertCause.LEGAL).exists()
        [loaded] = plan.load(Solicitation.objects.filter(pk=question.pk))
        assert Step.ESCALATE_LEGAL not in {step.step for step in plan.plan(loaded, now=now)}
        assert question.pk not in to_advance(now + 9 * DAY)

    def test_a_late_answer_resolves_the_regions_alert(self, question, commit, sweep, now):
        sweep(now + 9 * DAY)
        mine = match(question, "contrats@droit-travail")
        commit(expert_answers.move, mine, MatchState.TAKEN, by=mine.mailbox, now=now + 9 * DAY)
        commit(
            expert_answers.move, mine, MatchState.HELPED, by=mine.mailbox, answer="Oui.", now=now + 9 * DAY
        )

        assert not Alert.objects.open().filter(cause=AlertCause.LEGAL).exists()

    def test_an_employer_of_three_hundred_has_no_delay(self, commit, sweep, now):
        commit(send, "contrat-travail", headcount_min=300, headcount_max=300, now=now)

        sweep(now + 9 * DAY)

        assert not Alert.objects.exists()
