"""The steps of the clock: each at its delay, to its recipients, once."""

from datetime import timedelta

import pytest

from experts.models import Expert, Institution, Office, User
from mailing.models import OutgoingEmail
from solicitations.actions import company_requests, expert_answers, feedback, staff_actions, undoing
from solicitations.lifecycle import (
    AlertCause,
    ClosedReason,
    EventKind,
    MatchOrigin,
    MatchState,
    NeedState,
    RequestState,
)
from solicitations.models import Alert, Draft, Event, Match, Survey
from solicitations.models.surveys import Outcome, Usefulness
from tests.solicitations.clock.clock_rows import (
    clock_events,
    context,
    recipients,
    requests_to_advance,
    templates,
)
from tests.solicitations.factories import match, send

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db]
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
FOUR = {
    "recrutement@france-travail-dijon.example.org",
    "entreprises@mission-locale-dijon.example.org",
    "conseil@relais-conseil-seine-et-tilles.example.org",
    "recrutement@cap-emploi-21.example.org",
}


@pytest.fixture
def taken(sent_to_one, commit, now):
    expert_match = match(sent_to_one, "facilitation@clauses")
    commit(expert_answers.move, expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=now)
    return match(sent_to_one, "facilitation@clauses")


def conclude(commit, expert_match, outcome, *, now) -> None:
    commit(expert_answers.move, expert_match, outcome, by=expert_match.mailbox, now=now)


class TestSilentExpert:
    def test_is_reminded_after_three_days_and_after_seven(self, sent_to_one, sweep_daily, now):
        sweep_daily(now, days=9)

        reminded = sent_to_one.events.filter(kind=EventKind.REMINDED).in_order()
        assert [event.at - now for event in reminded] == [3 * DAY, 7 * DAY]
        assert recipients("reminders") == ["facilitation@clauses-dijon.example.org"] * 2

    def test_is_not_reminded_a_minute_sooner(self, sent_to_one, sweep, now):
        sweep(now + 3 * DAY - MINUTE)

        assert recipients("reminders") == []

    def test_only_experts_who_have_not_answered_are_reminded(self, sent, commit, sweep, now):
        expert_match = match(sent, "recrutement@france-travail")
        commit(expert_answers.move, expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=now + DAY)

        sweep(now + 3 * DAY)

        assert set(recipients("reminders")) == FOUR - {expert_match.mailbox.email}

    def test_an_expert_added_on_the_sixth_day_is_reminded_three_days_later(
        self, sent, commit, sweep_daily, sweep, now
    ):
        expert_match = match(sent, "recrutement@france-travail")
        geiq = Institution.objects.get(code="GEIQ")
        sweep_daily(now, days=5)
        commit(
            expert_answers.bring_in,
            expert_match,
            geiq,
            comment="",
            by=expert_match.mailbox,
            now=now + 6 * DAY,
        )
        new = expert_match.introduces.get().mailbox.email

        sweep(now + 7 * DAY)
        assert new not in recipients("reminders")

        sweep(now + 9 * DAY)
        assert new in recipients("reminders")

    def test_the_mail_names_the_request_and_opens_it(self, sent_to_one, sweep, now):
        sweep(now + 3 * DAY)

        row = OutgoingEmail.objects.get(template__endswith="/reminders")
        found = row.rendered()
        assert row.thread == f"request-{sent_to_one.pk}"
        assert "Peintures Vannier SARL" in found.subject
        assert "envoyée le mardi 1er\u00a0décembre" in found.text
        assert "/reponse/" in found.text
        assert found.text.startswith("Votre réponse sera lue par les autres experts")

    def test_once_the_need_is_helped_the_other_experts_get_no_reminder_and_expire_after_45_days(
        self, sent, commit, sweep, now
    ):
        expert_match = match(sent, "recrutement@france-travail")
        conclude_at = now + DAY
        commit(expert_answers.move, expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=conclude_at)
        conclude(commit, expert_match, MatchState.HELPED, now=conclude_at)

        for days in (3, 7, 10, 14):
            sweep(now + days * DAY)
        assert not {"reminders", "manager_told", "where_things_stand"} & set(templates(since=now))

        sweep(now + 45 * DAY)
        sent.refresh_from_db()
        assert (sent.state, sent.closed_reason, sent.progress) == (
            RequestState.CLOSED,
            ClosedReason.DONE,
            NeedState.HELPED,
        )
        assert "unanswered" not in templates(since=now)


class TestNobodyTook:
    def test_after_seven_days_the_company_is_told_that_nobody_took_the_need(self, sent, sweep_daily, now):
        sweep_daily(now, days=9)

        assert recipients("where_things_stand") == [sent.email]
        assert "Mission locale" in " ".join(context("where_things_stand")["offices"])

    def test_a_need_that_somebody_took_is_not_in_that_mail(self, commit, sweep, now):
        request = commit(send, "trouver-candidats", "saisonniers", now=now)
        for expert_match in Match.objects.with_people().filter(need__subject__slug="trouver-candidats"):
            commit(expert_answers.move, expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=now)

        sweep(now + 7 * DAY)

        assert recipients("where_things_stand") == [request.email]
        assert context("where_things_stand")["concerned"] == [
            request.needs.get(subject__slug="saisonniers").subject.label
        ]

    def test_after_ten_days_each_office_mailbox_is_told_once(self, sent, sweep_daily, now):
        sweep_daily(now, days=10)

        offices = {row.expert.office.email for row in Match.objects.exclude(origin=MatchOrigin.ESCALATION)}
        assert sorted(recipients("manager_told")) == sorted(offices)
        assert all(event.reason for event in sent.events.filter(kind=EventKind.MANAGER_TOLD))

    def test_an_office_mailbox_that_is_the_silent_expert_gets_its_own_text_and_link(
        self, sent_to_one, commit, sweep_daily, now
    ):
        Office.objects.filter(experts__email="facilitation@clauses-dijon.example.org").update(
            email="Facilitation@clauses-dijon.example.org"
        )
        sweep_daily(now, days=10)

        row = OutgoingEmail.objects.get(template__endswith="/manager_told")
        assert "cette boîte est celle de toute l'antenne" in row.rendered().text
        assert "/reponse/" in row.rendered().text

    def test_another_office_mailbox_never_gets_the_experts_link(self, sent_to_one, sweep_daily, now):
        sweep_daily(now, days=10)

        row = OutgoingEmail.objects.get(template__endswith="/manager_told")
        assert "/reponse/" not in row.rendered().text

    def test_after_fourteen_days_the_region_has_an_alert_in_its_list_and_no_mail(
        self, sent, sweep_daily, now
    ):
        sweep_daily(now, days=16)

        alert = Alert.objects.get(cause=AlertCause.LATE)
        assert alert.raised_at == now + 14 * DAY
        assert recipients("alert") == []

    def test_that_alert_is_resolved_when_somebody_takes_the_need(self, sent, commit, sweep_daily, now):
        sweep_daily(now, days=14)
        expert_match = match(sent, "recrutement@france-travail")
        commit(
            expert_answers.move, expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=now + 15 * DAY
        )

        assert not Alert.objects.open().exists()

    def test_after_45_days_it_closes_unanswered_and_the_company_gets_the_regions_phone(
        self, sent_to_one, sweep_daily, sweep, now
    ):
        sweep_daily(now, days=14)
        for day in (20, 30, 45, 46, 55, 56):
            sweep(now + day * DAY)

        sent_to_one.refresh_from_db()
        assert (sent_to_one.state, sent_to_one.closed_reason) == (
            RequestState.CLOSED,
            ClosedReason.UNANSWERED,
        )
        assert recipients("unanswered") == [sent_to_one.email]
        assert (
            "Personne n'a répondu"
            in OutgoingEmail.objects.get(template__endswith="/unanswered").rendered().text
        )
        assert context("unanswered")["region_phone"]

    def test_a_late_answer_reopens_the_request(self, sent_to_one, commit, sweep_daily, sweep, now):
        sweep_daily(now, days=14)
        for day in (45, 48, 55, 58):
            sweep(now + day * DAY)
        expert_match = match(sent_to_one, "facilitation@clauses")
        commit(
            expert_answers.move, expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=now + 60 * DAY
        )

        sent_to_one.refresh_from_db()
        assert sent_to_one.state == RequestState.SUBMITTED


class TestWidening:
    def test_offices_not_asked_yet_are_asked_and_told_why(self, sent, sweep_daily, now):
        sweep_daily(now, days=10)

        new = Match.objects.with_people().get(origin=MatchOrigin.ESCALATION)
        asked = Match.objects.exclude(pk=new.pk).values_list("expert__office", flat=True)
        assert new.expert.office_id not in asked
        assert new.sent_at == now + 10 * DAY
        assert sent.events.get(kind=EventKind.WIDENED).reason == new.expert.office.name
        assert "à votre tour" in " ".join(context("notified")["why"])

    def test_when_no_other_office_is_left_the_fallback_is_asked(self, sent_to_one, sweep_daily, now):
        sweep_daily(now, days=10)

        new = Match.objects.with_people().get(origin=MatchOrigin.ESCALATION)
        sent_to_one.refresh_from_db()
        assert new.expert.office.is_fallback
        assert sent_to_one.is_fallback

    def test_when_nobody_is_left_the_event_says_so_and_it_is_not_tried_again(
        self, sent_to_one, commit, sweep_daily, now
    ):
        Office.objects.filter(is_fallback=True).update(closed_on=now.date())

        sweep_daily(now, days=12)

        assert sent_to_one.events.get(kind=EventKind.WIDENED).reason == "Personne d'autre à solliciter"
        assert Match.objects.count() == 1

    def test_an_institution_that_the_owner_unticked_is_never_asked(self, commit, sweep_daily, now):
        request = commit(send, now=now)
        found = Expert.objects.get(email="rh@maison-emploi-dijon.example.org").office.institution
        request.unticked_institutions.add(found)

        sweep_daily(now, days=10)

        assert request.events.filter(kind=EventKind.WIDENED).exists()
        new = Match.objects.filter(origin=MatchOrigin.ESCALATION)
        assert not new.filter(expert__office__institution=found).exists()

    def test_a_need_that_somebody_took_is_not_sent_to_others(self, sent_to_one, taken, sweep_daily, now):
        sweep_daily(now, days=12)

        assert Match.objects.count() == 1

    def test_second_wave_matches_expire_with_the_first_wave(self, sent, sweep_daily, now):
        sweep_daily(now, days=45)

        sent.refresh_from_db()
        assert Match.objects.filter(origin=MatchOrigin.ESCALATION).exists()
        assert sent.closed_reason == ClosedReason.UNANSWERED
        assert recipients("unanswered") == [sent.email]

    def test_second_wave_experts_are_reminded_and_the_company_is_not_told_again(self, sent, sweep_daily, now):
        sweep_daily(now, days=40)

        new = Match.objects.get(origin=MatchOrigin.ESCALATION)
        kinds = [event.kind for event in new.events.in_order()]
        assert kinds == [EventKind.REMINDED, EventKind.REMINDED, EventKind.MANAGER_TOLD]
        assert len(recipients("where_things_stand")) == 1


class TestTakenAndSilent:
    def test_after_seven_days_the_company_is_asked_whether_it_was_called(
        self, sent_to_one, taken, sweep_daily, now
    ):
        sweep_daily(now, days=9)

        assert recipients("call_check") == [sent_to_one.email]
        assert "/rappel" in context("call_check")["check_url"]

    def test_a_company_that_said_it_was_called_is_not_asked(
        self, sent_to_one, taken, commit, sweep_daily, now
    ):
        commit(feedback.report_called, sent_to_one, now=now + DAY)

        sweep_daily(now, days=9)

        assert recipients("call_check") == []

    def test_after_21_days_the_taker_is_reminded_once(self, sent_to_one, taken, sweep_daily, now):
        taken.expert.absences.all().delete()  # at the end of the year
        sweep_daily(now, days=24)

        assert recipients("reminders") == [taken.mailbox.email]
        assert (
            "que vous avez prise en charge"
            in OutgoingEmail.objects.get(template__endswith="/reminders").rendered().text
        )

    def test_after_45_days_the_manager_and_the_region_are_told(self, sent_to_one, taken, sweep, now):
        region = User.objects.create_user(
            "regionale@equipe.example.org", role="region", region=sent_to_one.region
        )
        for day in (7, 21, 45, 46, 47, 48):
            sweep(now + day * DAY)

        assert recipients("manager_told") == [taken.expert.office.email]
        assert recipients("alert") == [region.email]
        assert Alert.objects.get().cause == AlertCause.SILENT

    def test_after_90_days_a_taken_need_expires_and_the_company_is_told(self, sent_to_one, taken, sweep, now):
        for day in (7, 21, 45, 48, 90, 91):
            sweep(now + day * DAY)

        taken.refresh_from_db()
        assert taken.state == MatchState.EXPIRED
        assert recipients("unanswered") == [sent_to_one.email]
        assert context("unanswered")["takers"] == [taken.expert.office.name]

    def test_delays_are_counted_from_the_taking(self, sent_to_one, commit, sweep, now):
        expert_match = match(sent_to_one, "facilitation@clauses")
        commit(
            expert_answers.move, expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=now + 2 * DAY
        )

        sweep(now + 8 * DAY)
        assert recipients("call_check") == []

        sweep(now + 9 * DAY)
        assert recipients("call_check") == [sent_to_one.email]

    def test_delays_start_again_when_the_need_is_taken_again(self, taken, commit, sweep, now):
        conclude(commit, taken, MatchState.NO_HELP, now=now)
        commit(expert_answers.move, taken, MatchState.TAKEN, by=taken.mailbox, now=now + 100 * DAY)

        sweep(now + 106 * DAY)

        taken.refresh_from_db()
        assert taken.state == MatchState.TAKEN
        assert recipients("reminders") == recipients("call_check") == recipients("manager_told") == []

    def test_an_answer_can_still_be_undone_after_a_reminder(
        self, sent_to_one, taken, commit, sweep_daily, now
    ):
        sweep_daily(now, days=24)

        commit(undoing.undo, taken, by=taken.mailbox, now=now + 25 * DAY)

        taken.refresh_from_db()
        assert taken.state == MatchState.SENT


class TestSurvey:
    @pytest.mark.parametrize("outcome", [MatchState.HELPED, MatchState.NO_HELP, MatchState.UNREACHABLE])
    def test_is_sent_once_ten_days_after_the_first_outcome(
        self, sent_to_one, taken, commit, sweep_daily, outcome, now
    ):
        conclude(commit, taken, outcome, now=now)

        sweep_daily(now, days=12)

        assert recipients("survey") == [sent_to_one.email]
        assert Survey.objects.get().asked_at == now + 10 * DAY

    def test_is_sent_after_the_first_outcome_even_if_the_request_is_open(
        self, sent, commit, sweep_daily, now
    ):
        expert_match = match(sent, "recrutement@france-travail")
        commit(expert_answers.move, expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=now)
        conclude(commit, expert_match, MatchState.NO_HELP, now=now)

        sweep_daily(now, days=12)

        sent.refresh_from_db()
        assert sent.state == RequestState.SUBMITTED
        assert recipients("survey") == [sent.email]

    def test_is_sent_ten_days_after_closing_when_there_was_no_outcome(
        self, sent_to_one, sweep_daily, sweep, now
    ):
        sweep_daily(now, days=14)
        for day in (45, 48, 55, 58, 65, 68):
            sweep(now + day * DAY)

        assert recipients("survey") == [sent_to_one.email]

    def test_a_request_reopened_after_its_survey_gets_no_second_one(self, taken, commit, sweep, now):
        conclude(commit, taken, MatchState.NO_HELP, now=now)
        sweep(now + 10 * DAY)
        commit(expert_answers.move, taken, MatchState.TAKEN, by=taken.mailbox, now=now + 400 * DAY)
        assert requests_to_advance(now + 401 * DAY) == []

        conclude(commit, taken, MatchState.HELPED, now=now + 401 * DAY)
        assert requests_to_advance(now + 412 * DAY) == []

    def test_an_undone_outcome_does_not_count(self, taken, commit, sweep, now):
        conclude(commit, taken, MatchState.UNREACHABLE, now=now)
        taken.refresh_from_db()
        commit(undoing.undo, taken, by=taken.mailbox, now=now + MINUTE / 2)
        sweep(now + 10 * DAY)
        assert recipients("survey") == []

        conclude(commit, taken, MatchState.NO_HELP, now=now + 10 * DAY)
        sweep(now + 20 * DAY - MINUTE)
        assert recipients("survey") == []
        sweep(now + 20 * DAY)
        assert recipients("survey") == [taken.mailbox.solicitation.email]

    def test_is_not_sent_to_a_company_that_has_answered_already(self, sent_to_one, taken, commit, sweep, now):
        conclude(commit, taken, MatchState.HELPED, now=now)
        opinion = feedback.Opinion(was_called=True, usefulness=Usefulness.YES, outcome=Outcome.SOLVED)
        commit(feedback.answer_survey, sent_to_one, opinion, now=now + DAY)

        assert sent_to_one.pk not in requests_to_advance(now + 10 * DAY)
        sweep(now + 10 * DAY)
        assert recipients("survey") == []

    @pytest.mark.parametrize("end", ["cancelled", "staff", "spam", "test"])
    def test_is_not_sent_when_the_company_cancelled_or_staff_closed_the_request(
        self, taken, commit, sweep_daily, end, now
    ):
        sent_to_one = taken.mailbox.solicitation
        admin = User.objects.create_user("nationale@equipe.example.org", role="national")
        if end == "cancelled":
            commit(company_requests.cancel, sent_to_one, now=now)
        elif end == "staff":
            commit(staff_actions.close, sent_to_one, message="Réglé.", by=admin, now=now)
        else:
            commit(staff_actions.mark, sent_to_one, ClosedReason(end), by=admin, now=now)

        sweep_daily(now, days=14)

        assert recipients("survey") == []


class TestSixMonths:
    @pytest.fixture
    def in_difficulty(self, commit, now):
        return commit(send, "dettes-fiscales", now=now)

    def test_a_company_in_difficulty_is_asked_how_it_is_doing_once(
        self, in_difficulty, commit, sweep, client, now
    ):
        expert_match = Match.objects.with_people().get()
        commit(expert_answers.move, expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=now)
        conclude(commit, expert_match, MatchState.HELPED, now=now)
        sweep(now + 182 * DAY)
        assert recipients("follow_up_point") == []

        sweep(now + 183 * DAY)
        sweep(now + 184 * DAY)

        assert recipients("follow_up_point") == [in_difficulty.email]

    def test_companies_of_other_themes_are_not_asked(self, sent_to_one, taken, commit, sweep, now):
        conclude(commit, taken, MatchState.HELPED, now=now)

        sweep(now + 184 * DAY)

        assert recipients("follow_up_point") == []

    def test_a_company_that_cancelled_is_not_asked(self, in_difficulty, commit, sweep, now):
        commit(company_requests.cancel, in_difficulty, now=now)

        sweep(now + 184 * DAY)

        assert recipients("follow_up_point") == []


class TestDrafts:
    @pytest.fixture
    def draft(self, commit, now):
        answers = {"subject": "trouver-candidats", "need": {"commune_code": ["21317"]}}
        made = Draft.objects.create(answers=answers, created_at=now, updated_at=now)
        commit(company_requests.send_resume_link, made, email="plus-tard@example.org", now=now)
        return made

    def test_the_resume_link_is_sent_again_once_after_a_day(self, draft, sweep_daily, now):
        sweep_daily(now, days=4)

        assert recipients("resume_reminder") == ["plus-tard@example.org"]
        assert context("resume_reminder")["erased_on"] == "mardi 8\u00a0décembre"

    def test_the_reminder_waits_for_working_time_where_the_company_is(self, draft, sweep, now):
        Draft.objects.update(answers={"need": {"commune_code": ["97411"]}})

        sweep(now + DAY + timedelta(hours=8))  # 18:00 in Paris, 21:00 in Saint-Denis

        assert recipients("resume_reminder") == []

    def test_a_draft_that_was_sent_gets_no_reminder(self, draft, sent, sweep_daily, now):
        Draft.objects.update(solicitation=sent, answers={})

        sweep_daily(now, days=4)

        assert recipients("resume_reminder") == []

    def test_a_draft_is_erased_after_seven_days(self, draft, sweep_daily, now):
        sweep_daily(now, days=7)

        assert not Draft.objects.exists()


def test_each_step_is_recorded_as_an_event_with_its_reason(sent, sweep_daily, now):
    sweep_daily(now, days=14)

    assert set(clock_events(sent)) == {
        EventKind.REMINDED,
        EventKind.COMPANY_TOLD,
        EventKind.MANAGER_TOLD,
        EventKind.WIDENED,
        EventKind.REGION_TOLD,
    }
    assert all(event.reason for event in Event.objects.filter(kind__in=clock_events(sent)))


def test_one_address_gets_one_reminder_whatever_the_number_of_requests(commit, sweep, now):
    request = commit(send, now=now)
    Expert.objects.filter(matches__need__solicitation=request).update(name="Guichet")
    second = commit(send, "saisonniers", siret="", email="autre@example.org", now=now)
    assert set(second.mailboxes.values_list("email", flat=True)) & FOUR

    sweep(now + 3 * DAY)

    assert len(recipients("reminders")) == len(set(recipients("reminders")))
