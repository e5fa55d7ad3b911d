"""Absent experts: their waiting needs are offered once to the colleagues that stand in for them."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experts.models import Absence, Expert
from mailing.models import OutgoingEmail
from solicitations import tasks
from solicitations.actions import expert_answers
from solicitations.clock import plan
from solicitations.clock.steps import Step
from solicitations.lifecycle import EventKind, MatchState
from solicitations.models import Event, Match, Solicitation
from tests.experts.factories import ExpertFactory
from tests.solicitations.factories import match, send

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory, pytest.mark.usefixtures("first_request")]

DAY = timedelta(days=1)


@pytest.fixture
def sent(sent_once) -> Solicitation:
    return sent_once


@pytest.fixture
def expert_match(sent) -> Match:
    return match(sent, "recrutement@france-travail")


@pytest.fixture
def deputy(expert_match) -> Expert:
    return ExpertFactory(office=expert_match.expert.office, email="suppleant@example.org", name="Sacha Petit")


def away(expert, now, *, days=7, deputy=None):
    return Absence.objects.create(
        expert=expert, from_on=now.date(), to_on=now.date() + days * DAY, deputy=deputy
    )


def notified(expert) -> list[OutgoingEmail]:
    return list(OutgoingEmail.objects.filter(to=expert.email, template__endswith="/notified"))


def test_what_waits_is_offered_at_once_to_the_deputy_who_reads_why(expert_match, deputy, commit, now):
    away(expert_match.expert, now, deputy=deputy)

    commit(tasks.offer_to_stand_ins, now=now)

    offered = Match.objects.get(need=expert_match.need, expert=deputy)
    assert offered.state == MatchState.SENT
    [mail] = notified(deputy)
    assert "absent" in " ".join(mail.context["why"])
    expert_match.refresh_from_db()
    assert expert_match.state == MatchState.SENT, "she may still answer"


def test_it_is_offered_once(expert_match, deputy, commit, now):
    away(expert_match.expert, now, deputy=deputy)
    commit(tasks.offer_to_stand_ins, now=now)
    deputys_match = Match.objects.with_people().get(need=expert_match.need, expert=deputy)
    commit(
        expert_answers.move,
        deputys_match,
        MatchState.DECLINED,
        by=deputys_match.mailbox,
        decline_reason="other",
        now=now,
    )
    Absence.objects.all().delete()
    away(expert_match.expert, now, deputy=None)

    commit(tasks.offer_to_stand_ins, now=now + DAY)

    assert len(notified(deputy)) == 1
    assert Match.objects.filter(need=expert_match.need).count() == 5


def test_an_absence_to_come_offers_nothing_before_its_first_day(expert_match, deputy, commit, now):
    Absence.objects.create(
        expert=expert_match.expert, from_on=now.date() + DAY, to_on=now.date() + 3 * DAY, deputy=deputy
    )
    commit(tasks.offer_to_stand_ins, now=now)
    assert not notified(deputy)

    commit(tasks.offer_to_stand_ins, now=now + DAY)

    assert len(notified(deputy)) == 1


@pytest.mark.parametrize(
    ("commune", "zone"), [("97209", "America/Martinique"), ("97411", "Indian/Reunion")], ids=["west", "east"]
)
def test_days_away_are_those_of_the_company_from_the_first_hour(commit, now, commune, zone):
    overseas = commit(send, now=now, commune=commune, siret="", email="autre@example.org")
    expert_match = Match.objects.sent().filter(need__solicitation=overseas).with_people().first()
    deputy = ExpertFactory(office=expert_match.expert.office, has_all_subjects=False)
    day = now.date() + 2 * DAY
    Absence.objects.create(expert=expert_match.expert, from_on=day, to_on=day, deputy=deputy)
    midnight = datetime.combine(day, time(), tzinfo=ZoneInfo(zone))

    commit(tasks.offer_to_stand_ins, now=midnight - timedelta(minutes=1))
    assert not notified(deputy)

    commit(tasks.offer_to_stand_ins, now=midnight)
    assert len(notified(deputy)) == 1


def test_a_deputy_who_is_away_too_is_asked_once_back(expert_match, deputy, commit, now):
    Expert.objects.filter(office=expert_match.expert.office).exclude(
        pk__in=[expert_match.expert_id, deputy.pk]
    ).update(is_paused=True)
    away(expert_match.expert, now, deputy=deputy)
    away(deputy, now, days=1)
    commit(tasks.offer_to_stand_ins, now=now)
    assert not notified(deputy)

    for day in (2, 3, 4):
        commit(tasks.offer_to_stand_ins, now=now + day * DAY)

    assert len(notified(deputy)) == 1


def test_what_she_took_stays_hers(expert_match, deputy, commit, now):
    commit(expert_answers.move, expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=now)
    away(expert_match.expert, now, deputy=deputy)

    commit(tasks.offer_to_stand_ins, now=now)

    assert not notified(deputy)


class TestReminders:
    """Reminders of somebody away: none before her return, and nothing else waits for it."""

    def test_who_stands_in_is_reminded_who_is_away_is_not_and_the_manager_is_told_on_time(
        self, expert_match, deputy, commit, now
    ):
        away(expert_match.expert, now, days=20, deputy=deputy)
        commit(tasks.offer_to_stand_ins, now=now)

        for day in (3, 7, 10, 15):
            commit(tasks.run_clock, now=now + day * DAY)

        reminded = OutgoingEmail.objects.filter(template__endswith="/reminders")
        assert not reminded.filter(to=expert_match.expert.email).exists()
        assert reminded.filter(to=deputy.email).exists()
        event = Event.objects.get(match=expert_match, kind=EventKind.MANAGER_TOLD)
        assert event.at == now + 10 * DAY

        commit(tasks.run_clock, now=now + 21 * DAY)
        assert reminded.filter(to=expert_match.expert.email).exists()

    @pytest.mark.parametrize("state", [MatchState.SENT, MatchState.TAKEN], ids=str)
    def test_whatever_the_days_away_only_reminders_wait(self, expert_match, commit, now, state):
        if state == MatchState.TAKEN:
            commit(expert_answers.move, expert_match, state, by=expert_match.mailbox, now=now)
        [request] = plan.load([expert_match.need.solicitation_id])
        [need] = [need for need in request.needs.all() if need.pk == expert_match.need_id]
        [row] = [row for row in need.matches.all() if row.pk == expert_match.pk]
        time_zone = request.time_zone

        def steps(absences, at):
            row.expert._prefetched_objects_cache["absences"] = absences  # noqa: SLF001 (read, not stored)
            found = [step for step in plan.plan(request, now=at) if step.match is row]
            return {step.step: step for step in found if step.step != Step.REMIND}, [
                step for step in found if step.step == Step.REMIND
            ]

        @given(st.lists(st.tuples(st.integers(-5, 100), st.integers(0, 60)), max_size=3), st.integers(0, 100))
        def check(periods, day):
            start, at = now.date(), now + day * DAY
            absences = [
                Absence(from_on=start + first * DAY, to_on=start + (first + length) * DAY)
                for first, length in periods
            ]
            usual, _ = steps([], at)
            others, reminders = steps(absences, at)

            assert others.keys() == usual.keys()
            assert all(others[kind].runs_at <= usual[kind].runs_at for kind in usual)
            assert any(step.is_next for step in (*others.values(), *reminders))
            for step in reminders:
                on = step.runs_at.astimezone(time_zone).date()
                assert not any(absence.from_on <= on <= absence.to_on for absence in absences)

        check()
