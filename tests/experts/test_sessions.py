"""Sessions: they end when idle or after a day of work, their owner lists and closes them; the access log."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from experts.accounts import retention, sessions
from experts.models import AccessRecord, AccountSession, Invitation, Seat
from tests.experts.factories import (
    ExpertFactory,
    NationalFactory,
    OfficeFactory,
    PersonFactory,
    RegionalFactory,
    signed_in,
)
from tests.experts.test_sign_in import LOGIN, sign_in

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)
PAGE, OWN = "/contact/", "/connexion/securite/acces/"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0"


def expert_signed_in(**headers) -> Client:
    client = Client(headers=headers)
    sign_in(client, "marie@example.org")
    return client


@pytest.mark.parametrize("who", ["manager", "regional", "national", "expert"])
def test_half_an_hour_without_a_page_ends_the_session_of_staff_and_managers(who):
    expert = ExpertFactory(email="marie@example.org")
    users = {
        "manager": lambda: (
            Seat.objects.create(
                user=PersonFactory(), office=expert.office, given_at=NOW - timedelta(days=1)
            ).user
        ),
        "regional": RegionalFactory,
        "national": NationalFactory,
        "expert": lambda: PersonFactory(email="marie@example.org"),
    }
    with time_machine.travel(NOW, tick=False) as clock:
        client = signed_in(users[who]())
        for minutes in (0, 29, 29):
            clock.shift(timedelta(minutes=minutes))
            assert client.get(PAGE).status_code == 200
        clock.shift(timedelta(minutes=31))

        answer = client.get(PAGE)

    assert answer.status_code == (200 if who == "expert" else 302)
    assert who == "expert" or answer.url == f"{LOGIN}?next={PAGE}"


def test_own_sessions_are_listed_and_closed_those_of_others_are_not():
    ExpertFactory(email="marie@example.org")
    here, there = expert_signed_in(), expert_signed_in(User_Agent=FIREFOX)
    other = AccountSession.objects.create(user=PersonFactory(), session_key="x", opened_at=NOW)
    row = AccountSession.objects.get(session_key=there.session.session_key)

    page = here.get(OWN).content.decode()
    assert "Firefox sur Windows" in page
    assert page.count("(celle-ci)") == 1
    assert here.post(f"/connexion/securite/sessions/{other.pk}/fermer/").status_code == 404
    here.post(f"/connexion/securite/sessions/{row.pk}/fermer/")

    assert there.get(OWN).url.startswith(LOGIN)
    assert here.get(OWN).status_code == 200


def test_all_other_sessions_are_closed_at_once():
    ExpertFactory(email="marie@example.org")
    here, there = expert_signed_in(), expert_signed_in()

    here.post(reverse("close_other_sessions"))

    assert here.get(OWN).status_code == 200
    assert there.get(OWN).status_code == 302


def test_log_keeps_sign_ins_failures_and_exports_for_oneself_and_the_national_team(client):
    ExpertFactory(email="marie@example.org")
    client.post(LOGIN, {"email": "marie@example.org"})
    client.post("/connexion/code/", {"code": "BBBB-BBBB"})
    expert_client = expert_signed_in()
    client.post(LOGIN, {"email": "marie@example.org"})
    client.post("/connexion/code/", {"code": "BBBB-BBBB"})
    national = NationalFactory()
    team = signed_in(national)
    team.get("/demandes/export.csv")

    page, log = expert_client.get(OWN).content.decode(), team.get("/equipe/journal/").content.decode()

    assert "Connexion" in page
    assert "Code de connexion refusé" in page
    assert national.email not in page
    assert "marie@example.org" in log
    assert "demandes-" in log
    found = team.get("/equipe/journal/?q=MARIE").content.decode()
    assert "demandes-" not in found
    for user in (RegionalFactory(), PersonFactory(email=ExpertFactory().email)):
        assert signed_in(user).get("/equipe/journal/").status_code == 404


def test_a_wrong_second_factor_is_logged(client):
    user = NationalFactory()
    signed_in(user)
    client.post(LOGIN, {"email": user.email})
    sign_in(client, user.email)

    client.post("/connexion/second-facteur/", {"code": "000000"})

    assert user.access_records.get().kind == AccessRecord.Kind.FACTOR_REFUSED


def test_old_lines_old_invitations_and_ended_sessions_are_erased():
    user, now = PersonFactory(), timezone.now()
    offer = {"office": OfficeFactory(), "invited_by": user, "sent_at": now}
    for days in (1, 400):
        at = now - timedelta(days=days)
        AccessRecord.objects.create(user=user, kind=AccessRecord.Kind.SIGNED_IN, at=at)
        Invitation.objects.create(email=f"{days}@example.org", name="x", expires_at=at, **offer)
        AccountSession.objects.create(user=user, session_key=str(days), opened_at=at)

    retention.erase(now=now)

    assert AccessRecord.objects.count() == 1
    assert [one.email for one in Invitation.objects.all()] == ["1@example.org"]
    assert not AccountSession.objects.exists()


@pytest.mark.parametrize(
    ("agent", "text"), [(FIREFOX, "Firefox sur Windows"), ("", "Navigateur"), ("x" * 5000, "Navigateur")]
)
def test_device_in_words(agent, text):
    assert sessions.device_of(agent) == text


def test_a_session_opened_by_a_code_ends_after_twelve_hours_however_busy(client):
    ExpertFactory(email="marie@example.org")
    opened_at = datetime(2026, 12, 1, 7, tzinfo=UTC)
    with time_machine.travel(opened_at, tick=False):
        sign_in(client, "marie@example.org")
    answers = []

    for passed in (*(timedelta(minutes=20 * count) for count in range(37)), timedelta(hours=12, seconds=1)):
        with time_machine.travel(opened_at + passed, tick=False):
            answers.append(client.get("/besoins/").status_code)

    assert (set(answers[:-1]), answers[-1]) == ({200}, 302)
