"""The week's summary of managers and regional admins."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from directory import weekly_summary
from experts.models import Seat, User
from experts.models.mail_preferences import MailChoice
from mailing.models import OutgoingEmail
from solicitations.actions import mail_choice
from territories.models import Region
from tests.experts.factories import RegionalFactory
from tests.solicitations.factories import match, send

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]
PARIS = ZoneInfo("Europe/Paris")
MONDAY = datetime(2026, 12, 7, 8, 5, tzinfo=PARIS)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def admin():
    return RegionalFactory(region=Region.objects.get(code="27"))


def summaries(to):
    rows = OutgoingEmail.objects.filter(template="directory/emails/weekly_summary", to__iexact=to)
    return list(rows.order_by("pk"))


def test_managers_and_admins_are_told_once_of_the_week(commit, admin, now):
    office = match(commit(send, now=now), "recrutement@france-travail").expert.office
    manager = User.objects.create_user("responsable@example.org", name="Mme X")
    Seat.objects.create(user=manager, office=office, given_at=now)

    for _ in range(2):
        commit(weekly_summary.send, "27", now=MONDAY)

    [mail] = summaries(office.email)
    assert mail.context["sections"] == [
        {
            "name": office.name,
            "lines": [
                ["Besoins reçus cette semaine", 1],
                ["Sans réponse depuis plus de sept jours", 0],
                ["Pris en charge, à conclure", 0],
            ],
        }
    ]
    assert [len(summaries(to)) for to in (manager.email, admin.email)] == [1, 1]
    assert (
        dict(summaries(admin.email)[0].context["sections"][0]["lines"])["Demandes reçues cette semaine"] == 1
    )


def test_nothing_is_written_when_nothing_happened(commit, admin):
    commit(weekly_summary.send, "27", now=MONDAY)

    assert not OutgoingEmail.objects.exists()


def test_what_is_late_is_told_again_the_next_week(commit, admin, now):
    sent = commit(send, now=now)
    office = match(sent, "recrutement@france-travail").expert.office
    commit(weekly_summary.send, "27", now=MONDAY)
    commit(weekly_summary.send, "27", now=MONDAY + 7 * DAY)

    lines = dict(summaries(office.email)[-1].context["sections"][0]["lines"])
    assert lines["Sans réponse depuis plus de sept jours"] == 1


@pytest.mark.parametrize(
    ("sent_at", "summed_at"),
    [
        (MONDAY + HOUR, [MONDAY, MONDAY + 7 * DAY, MONDAY + 14 * DAY]),
        (MONDAY + HOUR, [MONDAY, MONDAY + 8 * DAY, MONDAY + 14 * DAY]),
        (MONDAY + 7 * DAY + HOUR, [MONDAY, MONDAY + 8 * DAY, MONDAY + 14 * DAY]),
    ],
    ids=["on Mondays", "a week after a day of rest", "the day before a late summary"],
)
def test_what_was_received_is_in_one_summary_alone(commit, admin, sent_at, summed_at):
    first, *others = summed_at
    commit(weekly_summary.send, "27", now=first)
    office = match(commit(send, now=sent_at), "recrutement@france-travail").expert.office

    for at in others:
        commit(weekly_summary.send, "27", now=at.astimezone(UTC))

    for to, label in (
        (office.email, "Besoins reçus cette semaine"),
        (admin.email, "Demandes reçues cette semaine"),
    ):
        lines = [dict(mail.context["sections"][0]["lines"]) for mail in summaries(to)]
        assert sum(each[label] for each in lines) == 1


def test_who_asked_for_new_needs_only_is_not_written_to(commit, admin, now):
    office = match(commit(send, now=now), "recrutement@france-travail").expert.office
    for to in (office.email, admin.email):
        commit(mail_choice.choose, to.upper(), MailChoice.NEEDS, now=now)

    commit(weekly_summary.send, "27", now=MONDAY)

    assert summaries(office.email) == []
    [mail] = summaries(admin.email)
    assert mail.context["week"] == "30/11/2026"


@pytest.mark.parametrize(
    ("at", "is_due"),
    [
        (MONDAY, True),
        (MONDAY - HOUR, False),
        (MONDAY + 12 * HOUR, False),
        (MONDAY + DAY, True),
        (MONDAY - DAY, False),
        (datetime(2027, 3, 29, 9, tzinfo=PARIS), False),
        (datetime(2027, 3, 30, 9, tzinfo=PARIS), True),
    ],
    ids=[
        "Monday at eight",
        "seven",
        "evening",
        "after an outage",
        "Sunday",
        "Easter Monday",
        "the day after",
    ],
)
def test_it_leaves_in_the_first_working_hour_of_the_week(at, is_due):
    assert ("27" in weekly_summary.places_due(now=at)) == is_due


def test_the_hour_is_that_of_the_place():
    assert "04" in weekly_summary.places_due(now=MONDAY - 3 * HOUR)
