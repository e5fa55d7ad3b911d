"""Needs that reach nobody: no office that day, or the last who had it is gone. Their days pass too."""

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
from tests.solicitations.clock.reading import context, done, mails, to_advance
from tests.solicitations.clock.test_upcoming import clock
from tests.solicitations.factories import match, send

pytestmark = [pytest.mark.reference, pytest.mark.django_db]
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
THE_DAYS = (3, 7, 8, 10, 11, 14, 45, 46)


@pytest.fixture
def closed(now) -> None:
    """No office is open any more."""
    Office.objects.update(closed_on=now.date())


@pytest.fixture
def reopen():
    """All offices are open again."""

    def reopened() -> None:
        Office.objects.update(closed_on=None)

    return reopened


@pytest.fixture
def unreached(closed, commit, now) -> Solicitation:
    """A request that reaches nobody, sent on a Tuesday at ten."""
    return commit(send, now=now)


@pytest.fixture
def beside(commit, now) -> Solicitation:
    """Two needs: clauses reach somebody, candidates nobody."""
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
    def test_after_seven_days_the_company_is_told_that_nobody_has_it(self, unreached, live, now):
        live(now, days=9)

        assert mails("where_things_stand") == [unreached.email]
        event = unreached.events.get(kind=EventKind.COMPANY_TOLD)
        assert event.at == now + 7 * DAY
        assert event.reason == "Personne à qui la transmettre depuis 7 jours"

    def test_not_a_minute_sooner(self, unreached, tick, now):
        tick(now + 7 * DAY - MINUTE)

        assert mails("where_things_stand") == []

    def test_after_ten_days_the_rule_runs_again_and_the_event_says_that_nobody_was_found(
        self, unreached, live, now
    ):
        live(now, days=12)

        event = unreached.events.get(kind=EventKind.WIDENED)
        assert (event.at, event.reason) == (now + 10 * DAY, "Personne d'autre à solliciter")
        assert unreached.alerts.open().get().cause == AlertCause.NOBODY

    def test_after_fourteen_days_the_region_that_knows_is_not_told_again(self, unreached, live, now):
        before = mails("alert")

        live(now, days=16)

        assert mails("alert") == before
        assert unreached.alerts.get().cause == AlertCause.NOBODY

    def test_after_45_days_it_closes_unanswered_and_the_company_hears_so(self, unreached, tick, now):
        for day in THE_DAYS:
            tick(now + day * DAY)

        unreached.refresh_from_db()
        assert (unreached.state, unreached.closed_reason, unreached.progress) == (
            RequestState.CLOSED,
            ClosedReason.UNANSWERED,
            NeedState.UNANSWERED,
        )
        assert unreached.ended_at - now >= 45 * DAY
        assert mails("unanswered") == [unreached.email]
        assert context("unanswered")["region_name"]

    def test_closed_it_is_counted_among_those_without_answer_and_watched_no_more(self, unreached, tick, now):
        for day in THE_DAYS:
            tick(now + day * DAY)

        assert list(Solicitation.objects.without_answer()) == [unreached]
        assert not Solicitation.objects.uncovered().exists()
        assert not Solicitation.objects.late(now=now + 46 * DAY).exists()
        assert not unreached.alerts.open().exists()

    def test_the_owners_page_says_how_it_ended(self, unreached, tick, now):
        for day in THE_DAYS:
            tick(now + day * DAY)

        shown = progress.of(Solicitation.objects.get(pk=unreached.pk))
        assert shown.is_over
        assert shown.ending == "Nous n'avons trouvé personne pour vous répondre : nous en sommes désolés."

    def test_its_company_is_asked_its_opinion_like_any_other(self, unreached, tick, now):
        for day in (*THE_DAYS, 57, 58):
            tick(now + day * DAY)

        assert mails("survey") == [unreached.email]

    def test_then_nothing_more_is_owed(self, unreached, tick, now):
        for day in (*THE_DAYS, 57, 58):
            tick(now + day * DAY)

        assert to_advance(now + 100 * DAY) == []


class TestMails:
    def test_what_is_told_is_true_of_a_need_that_nobody_has(self, unreached, live, now):
        live(now, days=7)

        for said in (last("where_things_stand").rendered().text, last("where_things_stand").rendered().html):
            assert "Aucun organisme n" in said
            assert "relancés" not in said
            assert "Voici qui a reçu" not in said

    def test_the_end_is_true_of_it_too(self, unreached, tick, now):
        for day in THE_DAYS:
            tick(now + day * DAY)

        mail = last("unanswered").rendered()
        assert "Nous n'avons trouvé personne" in mail.subject
        for said in (mail.text, mail.html):
            assert "trouvé aucun organisme" in said
            assert "relancé" not in said
            assert "vous répond encore" not in said

    def test_beside_a_need_that_waits_each_has_its_own_words(self, beside, live, tick, now):
        live(now, days=7)
        told = last("where_things_stand").rendered().text
        label = need(beside, "trouver-candidats").subject.label
        assert f"Pour « {label} », aucun organisme" in told
        assert "Voici qui a reçu" in told

        for day in (10, 11, 13, 14, 45, 48):
            tick(now + day * DAY)
        ended = last("unanswered").rendered().text
        assert f"Pour « {label} », nous n'avons trouvé aucun organisme" in ended
        assert "Nous avons relancé ceux" in ended


class TestBeside:
    """A need that reaches nobody beside one that somebody has."""

    @pytest.fixture
    def taken(self, beside, commit, now) -> Match:
        mine = match(beside, "facilitation@clauses")
        commit(expert_answers.move, mine, MatchState.TAKEN, by=mine.mailbox, now=now)
        return match(beside, "facilitation@clauses")

    def test_its_company_is_told_of_that_need_alone(self, beside, taken, live, now):
        live(now, days=9)

        assert mails("where_things_stand") == [beside.email]
        assert context("where_things_stand")["concerned"] == [need(beside, "trouver-candidats").subject.label]

    def test_what_was_said_of_it_was_not_said_of_the_other(self, beside, tick, now):
        Match.objects.update(sent_at=now + DAY)
        tick(now + 7 * DAY)
        assert context("where_things_stand")["offices"] == []

        tick(now + 8 * DAY + 2 * HOUR)
        assert len(mails("where_things_stand")) == 2
        assert context("where_things_stand")["unreached"] == []

    def test_a_taking_stops_what_was_to_be_said_of_its_own_need_alone(self, beside, commit, tick, now):
        tick(now + 7 * DAY)
        mine = match(beside, "facilitation@clauses")
        commit(expert_answers.move, mine, MatchState.TAKEN, by=mine.mailbox, now=now + 7 * DAY + MINUTE)

        row = OutgoingEmail.objects.pending().get(template__endswith="/where_things_stand")
        assert row.context["concerned"] == [need(beside, "trouver-candidats").subject.label]
        assert mine.expert.office.name not in row.rendered().text

    def test_the_request_ends_only_when_both_are_over(self, beside, taken, commit, tick, now):
        for day in THE_DAYS:
            tick(now + day * DAY)
        beside.refresh_from_db()
        assert need(beside, "trouver-candidats").state == NeedState.UNANSWERED
        assert (beside.state, beside.progress) == (RequestState.SUBMITTED, NeedState.IN_PROGRESS)
        assert not beside.alerts.open().filter(cause=AlertCause.NOBODY).exists()

        commit(expert_answers.move, taken, MatchState.HELPED, by=taken.mailbox, now=now + 50 * DAY)
        beside.refresh_from_db()
        assert (beside.state, beside.closed_reason) == (RequestState.CLOSED, ClosedReason.DONE)

    def test_the_other_over_first_waits_for_it(self, beside, taken, commit, tick, now):
        commit(expert_answers.move, taken, MatchState.HELPED, by=taken.mailbox, now=now + DAY)
        beside.refresh_from_db()
        assert beside.state == RequestState.SUBMITTED

        for day in THE_DAYS:
            tick(now + day * DAY)
        beside.refresh_from_db()
        assert (beside.state, beside.closed_reason) == (RequestState.CLOSED, ClosedReason.DONE)
        assert context("unanswered")["concerned"] == [need(beside, "trouver-candidats").subject.label]


class TestSomebodyAfterAll:
    def test_whom_the_rule_finds_on_the_tenth_day_is_mailed_and_the_company_hears_who(
        self, unreached, live, reopen, now
    ):
        live(now, days=9)
        reopen()

        live(now + 9 * DAY, days=1)

        found = Match.objects.with_people().first()
        assert (found.origin, found.sent_at) == (MatchOrigin.ROUTING, now + 10 * DAY)
        assert found.mailbox.email in mails("notified")
        assert mails("contacted") == [unreached.email]
        unreached.refresh_from_db()
        assert unreached.progress == NeedState.WAITING
        assert not unreached.alerts.open().exists()

    def test_their_days_are_counted_from_then(self, unreached, live, tick, reopen, now):
        live(now, days=9)
        reopen()
        live(now + 9 * DAY, days=7)
        assert len(mails("where_things_stand")) == 1

        tick(now + 17 * DAY)
        assert len(mails("where_things_stand")) == 2
        tick(now + 46 * DAY)
        unreached.refresh_from_db()
        assert unreached.state == RequestState.SUBMITTED

    def test_whom_staff_bring_in_too(self, unreached, admin, commit, tick, reopen, now):
        reopen()
        geiq = Institution.objects.get(code="GEIQ")
        asked = unreached.needs.get()
        commit(staff_actions.add_institution, asked, geiq, reason="", by=admin, now=now + 5 * DAY)

        tick(now + 7 * DAY)
        assert mails("where_things_stand") == []

        tick(now + 13 * DAY)
        assert mails("where_things_stand") == [unreached.email]
        assert context("where_things_stand")["unreached"] == []

    def test_brought_in_after_the_end_the_request_goes_on_again(
        self, unreached, admin, commit, tick, reopen, now
    ):
        for day in THE_DAYS:
            tick(now + day * DAY)
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

    def test_whom_staff_withdraw_leaves_it_with_days_of_its_own(self, alone, admin, commit, tick, now):
        mine = match(alone, "facilitation@clauses")
        commit(staff_actions.withdraw, mine, reason="Doublon", by=admin, now=now + 6 * DAY)
        Office.objects.update(closed_on=now.date())

        requests = Solicitation.objects.all()
        [told] = forecast.coming(requests, now=now + 8 * DAY, until=now + 14 * DAY, most=10)
        assert (told.step, told.at) == (Step.TELL_COMPANY, now + 13 * DAY)
        tick(now + 13 * DAY - MINUTE)
        assert mails("where_things_stand") == []

        for day in (13, 14, 16, 17, 20):
            tick(now + day * DAY)
        assert mails("where_things_stand") == [alone.email]
        for day in (49, 51, 52):
            tick(now + day * DAY)
        alone.refresh_from_db()
        mine.refresh_from_db()
        assert (alone.closed_reason, mine.state) == (ClosedReason.UNANSWERED, MatchState.WITHDRAWN)


class TestHours:
    def test_days_of_a_held_request_are_counted_from_its_release(self, closed, commit, admin, tick, now):
        request = commit(send, now=now)
        request.move_to(RequestState.HELD, at=now, reason=HeldReason.AUTOMATIC)
        request.save()
        tick(now + 8 * DAY)
        assert mails("where_things_stand") == []

        commit(staff_actions.release, request, by=admin, now=now + 9 * DAY)
        tick(now + 16 * DAY - MINUTE)
        assert mails("where_things_stand") == []
        tick(now + 16 * DAY)
        assert mails("where_things_stand") == [request.email]

    def test_never_at_night(self, unreached, tick, now):
        tick(now + 7 * DAY + 11 * HOUR)

        assert mails("where_things_stand") == []

    def test_after_an_outage_each_step_leaves_once_on_a_day_of_its_own(self, unreached, tick, now):
        back = now + 48 * DAY
        for at in (
            back,
            back + MINUTE,
            back + DAY,
            back + DAY + MINUTE,
            back + 2 * DAY,
            back + 2 * DAY + MINUTE,
        ):
            tick(at)

        events = unreached.events.filter(
            kind__in=[EventKind.COMPANY_TOLD, EventKind.WIDENED, EventKind.EXHAUSTED]
        )
        assert [(event.kind, event.at - back) for event in events.in_order()] == [
            (EventKind.COMPANY_TOLD, timedelta()),
            (EventKind.WIDENED, DAY),
            (EventKind.EXHAUSTED, 2 * DAY),
        ]
        assert len(mails("where_things_stand")) == len(mails("unanswered")) == 1

    @pytest.mark.parametrize("how", ["cancelled", "closed", "held"])
    def test_a_cancel_a_close_or_a_hold_stops_all(self, unreached, admin, commit, tick, how, now):
        if how == "cancelled":
            commit(company_requests.cancel, unreached, now=now + DAY)
        elif how == "closed":
            commit(staff_actions.close, unreached, words="Réglé.", by=admin, now=now + DAY)
        else:
            with transaction.atomic():
                holding.hold(unreached, HeldReason.AUTOMATIC, now=now + DAY)
                unreached.save()
        before = OutgoingEmail.objects.count()

        for day in THE_DAYS:
            tick(now + day * DAY)

        assert OutgoingEmail.objects.count() == before
        assert done(unreached) == []


class TestSaidBeforehand:
    def test_the_days_to_come_are_those_that_come(self, unreached, tick, now):
        requests = Solicitation.objects.all()
        found = forecast.coming(requests, now=now, until=now + 50 * DAY, most=10)

        assert [(leaving.step, leaving.to) for leaving in found] == [
            (Step.TELL_COMPANY, (unreached.email,)),
            (Step.WIDEN, ()),
            (Step.EXPIRE, (unreached.email,)),
        ]
        for leaving in found:
            tick(leaving.at - MINUTE)
            assert len(mails(leaving.step.value)) == 0
            tick(leaving.at)
            assert tuple(mails(leaving.step.value)) == leaving.to

    def test_whom_the_rule_would_find_is_named_and_the_company_that_hears_of_it(
        self, unreached, reopen, tick, now
    ):
        tick(now + 7 * DAY)
        reopen()

        [leaving] = forecast.leaving_now(now=now + 10 * DAY)
        tick(now + 10 * DAY)

        assert leaving.step == Step.WIDEN
        assert sorted(leaving.to) == sorted(mails("notified") + mails("contacted"))

    def test_the_command_says_it_and_does_it(self, unreached, commit):
        [line] = clock("2026-12-08T10:00", "--dry-run")
        commit(clock, "2026-12-08T10:00")

        assert line[1:] == [
            "where_things_stand",
            unreached.email,
            unreached.reference,
            "Personne à qui la transmettre depuis 7 jours",
        ]
        assert mails("where_things_stand") == [unreached.email]


def test_what_is_told_or_not_due_is_not_looked_at(unreached, tick, now):
    chosen = []
    tick(now)  # each change is looked at once
    for day in (1, 6, 7, 8, 9, 10, 11, 14, 40):
        if Solicitation.objects.clock_due(now=now + day * DAY).exists():
            chosen.append(day)
        tick(now + day * DAY)

    assert chosen == [7, 10]
