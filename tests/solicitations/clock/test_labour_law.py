"""The labour-law delay: seven working days without an answer, even when the need was taken."""

from datetime import timedelta

import pytest

from experts.models import Seat
from mailing.models import OutgoingEmail
from solicitations.actions import expert_answers
from solicitations.clock import plan
from solicitations.clock.steps import Step
from solicitations.lifecycle import AlertCause, MatchState
from solicitations.models import Alert, Match
from tests.experts.factories import PersonFactory
from tests.solicitations.clock.clock_rows import recipients, requests_to_advance
from tests.solicitations.factories import match, send

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db]
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
        assert "contact@droit-travail-21.example.org" in recipients("manager_told")
        assert len(recipients("alert")) == 1

    def test_taking_does_not_stop_the_delay(self, question, commit, sweep, now):
        expert_match = match(question, "contrats@droit-travail")
        commit(expert_answers.move, expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=now)

        sweep(now + 9 * DAY)

        assert Alert.objects.get().cause == AlertCause.LEGAL

    @pytest.mark.parametrize("outcome", [MatchState.HELPED, MatchState.NO_HELP])
    def test_the_answer_stops_the_delay(self, question, commit, sweep, outcome, now):
        expert_match = match(question, "contrats@droit-travail")
        commit(expert_answers.move, expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=now)
        commit(
            expert_answers.move,
            expert_match,
            outcome,
            by=expert_match.mailbox,
            answer="Le contrat peut être rompu.",
            now=now,
        )

        sweep(now + 9 * DAY)

        assert not Alert.objects.exists()

    def test_the_answer_still_counts_when_the_need_is_taken_again(self, question, commit, sweep, now):
        expert_match = match(question, "contrats@droit-travail")
        commit(expert_answers.move, expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=now)
        commit(
            expert_answers.move,
            expert_match,
            MatchState.NO_HELP,
            by=expert_match.mailbox,
            answer="Pas encore.",
            now=now,
        )
        commit(expert_answers.move, expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=now)

        sweep(now + 9 * DAY)

        assert not Alert.objects.filter(cause=AlertCause.LEGAL).exists()
        [loaded] = plan.load([question.pk])
        assert Step.ESCALATE_LEGAL not in {step.step for step in plan.plan(loaded, now=now)}
        assert question.pk not in requests_to_advance(now + 9 * DAY)

    def test_a_late_answer_resolves_the_regions_alert(self, question, commit, sweep, now):
        sweep(now + 9 * DAY)
        expert_match = match(question, "contrats@droit-travail")
        commit(
            expert_answers.move, expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=now + 9 * DAY
        )
        commit(
            expert_answers.move,
            expert_match,
            MatchState.HELPED,
            by=expert_match.mailbox,
            answer="Oui.",
            now=now + 9 * DAY,
        )

        assert not Alert.objects.open().filter(cause=AlertCause.LEGAL).exists()

    def test_an_employer_of_three_hundred_has_no_delay(self, commit, sweep, now):
        commit(send, "contrat-travail", headcount_min=300, headcount_max=300, now=now)

        sweep(now + 9 * DAY)

        assert not Alert.objects.exists()


class TestInstitutionsThatTheLawBinds:
    """« Saisonniers » goes to France Travail and to the service that informs on labour law."""

    @pytest.fixture
    def question(self, commit, now):
        return commit(send, "saisonniers", commune="21231", now=now)

    @pytest.fixture
    def service(self, question):
        return Match.objects.with_people().get(
            need__solicitation=question, expert__office__institution__is_legal_information=True
        )

    @pytest.fixture
    def other(self, question, service):
        return Match.objects.with_people().filter(need__solicitation=question).exclude(pk=service.pk).first()

    def conclude(self, commit, row, now, answer=""):
        commit(expert_answers.move, row, MatchState.TAKEN, by=row.mailbox, now=now)
        commit(expert_answers.move, row, MatchState.HELPED, by=row.mailbox, answer=answer, now=now)

    def test_another_institution_concludes_without_a_written_answer(self, commit, other, sweep, now):
        self.conclude(commit, other, now)

        assert other.expert.office.institution.code == "PE"
        sweep(now + 9 * DAY)
        assert Alert.objects.filter(cause=AlertCause.LEGAL).exists()

    @pytest.mark.parametrize(
        ("subject", "free"),
        [
            ("premier-salarie", {"PE", "CMA"}),
            ("obligations-employeur", {"CMA"}),
            ("formalites-alternance", {"CMA"}),
            ("travail-dimanche", set()),
        ],
    )
    def test_of_each_subject_the_marked_institution_alone_is_bound(self, commit, now, subject, free):
        question = commit(send, subject, commune="21231", now=now, siret="")

        matches = Match.objects.with_people().filter(need__solicitation=question)
        bound = {match.expert.office.institution.code for match in matches if match.is_on_the_legal_clock}
        asked = {match.expert.office.institution.code for match in matches}
        assert (bound, asked - bound) == ({"SRE"}, free)
        for row in matches.exclude(expert__office__institution__code="SRE"):
            self.conclude(commit, row, now)

    @pytest.mark.parametrize("subject", ["licenciement-economique", "temps-travail", "entretien-pro"])
    def test_all_are_bound_where_none_is_marked(self, commit, now, subject):
        question = commit(send, subject, commune="21231", now=now, siret="")

        matches = Match.objects.with_people().filter(need__solicitation=question)
        assert matches
        for row in matches:
            with pytest.raises(expert_answers.AnswerRequired):
                self.conclude(commit, row, now)

    def test_its_answer_in_writing_stops_the_delay(self, commit, other, sweep, now):
        self.conclude(commit, other, now, answer="Oui, un contrat saisonnier convient.")

        sweep(now + 9 * DAY)

        assert not Alert.objects.filter(cause=AlertCause.LEGAL).exists()

    def test_the_service_has_to_answer_in_writing(self, commit, service, now):
        with pytest.raises(expert_answers.AnswerRequired):
            self.conclude(commit, service, now)

    def test_managers_of_the_service_alone_are_told_of_the_delay(self, question, service, sweep, now):
        sweep(now + 9 * DAY)

        [office] = recipients("manager_told", since=now + 9 * DAY)
        assert office == service.expert.office.email

    def test_managers_with_a_seat_are_told_too_one_mail_a_person(self, question, service, sweep, now):
        office = service.expert.office
        for email in ("robert@example.org", office.email):
            Seat.objects.create(user=PersonFactory(email=email), office=office, given_at=now)

        sweep(now + 9 * DAY)

        mails = OutgoingEmail.objects.filter(template__endswith="/manager_told").order_by("to")
        assert sorted(email.to for email in mails) == sorted([office.email, "robert@example.org"])
        by_account = mails.get(to="robert@example.org")
        assert f"/besoins/{service.mailbox_id}/" in by_account.rendered().text
        assert "vous êtes responsable" in by_account.rendered().text

    def test_first_mail_gives_the_date_to_the_service_alone(self, question, service, other):
        found = {
            email.to: email.rendered().text
            for email in OutgoingEmail.objects.filter(template__endswith="/notified")
        }

        assert "Réponse attendue avant" in found[service.mailbox.email]
        assert "Réponse attendue avant" not in found[other.mailbox.email]

    def test_all_are_bound_when_the_service_has_declined(self, commit, service, other, now):
        commit(
            expert_answers.move,
            service,
            MatchState.DECLINED,
            by=service.mailbox,
            decline_reason="other",
            now=now,
        )

        with pytest.raises(expert_answers.AnswerRequired):
            self.conclude(commit, other, now)
