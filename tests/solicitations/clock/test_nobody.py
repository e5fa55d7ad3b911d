"""Needs that reach nobody: no open office, or their last expert was withdrawn."""

from datetime import timedelta

import pytest
from django.db import transaction

from experts.models import Institution, Office, User
from mailing.models import OutgoingEmail
from solicitations import progress
from solicitations.actions import company_requests, expert_answers, staff_actions
from solicitations.clock import forecast
from solicitations.clock.steps import Step
from solicitations.dispatch import holding
from solicitations.lifecycle import (
    AlertCause,
    ClosedReason,
    EventKind,
    HeldReason,
    MatchOrigin,
    MatchState,
    NeedState,
    RequestState,
)
from solicitations.models import Match, Need, Solicitation
from tests.solicitations.clock.clock_rows import clock_events, context, recipients, requests_to_advance
from tests.solicitations.clock.test_upcoming import clock
from tests.solicitations.factories import match, send

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db]
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
STEP_DAYS = (3, 7, 8, 10, 11, 14, 45, 46)


@pytest.fixture
def no_office(now) -> None:
    """Close all offices."""
    Office.objects.update(closed_on=now.date())


@pytest.fixture
def reopen():
    """Open all offices again."""

    def reopened() -> None:
        Office.objects.update(closed_on=None)

    return reopened


@pytest.fixture
def unreached(no_office, commit, now) -> Solicitation:
    """A request that reaches nobody, sent on a Tuesday at ten."""
    return commit(send, now=now)


@pytest.fixture
def half_reached(commit, now) -> Solicitation:
    """A request of two needs: one reaches an expert, the other nobody."""
    found = Office.objects.filter(experts__email="facilitation@clauses-dijon.example.org")
    Office.objects.exclude(pk__in=found.values("pk")).update(closed_on=now.date())
    request = commit(send, "clause-insertion", "trouver-candidats", commune="21166", now=now)
    assert need(request, "trouver-candidats").state == NeedState.UNCOVERED
    assert need(request, "clause-insertion").state == NeedState.WAITING
    return request


@pytest.fixture
def admin() -> User:
    return User.objects.create_user("nationale@equipe.example.org", role="national")


def need(request: Solicitation, slug: str) -> Need:
    return request.needs.select_related("subject").get(subject__slug=slug)


def last(occasion: str) -> OutgoingEmail:
    return OutgoingEmail.objects.filter(template__endswith=f"/{occasion}").order_by("pk").last()


class TestTable:
    def test_after_seven_days_the_company_is_told_that_nobody_received_it(self, unreached, sweep_daily, now):
        sweep_daily(now, days=9)

        assert recipients("where_things_stand") == [unreached.email]
        event = unreached.events.get(kind=EventKind.COMPANY_TOLD)
        assert event.at == now + 7 * DAY
        assert event.reason == "Personne à qui la transmettre depuis 7 jours"

    def test_the_company_is_not_told_a_minute_sooner(self, unreached, sweep, now):
        sweep(now + 7 * DAY - MINUTE)

        assert recipients("where_things_stand") == []

    def test_after_ten_days_it_is_routed_again_and_the_event_says_that_nobody_was_found(
        self, unreached, sweep_daily, now
    ):
        sweep_daily(now, days=12)

        event = unreached.events.get(kind=EventKind.WIDENED)
        assert (event.at, event.reason) == (now + 10 * DAY, "Personne d'autre à solliciter")
        assert unreached.alerts.open().get().cause == AlertCause.NOBODY

    def test_after_fourteen_days_the_region_is_not_alerted_a_second_time(self, unreached, sweep_daily, now):
        before = recipients("alert")

        sweep_daily(now, days=16)

        assert recipients("alert") == before
        assert unreached.alerts.get().cause == AlertCause.NOBODY

    def test_after_45_days_it_closes_unanswered_and_the_company_is_told(self, unreached, sweep, now):
        for day in STEP_DAYS:
            sweep(now + day * DAY)

        unreached.refresh_from_db()
        assert (unreached.state, unreached.closed_reason, unreached.progress) == (
            RequestState.CLOSED,
            ClosedReason.UNANSWERED,
            NeedState.UNANSWERED,
        )
        assert unreached.ended_at - now >= 45 * DAY
        assert recipients("unanswered") == [unreached.email]
        assert context("unanswered")["region_name"]

    def test_once_closed_it_counts_as_without_answer_and_has_no_open_alert(self, unreached, sweep, now):
        for day in STEP_DAYS:
            sweep(now + day * DAY)

        assert list(Solicitation.objects.without_answer()) == [unreached]
        assert not Solicitation.objects.uncovered().exists()
        assert not Solicitation.objects.late(now=now + 46 * DAY).exists()
        assert not unreached.alerts.open().exists()

    def test_the_owners_page_says_how_it_ended(self, unreached, sweep, now):
        for day in STEP_DAYS:
            sweep(now + day * DAY)

        shown = progress.build(Solicitation.objects.get(pk=unreached.pk))
        assert shown.is_over
        assert shown.ending == "Nous n'avons trouvé personne pour vous répondre : nous en sommes désolés."

    def test_its_company_gets_the_survey(self, unreached, sweep, now):
        for day in (*STEP_DAYS, 57, 58):
            sweep(now + day * DAY)

        assert recipients("survey") == [unreached.email]

    def test_after_the_survey_no_step_is_left(self, unreached, sweep, now):
        for day in (*STEP_DAYS, 57, 58):
            sweep(now + day * DAY)

        assert requests_to_advance(now + 100 * DAY) == []


class TestMails:
    def test_the_seven_day_mail_does_not_speak_of_offices_that_were_asked(self, unreached, sweep_daily, now):
        sweep_daily(now, days=7)

        for mail_text in (
            last("where_things_stand").rendered().text,
            last("where_things_stand").rendered().html,
        ):
            assert "Aucun organisme n" in mail_text
            assert "relancés" not in mail_text
            assert "Voici qui a reçu" not in mail_text

    def test_the_last_mail_does_not_speak_of_reminders(self, unreached, sweep, now):
        for day in STEP_DAYS:
            sweep(now + day * DAY)

        mail = last("unanswered").rendered()
        assert "Nous n'avons trouvé personne" in mail.subject
        for mail_text in (mail.text, mail.html):
            assert "trouvé aucun organisme" in mail_text
            assert "relancé" not in mail_text
            assert "vous répond encore" not in mail_text

    def test_two_needs_one_waiting_and_one_unreached_have_their_own_sentences(
        self, half_reached, sweep_daily, sweep, now
    ):
        sweep_daily(now, days=7)
        text_part = last("where_things_stand").rendered().text
        label = need(half_reached, "trouver-candidats").subject.label
        assert f"Pour « {label} », aucun organisme" in text_part
        assert "Voici qui a reçu" in text_part

        for day in (10, 11, 13, 14, 45, 48):
            sweep(now + day * DAY)
        ended = last("unanswered").rendered().text
        assert f"Pour « {label} », nous n'avons trouvé aucun organisme" in ended
        assert "Nous avons relancé ceux" in ended


class TestOneOfTwoNeeds:
    """A need that reaches nobody, in a request with one that reaches an expert."""

    @pytest.fixture
    def taken(self, half_reached, commit, now) -> Match:
        expert_match = match(half_reached, "facilitation@clauses")
        commit(expert_answers.move, expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=now)
        return match(half_reached, "facilitation@clauses")

    def test_the_company_is_told_of_the_unreached_need_only(self, half_reached, taken, sweep_daily, now):
        sweep_daily(now, days=9)

        assert recipients("where_things_stand") == [half_reached.email]
        assert context("where_things_stand")["concerned"] == [
            need(half_reached, "trouver-candidats").subject.label
        ]

    def test_the_mail_about_one_need_does_not_replace_that_about_the_other(self, half_reached, sweep, now):
        Match.objects.update(sent_at=now + DAY)
        sweep(now + 7 * DAY)
        assert context("where_things_stand")["offices"] == []

        sweep(now + 8 * DAY + 2 * HOUR)
        assert len(recipients("where_things_stand")) == 2
        assert context("where_things_stand")["unreached"] == []

    def test_taking_one_need_leaves_the_other_need_in_the_unsent_mail(self, half_reached, commit, sweep, now):
        sweep(now + 7 * DAY)
        expert_match = match(half_reached, "facilitation@clauses")
        commit(
            expert_answers.move,
            expert_match,
            MatchState.TAKEN,
            by=expert_match.mailbox,
            now=now + 7 * DAY + MINUTE,
        )

        row = OutgoingEmail.objects.pending().get(template__endswith="/where_things_stand")
        assert row.context["concerned"] == [need(half_reached, "trouver-candidats").subject.label]
        assert expert_match.expert.office.name not in row.rendered().text

    def test_the_request_closes_only_when_both_needs_have_ended(
        self, half_reached, taken, commit, sweep, now
    ):
        for day in STEP_DAYS:
            sweep(now + day * DAY)
        half_reached.refresh_from_db()
        assert need(half_reached, "trouver-candidats").state == NeedState.UNANSWERED
        assert (half_reached.state, half_reached.progress) == (RequestState.SUBMITTED, NeedState.IN_PROGRESS)
        assert not half_reached.alerts.open().filter(cause=AlertCause.NOBODY).exists()

        commit(expert_answers.move, taken, MatchState.HELPED, by=taken.mailbox, now=now + 50 * DAY)
        half_reached.refresh_from_db()
        assert (half_reached.state, half_reached.closed_reason) == (RequestState.CLOSED, ClosedReason.DONE)

    def test_a_need_that_ended_first_leaves_the_request_open(self, half_reached, taken, commit, sweep, now):
        commit(expert_answers.move, taken, MatchState.HELPED, by=taken.mailbox, now=now + DAY)
        half_reached.refresh_from_db()
        assert half_reached.state == RequestState.SUBMITTED

        for day in STEP_DAYS:
            sweep(now + day * DAY)
        half_reached.refresh_from_db()
        assert (half_reached.state, half_reached.closed_reason) == (RequestState.CLOSED, ClosedReason.DONE)
        assert context("unanswered")["concerned"] == [need(half_reached, "trouver-candidats").subject.label]


class TestExpertFoundLater:
    def test_an_expert_found_on_the_tenth_day_is_mailed_and_the_company_is_told_who(
        self, unreached, sweep_daily, reopen, now
    ):
        sweep_daily(now, days=9)
        reopen()

        sweep_daily(now + 9 * DAY, days=1)

        found = Match.objects.with_people().first()
        assert (found.origin, found.sent_at) == (MatchOrigin.ROUTING, now + 10 * DAY)
        assert found.mailbox.email in recipients("notified")
        assert recipients("contacted") == [unreached.email]
        unreached.refresh_from_db()
        assert unreached.progress == NeedState.WAITING
        assert not unreached.alerts.open().exists()

    def test_delays_of_an_expert_found_later_are_counted_from_then(
        self, unreached, sweep_daily, sweep, reopen, now
    ):
        sweep_daily(now, days=9)
        reopen()
        sweep_daily(now + 9 * DAY, days=7)
        assert len(recipients("where_things_stand")) == 1

        sweep(now + 17 * DAY)
        assert len(recipients("where_things_stand")) == 2
        sweep(now + 46 * DAY)
        unreached.refresh_from_db()
        assert unreached.state == RequestState.SUBMITTED

    def test_delays_of_an_expert_added_by_staff_are_counted_from_then(
        self, unreached, admin, commit, sweep, reopen, now
    ):
        reopen()
        geiq = Institution.objects.get(code="GEIQ")
        asked = unreached.needs.get()
        commit(staff_actions.add_institution, asked, geiq, reason="", by=admin, now=now + 5 * DAY)

        sweep(now + 7 * DAY)
        assert recipients("where_things_stand") == []

        sweep(now + 13 * DAY)
        assert recipients("where_things_stand") == [unreached.email]
        assert context("where_things_stand")["unreached"] == []

    def test_an_expert_added_after_closing_reopens_the_request(
        self, unreached, admin, commit, sweep, reopen, now
    ):
        for day in STEP_DAYS:
            sweep(now + day * DAY)
        reopen()
        geiq = Institution.objects.get(code="GEIQ")

        commit(
            staff_actions.add_institution,
            unreached.needs.get(),
            geiq,
            reason="",
            by=admin,
            now=now + 50 * DAY,
        )

        unreached.refresh_from_db()
        assert (unreached.state, unreached.progress) == (RequestState.SUBMITTED, NeedState.WAITING)
        assert unreached.needs.get().exhausted_at is None

    def test_delays_are_counted_from_the_withdrawal_of_the_last_expert(
        self, sent_to_one, admin, commit, sweep, now
    ):
        expert_match = match(sent_to_one, "facilitation@clauses")
        commit(staff_actions.withdraw, expert_match, reason="Doublon", by=admin, now=now + 6 * DAY)
        Office.objects.update(closed_on=now.date())

        requests = Solicitation.objects.all()
        [text_part] = forecast.coming(requests, now=now + 8 * DAY, until=now + 14 * DAY, most=10)
        assert (text_part.step, text_part.at) == (Step.TELL_COMPANY, now + 13 * DAY)
        sweep(now + 13 * DAY - MINUTE)
        assert recipients("where_things_stand") == []

        for day in (13, 14, 16, 17, 20):
            sweep(now + day * DAY)
        assert recipients("where_things_stand") == [sent_to_one.email]
        for day in (49, 51, 52):
            sweep(now + day * DAY)
        sent_to_one.refresh_from_db()
        expert_match.refresh_from_db()
        assert (sent_to_one.closed_reason, expert_match.state) == (
            ClosedReason.UNANSWERED,
            MatchState.WITHDRAWN,
        )


class TestHours:
    def test_delays_of_a_held_request_are_counted_from_its_release(
        self, no_office, commit, admin, sweep, now
    ):
        request = commit(send, now=now)
        request.move_to(RequestState.HELD, at=now, reason=HeldReason.AUTOMATIC)
        request.save()
        sweep(now + 8 * DAY)
        assert recipients("where_things_stand") == []

        commit(staff_actions.release, request, by=admin, now=now + 9 * DAY)
        sweep(now + 16 * DAY - MINUTE)
        assert recipients("where_things_stand") == []
        sweep(now + 16 * DAY)
        assert recipients("where_things_stand") == [request.email]

    def test_no_mail_is_sent_at_night(self, unreached, sweep, now):
        sweep(now + 7 * DAY + 11 * HOUR)

        assert recipients("where_things_stand") == []

    def test_after_an_outage_each_step_is_done_once_and_on_different_days(self, unreached, sweep, now):
        back = now + 48 * DAY
        for at in (
            back,
            back + MINUTE,
            back + DAY,
            back + DAY + MINUTE,
            back + 2 * DAY,
            back + 2 * DAY + MINUTE,
        ):
            sweep(at)

        events = unreached.events.filter(
            kind__in=[EventKind.COMPANY_TOLD, EventKind.WIDENED, EventKind.EXHAUSTED]
        )
        assert [(event.kind, event.at - back) for event in events.in_order()] == [
            (EventKind.COMPANY_TOLD, timedelta()),
            (EventKind.WIDENED, DAY),
            (EventKind.EXHAUSTED, 2 * DAY),
        ]
        assert len(recipients("where_things_stand")) == len(recipients("unanswered")) == 1

    @pytest.mark.parametrize("how", ["cancelled", "closed", "held"])
    def test_no_step_is_done_once_cancelled_closed_or_held(self, unreached, admin, commit, sweep, how, now):
        if how == "cancelled":
            commit(company_requests.cancel, unreached, now=now + DAY)
        elif how == "closed":
            commit(staff_actions.close, unreached, message="Réglé.", by=admin, now=now + DAY)
        else:
            with transaction.atomic():
                holding.hold(unreached, HeldReason.AUTOMATIC, now=now + DAY)
                unreached.save()
        before = OutgoingEmail.objects.count()

        for day in STEP_DAYS:
            sweep(now + day * DAY)

        assert OutgoingEmail.objects.count() == before
        assert clock_events(unreached) == []


class TestForecast:
    def test_forecast_steps_are_done_at_the_forecast_moments(self, unreached, sweep, now):
        requests = Solicitation.objects.all()
        found = forecast.coming(requests, now=now, until=now + 50 * DAY, most=10)

        assert [(coming.step, coming.to) for coming in found] == [
            (Step.TELL_COMPANY, (unreached.email,)),
            (Step.WIDEN, ()),
            (Step.EXPIRE, (unreached.email,)),
        ]
        for coming in found:
            sweep(coming.at - MINUTE)
            assert len(recipients(coming.step.value)) == 0
            sweep(coming.at)
            assert tuple(recipients(coming.step.value)) == coming.to

    def test_forecast_names_the_experts_to_be_found_and_the_company(self, unreached, reopen, sweep, now):
        sweep(now + 7 * DAY)
        reopen()

        [coming] = forecast.due_now(now=now + 10 * DAY)
        sweep(now + 10 * DAY)

        assert coming.step == Step.WIDEN
        assert sorted(coming.to) == sorted(recipients("notified") + recipients("contacted"))

    def test_the_command_prints_and_does_the_step(self, unreached, commit):
        [line] = clock("2026-12-08T10:00", "--dry-run")
        commit(clock, "2026-12-08T10:00")

        assert line[1:] == [
            "where_things_stand",
            unreached.email,
            unreached.reference,
            "Personne à qui la transmettre depuis 7 jours",
        ]
        assert recipients("where_things_stand") == [unreached.email]


def test_only_due_requests_are_planned(unreached, sweep, now):
    chosen = []
    sweep(now)  # each change is handled by one sweep
    for day in (1, 6, 7, 8, 9, 10, 11, 14, 40):
        if Solicitation.objects.clock_due(now=now + day * DAY).exists():
            chosen.append(day)
        sweep(now + day * DAY)

    assert chosen == [7, 10]
