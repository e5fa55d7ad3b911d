"""Feedback of the company, and the people it is sent to."""

from dataclasses import replace
from datetime import timedelta

import pytest

from experts.models import Office
from mailing.models import OutgoingEmail
from solicitations.actions import expert_answers, feedback
from solicitations.actions.feedback import Opinion
from solicitations.lifecycle import AlertCause, ClosedReason, EventKind, ForbiddenMove, MatchState
from solicitations.models import Match, Solicitation, Survey
from solicitations.models.surveys import Outcome, Usefulness
from tests.solicitations.factories import match, send

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory, pytest.mark.usefixtures("first_request")]

HAPPY = Opinion(was_called=True, usefulness=Usefulness.YES, outcome=Outcome.SOLVED, comment="Merci !")


@pytest.fixture
def sent(sent_once) -> Solicitation:
    return sent_once


@pytest.fixture
def taken(commit, sent, now) -> Match:
    expert_match = match(sent, "recrutement@france-travail")
    commit(expert_answers.move, expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=now)
    return expert_match


def notified_addresses() -> set[str]:
    mails = OutgoingEmail.objects.filter(template__contains="/not_called")
    return set(mails.values_list("to", flat=True))


def kinds(solicitation: Solicitation) -> list[str]:
    return list(solicitation.events.filter(is_by_company=True).in_order().values_list("kind", flat=True))


class TestNotCalled:
    def test_experts_the_taker_s_manager_and_the_region_are_told(self, commit, sent, taken, now):
        commit(feedback.report_not_called, sent, now=now)

        assert notified_addresses() == {
            *sent.mailboxes.values_list("email", flat=True),
            taken.expert.office.email,
        }
        assert sent.alerts.get(cause=AlertCause.NOT_CALLED).settled_at is None

    def test_no_manager_is_told_while_nobody_has_taken(self, commit, sent, now):
        commit(feedback.report_not_called, sent, now=now)

        assert notified_addresses() == set(sent.mailboxes.values_list("email", flat=True))

    def test_a_manager_who_is_the_expert_too_gets_one_mail(self, commit, sent, taken, now):
        Office.objects.filter(pk=taken.expert.office_id).update(email=taken.mailbox.email.upper())

        commit(feedback.report_not_called, sent, now=now)

        assert {address.lower() for address in notified_addresses()} == set(
            sent.mailboxes.values_list("email", flat=True)
        )

    def test_a_confidential_request_is_not_named_to_the_manager(self, commit, now):
        quiet = commit(send, "licenciement", now=now, text="Mon serveur ne vient plus.")
        expert_match = Match.objects.with_people().filter(need__solicitation=quiet).first()
        commit(expert_answers.move, expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=now)
        Office.objects.filter(pk=expert_match.expert.office_id).update(email="antenne@example.org")

        commit(feedback.report_not_called, quiet, now=now)

        mail = OutgoingEmail.objects.get(to="antenne@example.org").rendered()
        for own in (quiet.company_name, quiet.contact_name, quiet.phone, "icenciement", "serveur"):
            assert own not in mail.subject + mail.text + mail.html
        assert quiet.reference in mail.text

    def test_twice_within_a_day_tells_nobody_again(self, commit, sent, taken, now):
        commit(feedback.report_not_called, sent, now=now)
        mails = OutgoingEmail.objects.count()

        with pytest.raises(feedback.TooEarly):
            feedback.report_not_called(sent, now=now + timedelta(hours=23))

        assert OutgoingEmail.objects.count() == mails


class TestCalled:
    def test_a_call_is_recorded_once(self, commit, sent, taken, now):
        commit(feedback.report_called, sent, now=now)
        commit(feedback.report_called, sent, now=now + timedelta(hours=1))

        assert kinds(sent).count(EventKind.CALLED) == 1

    def test_a_call_resolves_the_staffs_alert(self, commit, sent, taken, now):
        commit(feedback.report_not_called, sent, now=now)

        commit(feedback.report_called, sent, now=now + timedelta(hours=1))

        assert sent.alerts.get(cause=AlertCause.NOT_CALLED).settled_at == now + timedelta(hours=1)

    def test_a_cancelled_or_spam_request_accepts_no_feedback(self, sent, now):
        Solicitation.objects.filter(pk=sent.pk).update(
            state="closed", closed_reason=ClosedReason.SPAM, ended_at=now
        )

        with pytest.raises(ForbiddenMove):
            feedback.report_called(sent, now=now)


class TestSurvey:
    @pytest.fixture
    def asked(self, sent, now) -> Survey:
        return Survey.objects.create(solicitation=sent, asked_at=now)

    def test_three_answers_and_a_comment_are_kept(self, commit, sent, asked, now):
        commit(feedback.answer_survey, sent, HAPPY, now=now + timedelta(days=1))

        asked.refresh_from_db()
        assert (asked.was_called, asked.usefulness, asked.outcome, asked.comment) == (
            True, "yes", "solved", "Merci !",
        )  # fmt: skip
        assert (asked.asked_at, asked.answered_at) == (now, now + timedelta(days=1))
        assert kinds(sent)[-1] == EventKind.SURVEY_ANSWERED

    def test_answering_again_corrects(self, commit, sent, asked, now):
        commit(feedback.answer_survey, sent, HAPPY, now=now)
        unhappy = Opinion(was_called=False, usefulness=Usefulness.NO, outcome=Outcome.UNSOLVED)

        commit(feedback.answer_survey, sent, unhappy, now=now + timedelta(days=1))

        asked.refresh_from_db()
        assert (asked.was_called, asked.outcome, asked.comment) == (False, "unsolved", "")
        assert kinds(sent).count(EventKind.SURVEY_ANSWERED) == 2

    def test_the_same_answer_twice_is_recorded_once(self, commit, sent, asked, now):
        commit(feedback.answer_survey, sent, HAPPY, now=now)
        commit(feedback.answer_survey, sent, HAPPY, now=now + timedelta(minutes=1))

        asked.refresh_from_db()
        assert asked.answered_at == now
        assert kinds(sent).count(EventKind.SURVEY_ANSWERED) == 1

    def test_a_company_not_surveyed_yet_may_answer(self, commit, sent, now):
        commit(feedback.answer_survey, sent, HAPPY, now=now)

        assert Survey.objects.get(solicitation=sent).answered_at == now

    def test_an_erased_request_accepts_no_answer(self, sent, now):
        Solicitation.objects.filter(pk=sent.pk).update(state="anonymised", ended_at=now)

        with pytest.raises(ForbiddenMove):
            feedback.answer_survey(sent, HAPPY, now=now)

    def test_who_took_it_and_their_manager_read_the_answers_but_not_the_comment(self, commit, sent, now):
        expert_match = Match.objects.with_people().filter(need__solicitation=sent).first()
        commit(expert_answers.move, expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=now)
        commit(feedback.answer_survey, sent, HAPPY, now=now + timedelta(days=1))

        mails = OutgoingEmail.objects.filter(template__endswith="/survey_answered")
        assert {mail.to for mail in mails} == {expert_match.mailbox.email, expert_match.expert.office.email}
        assert {HAPPY.comment in mail.rendered().text for mail in mails} == {False}
        assert "Aide utile : Oui" in mails[0].rendered().text

    @pytest.mark.parametrize(
        "change",
        [{"was_called": False}, {"usefulness": Usefulness.NO}, {"outcome": Outcome.UNSOLVED}],
        ids=["not called", "useless", "unsolved"],
    )
    def test_a_negative_answer_alerts_the_region_until_it_is_corrected(self, commit, sent, now, change):
        commit(feedback.answer_survey, sent, replace(HAPPY, **change), now=now)
        alert = sent.alerts.get(cause=AlertCause.UNHAPPY)
        assert alert.settled_at is None

        commit(feedback.answer_survey, sent, HAPPY, now=now + timedelta(days=1))

        alert.refresh_from_db()
        assert alert.settled_at is not None
