"""No mail at night, on week-ends or public holidays, in the time zone of the territory."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from mailing.models import OutgoingEmail
from solicitations.clock import plan
from solicitations.clock.steps import Step
from solicitations.models import Event
from tests.solicitations.clock.clock_rows import recipients
from tests.solicitations.factories import send

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db]
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
PARIS = ZoneInfo("Europe/Paris")

# Commune, its time zone, when the request is sent there, and when the first reminder is sent.
MORNINGS = {
    "within working hours, at once": ("21317", "Europe/Paris", "2026-12-01T10:00", "2026-12-04T10:00"),
    "before eight, at eight": ("21317", "Europe/Paris", "2026-12-01T06:30", "2026-12-04T08:00"),
    "at seven in the evening, the next morning": (
        "21317", "Europe/Paris", "2026-11-30T19:00", "2026-12-04T08:00",
    ),
    "a minute before seven, at once": ("21317", "Europe/Paris", "2026-12-01T18:59", "2026-12-04T18:59"),
    "on Saturday, on Monday": ("21317", "Europe/Paris", "2026-12-02T10:00", "2026-12-07T08:00"),
    "Christmas on a Friday, on Monday": ("21317", "Europe/Paris", "2026-12-22T10:00", "2026-12-28T08:00"),
    "Réunion has its own clock": ("97411", "Indian/Reunion", "2026-12-01T10:00", "2026-12-04T10:00"),
    "evening in Réunion, afternoon in Paris": (
        "97411", "Indian/Reunion", "2026-11-30T19:30", "2026-12-04T08:00",
    ),
    "the abolition of slavery, 20 December, in Réunion": (
        "97411", "Indian/Reunion", "2027-12-17T10:00", "2027-12-21T08:00",
    ),
    "27 May is a holiday in Guadeloupe": (
        "97105", "America/Guadeloupe", "2027-05-24T10:00", "2027-05-28T08:00",
    ),
    "27 May is a working day in Dijon": ("21317", "Europe/Paris", "2027-05-24T10:00", "2027-05-27T10:00"),
    "Good Friday in Alsace, then Easter": ("67482", "Europe/Paris", "2027-03-23T10:00", "2027-03-30T08:00"),
    "Good Friday in Dijon is a working day": (
        "21317", "Europe/Paris", "2027-03-23T10:00", "2027-03-26T10:00",
    ),
    "clocks go forward on Sunday": ("21317", "Europe/Paris", "2027-03-25T10:00", "2027-03-30T08:00"),
    "clocks go back on Sunday": ("21317", "Europe/Paris", "2026-10-22T09:30", "2026-10-26T08:00"),
    "Tahiti, the day before": ("98735", "Pacific/Tahiti", "2026-12-01T10:00", "2026-12-04T10:00"),
}  # fmt: skip


@pytest.mark.parametrize(("commune", "time_zone", "sent", "reminded"), MORNINGS.values(), ids=MORNINGS)
def test_a_reminder_waits_for_working_time_in_the_territory(
    commit, sweep, commune, time_zone, sent, reminded
):
    at = datetime.fromisoformat(sent).replace(tzinfo=ZoneInfo(time_zone))
    expected = datetime.fromisoformat(reminded).replace(tzinfo=ZoneInfo(time_zone))
    commit(send, commune=commune, siret="", now=at)

    sweep(expected - MINUTE)
    assert recipients("reminders") == []

    sweep(expected)
    assert len(recipients("reminders")) > 0


def test_the_sweep_acts_at_the_planned_moment(commit, sweep, now):
    request = commit(send, commune="97411", siret="", now=now)
    [loaded] = plan.load([request.pk])
    first = plan.plan(loaded, now=now)[0]

    sweep(first.runs_at - MINUTE)
    assert not Event.objects.filter(kind="reminded").exists()

    sweep(first.runs_at)
    assert Event.objects.get(kind="reminded").at == first.runs_at


class TestClockChange:
    """Sweeps every half hour around the change to or from summer time."""

    @pytest.mark.parametrize("sunday", ["2026-03-29", "2026-10-25"], ids=["forward", "back"])
    def test_a_reminder_is_sent_once(self, commit, sweep, sunday):
        change = datetime.fromisoformat(sunday).replace(tzinfo=PARIS)
        sent_at = change - 3 * DAY + HOUR  # the third day falls in the night of the change
        commit(send, "clause-insertion", commune="21166", siret="", now=sent_at)

        for half in range(-4, 16):
            sweep(change + half * HOUR / 2)
        assert recipients("reminders") == []

        for half in range(14, 20):
            sweep(datetime.combine(change.date() + DAY, change.time(), tzinfo=PARIS) + half * HOUR / 2)
        assert len(recipients("reminders")) == 1


class TestOneMailboxInSeveralTimeZones:
    """The national team answers for Strasbourg and Tahiti: one mail a day, and both are reminded."""

    @pytest.fixture
    def both(self, commit, now):
        strasbourg = commit(send, commune="67482", siret="", now=now)
        tahiti = commit(send, commune="98735", siret="", email="autre@example.org", now=now + MINUTE)
        return strasbourg, tahiti

    def test_one_mail_a_day_and_each_is_reminded_in_its_own_hours(self, both, sweep, now):
        for hour in range(3 * 24, 8 * 24):
            sweep(now + hour * HOUR)

        rows = OutgoingEmail.objects.filter(template__endswith="/reminders")
        days = [row.key.rpartition(":")[2] for row in rows]
        assert len(days) == len(set(days))
        for request in both:
            [first, *_] = Event.objects.filter(solicitation=request, kind="reminded").in_order()
            local = first.at.astimezone(request.time_zone)
            assert 8 <= local.hour < 19
            assert first.at - now < 7 * DAY


def test_only_the_first_step_of_a_sequence_is_next(commit, now):
    request = commit(send, "clause-insertion", commune="21166", siret="", now=now)
    [loaded] = plan.load([request.pk])

    steps = plan.plan(loaded, now=now)

    assert [(step.step, step.is_next) for step in steps if step.match] == [
        (Step.REMIND, True),
        (Step.REMIND, False),
        (Step.TELL_COMPANY, True),
        (Step.TELL_MANAGER, False),
        (Step.WIDEN, True),
        (Step.TELL_REGION, True),
        (Step.EXPIRE, False),
    ]
