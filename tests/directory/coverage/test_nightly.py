"""Nightly comparison of coverage: one mail for what got worse, with the change that did it."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from directory.coverage import nightly
from directory.models import CoverageNight
from directory.region_health import region_health
from experts.models import Office, Subject
from mailing.models import OutgoingEmail
from mailing.rendering import render
from territories.models import Region
from tests.experts.factories import RegionalFactory
from tests.experts.routing.directory_rows import make_expert, make_office
from tests.solicitations.factories import send

NIGHT = datetime(2026, 12, 1, 4, 30, tzinfo=ZoneInfo("Europe/Paris"))
DAY = timedelta(days=1)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.demo_directory]


@pytest.fixture
def office(db):
    Office.objects.all().delete()
    Subject.objects.exclude(slug="trouver-candidats").update(dropped_at=NIGHT)
    RegionalFactory(email="admin27@example.org", region=Region.objects.get(pk="27"))
    RegionalFactory(email="admin84@example.org", region=Region.objects.get(pk="84"))
    office = make_office("AGENCE", "department:21", region_id="27")
    make_expert(office, "a")
    return office


def mails() -> list[OutgoingEmail]:
    return list(OutgoingEmail.objects.filter(template="directory/emails/coverage_losses").order_by("pk"))


def test_the_first_night_is_kept_and_mails_nothing(office):
    nightly.count_region("27", now=NIGHT)

    assert mails() == []
    assert len(CoverageNight.objects.get(region="27").uncovered["trouver-candidats"]) == 2987


def test_what_got_worse_is_mailed_once_with_the_change_that_did_it(office):
    nightly.count_region("27", now=NIGHT)
    Office.objects.filter(pk=office.pk).update(closed_on=(NIGHT + DAY).date())

    for hours in (0, 1):
        nightly.count_region("27", now=NIGHT + DAY + timedelta(hours=hours))
    nightly.count_region("27", now=NIGHT + 2 * DAY)

    night = CoverageNight.objects.get(region="27")
    assert {day: len(codes) for day, codes in night.openings["trouver-candidats"].items()} == {
        "2026-12-02": 698
    }
    Office.objects.filter(pk=office.pk).update(closed_on=None)
    nightly.count_region("27", now=NIGHT + 5 * DAY)
    health = region_health(Region.objects.get(pk="27"), now=NIGHT + 5 * DAY)
    assert (health.holes, health.hole_days, health.people) == (2987, 4, 1)
    (mail,) = mails()
    assert mail.to == "admin27@example.org"
    assert mail.not_before.astimezone(ZoneInfo("Europe/Paris")).hour == 8
    text = render(mail.template, mail.context).text
    assert "plus de réponse dans 698 communes" in text
    assert "Antenne AGENCE : fermée depuis le mercredi 2" in text


def test_nights_that_were_missed_are_caught_up(office):
    nightly.count_region("27", now=NIGHT)
    Office.objects.filter(pk=office.pk).update(agreement_ends_on=(NIGHT + 2 * DAY).date())

    for night in (4, 5):  # three were missed
        nightly.count_region("27", now=NIGHT + night * DAY)

    (mail,) = mails()
    assert mail.context["since"] == "01/12/2026"
    assert "convention finie le jeudi 3" in mail.context["losses"][0]["causes"][0]


def test_an_answer_that_becomes_weak_is_reported_and_better_ones_are_not(office):
    nightly.count_region("27", now=NIGHT)
    Office.objects.filter(pk=office.pk).update(craft="only")
    make_expert(make_office("ML", "department:71", institution="ML", region_id="27"), "b")

    nightly.count_region("27", now=NIGHT + DAY)

    (loss,) = mails()[0].context["losses"]
    assert (loss["is_weakened"], loss["count"]) == (True, 698)


def test_an_answer_that_hangs_on_the_silent_is_reported_with_their_names(office, db):
    expert = office.experts.get()
    for days in (9, 8, 6):
        send(siret="", email=f"{days}@firme.example.org", now=NIGHT - days * DAY)  # never answered
    nightly.count_region("27", now=NIGHT)
    assert mails() == []

    nightly.count_region("27", now=NIGHT + 3 * DAY)

    (loss,) = mails()[0].context["losses"]
    assert (loss["is_weakened"], loss["count"]) == (True, 698)
    assert loss["causes"] == [
        f"{expert.name} (Antenne AGENCE) : aucune réponse à ses trois dernières demandes"
    ]
