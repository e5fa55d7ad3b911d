"""A request that repeats another one: its company is told where the first is, staff are mailed each day."""

from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pytest
import time_machine

from experts.models import User
from mailing.models import OutgoingEmail
from solicitations import links, tasks
from solicitations.actions import company_requests, staff_actions
from solicitations.dispatch import holding
from solicitations.lifecycle import RequestState
from solicitations.models import Solicitation
from tests.owners.visitor import text_of
from tests.solicitations.factories import send

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]


@pytest.fixture
def first(commit, now) -> Solicitation:
    return commit(send, now=now)


@pytest.fixture
def again(commit, first, now) -> Solicitation:
    """The same company asks the same, from the same mailbox: held as a duplicate, on a Tuesday at noon."""
    held = sent_at(commit, now + timedelta(hours=2), email=first.email.upper())
    assert held.state == RequestState.HELD
    return held


@pytest.fixture
def stranger_s(commit, first, now) -> Solicitation:
    """The same company, from another mailbox."""
    return sent_at(commit, now + timedelta(hours=2), email="autre@example.org")


@pytest.fixture
def sweep(commit):
    def swept(at: datetime) -> None:
        with time_machine.travel(at, tick=False):
            commit(tasks.sweep)

    return swept


def sent_at(commit, at: datetime, **columns) -> Solicitation:
    """A request, and what a worker does of it when it is held."""
    request = commit(send, now=at, **columns)
    commit(holding.report_held, request.pk, now=at)
    return request


def acknowledgement(solicitation: Solicitation) -> str:
    return OutgoingEmail.objects.get(key=f"received:{solicitation.pk}").rendered().text


def alerts_about(solicitation: Solicitation) -> list[OutgoingEmail]:
    mails = OutgoingEmail.objects.filter(template__endswith="/alert").about(f"request:{solicitation.pk}")
    return list(mails.order_by("pk"))


class TestTheCompany:
    @pytest.mark.parametrize(
        "spelling",
        [str, str.upper, str.title],
        ids=["the same", "capitals", "some capitals"],
    )
    def test_the_same_address_however_it_is_typed_is_told(self, commit, client, first, now, spelling):
        held = sent_at(commit, now + timedelta(days=6), email=spelling(first.email))
        mailed = links.mailed_follow_url(held).removeprefix(links.absolute(""))

        assert links.follow_url(first) in acknowledgement(held)
        for days in (6, 9, 40):
            with time_machine.travel(now + timedelta(days=days, hours=1), tick=False):
                assert "Bientôt transmise" not in text_of(client.get(mailed))

    @pytest.mark.parametrize(
        "email", ["autre@example.org", "contact@peintures.example.com", "x.contact@peintures.example.org"]
    )
    def test_another_address_near_it_is_told_nothing(self, commit, client, first, now, email):
        held = sent_at(commit, now + timedelta(hours=2), email=email)
        mailed = links.mailed_follow_url(held).removeprefix(links.absolute(""))

        assert held.state == RequestState.HELD
        assert first.reference not in acknowledgement(held) + text_of(client.get(mailed))

    def test_its_mail_says_that_a_request_is_under_way_with_its_link(self, again, first):
        text = acknowledgement(again)

        assert f"Vous avez déjà une demande en cours sur ce sujet : {first.reference}." in text
        assert links.follow_url(first) in text
        assert "Nous la transmettons" not in text

    def test_its_page_opened_from_the_mail_says_it_instead_of_soon(self, client, again, first):
        mailed = links.mailed_follow_url(again).removeprefix(links.absolute(""))

        text = text_of(client.get(mailed))

        assert "Vous avez déjà une demande en cours sur ce sujet" in text
        assert f"Voir où en est la première, {first.reference}" in text
        assert "Bientôt transmise" not in text

    def test_a_first_request_that_is_over_is_reported_to_be_over(self, client, commit, again, first, now):
        admin = User.objects.create_user("nationale@equipe.example.org", role="national")
        commit(staff_actions.close, first, message="Réglé au téléphone.", by=admin, now=now)
        mailed = links.mailed_follow_url(again).removeprefix(links.absolute(""))

        text = text_of(client.get(mailed))

        assert "Vous aviez déjà une demande sur ce sujet" in text
        assert "en cours sur ce sujet" not in text

    def test_another_mailbox_learns_nothing(self, stranger_s, first):
        text = acknowledgement(stranger_s)

        assert first.reference not in text
        assert "déjà" not in text
        assert "Nous la transmettons" in text

    def test_after_a_day_every_page_still_waiting_says_what_to_do(self, client, again, stranger_s, now):
        for held in (again, stranger_s):
            path = urlsplit(links.follow_url(held)).path
            with time_machine.travel(now + timedelta(hours=3), tick=False):
                assert "plus de temps que prévu" not in text_of(client.get(path))
            with time_machine.travel(now + timedelta(days=2), tick=False):
                text = text_of(client.get(path))
                assert "plus de temps que prévu" in text
                assert "Bientôt transmise" not in text


class TestStaff:
    def test_are_mailed_again_each_working_day(self, again, sweep, now):
        assert len(alerts_about(again)) == 1

        for day in range(1, 8):  # from Wednesday to the next Tuesday
            for hour in (0, 3, 6):
                sweep(now + timedelta(days=day, hours=hour))

        assert [row.created_at.day for row in alerts_about(again)] == [1, 2, 3, 4, 7, 8]

    def test_not_again_the_same_day(self, again, sweep, now):
        sweep(now + timedelta(hours=8, minutes=59))

        assert len(alerts_about(again)) == 1

    def test_not_before_the_morning(self, again, sweep, now):
        sweep(now + timedelta(hours=21, minutes=59))
        assert len(alerts_about(again)) == 1

        sweep(now + timedelta(hours=22))
        assert len(alerts_about(again)) == 2

    def test_the_mail_says_since_when(self, again, sweep, now):
        sweep(now + timedelta(days=1))

        assert (
            "Elle attend toujours, depuis mardi 1er\u00a0décembre." in alerts_about(again)[-1].rendered().text
        )

    @pytest.mark.parametrize("end", ["merge", "release", "cancel"])
    def test_no_more_once_it_is_dealt_with(self, commit, again, sweep, now, end):
        admin = User.objects.create_user("nationale@equipe.example.org", role="national")
        if end == "cancel":
            commit(company_requests.cancel, again, now=now + timedelta(hours=3))
        else:
            commit(getattr(staff_actions, end), again, by=admin, now=now + timedelta(hours=3))
        before = len(alerts_about(again))

        sweep(now + timedelta(days=1))

        assert len(alerts_about(again)) == before

    def test_not_for_a_request_that_is_released_by_itself(self, commit, sweep, now):
        held = sent_at(commit, now, text="Cherche https://a.example et https://b.example")

        for hour in range(1, 30):
            sweep(now + timedelta(hours=hour))

        assert len([row for row in alerts_about(held) if "toujours" in row.rendered().text]) == 0
