"""Sign-in of experts: the right code makes the account, and nothing before it does."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from experts.accounts import seats
from experts.accounts import sign_in as sign_in_module
from experts.models import Expert, Seat, User
from tests.experts.factories import ExpertFactory, OfficeFactory, PersonFactory

pytestmark = pytest.mark.django_db

LOGIN, CODE, MAILBOX = "/connexion/", "/connexion/code/", "/connexion/boite/"
NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)
PAST = datetime(2016, 12, 1, 9, tzinfo=UTC)


def mailed_code(to: str) -> str:
    """Code of the last mail, which was sent to this address."""
    assert mail.outbox[-1].to == [to]
    return re.search(r"[A-Z]{4}-[A-Z]{4}", mail.outbox[-1].body)[0]


def account_of(client: Client) -> User | None:
    pk = client.session.get("_auth_user_id")
    return User.objects.get(pk=pk) if pk else None


def sign_in(client: Client, email: str):
    client.post(LOGIN, {"email": email})
    return client.post(CODE, {"code": mailed_code(email)})


class TestOwnAddress:
    def test_the_right_code_makes_the_account_of_an_expert_named_as_the_post_is(self, client):
        ExpertFactory(email="Marie@example.org", name="Marie Petit")
        client.post(LOGIN, {"email": "marie@EXAMPLE.org"})
        code = mailed_code("marie@EXAMPLE.org")
        client.post(CODE, {"code": "BBBB-BBBB"})
        assert not User.objects.exists()

        client.post(CODE, {"code": code})

        user = account_of(client)
        assert (user.email, user.name, user.role) == ("marie@example.org", "Marie Petit", "")

    def test_the_second_time_and_in_capitals_it_is_the_same_account(self, client):
        ExpertFactory(email="marie@example.org")
        sign_in(client, "marie@example.org")
        client.post(reverse("account_logout"))
        sign_in(client, "MARIE@example.org")

        assert User.objects.count() == 1
        assert account_of(client)

    @pytest.mark.parametrize("gone", [{"left_at": PAST}, {"source": "file", "dropped_at": PAST}], ids=str)
    def test_who_left_gets_the_same_page_and_no_code(self, client, gone):
        ExpertFactory(email="marie@example.org", **gone)
        PersonFactory(email="ancien@example.org")

        for email in ("marie@example.org", "ancien@example.org", "inconnue@example.org"):
            assert client.post(LOGIN, {"email": email}).url == CODE
            assert client.get(CODE).status_code == 200
            client.post(CODE, {"action": "resend"})
            client.post(CODE, {"code": "BBBB-BBBB"})
            client.post(reverse("account_logout"))

        assert mail.outbox == []
        assert account_of(client) is None

    def test_two_right_codes_at_one_instant_make_one_account(self):
        first, second = (sign_in_module.open_account("Marie@example.org", now=NOW) for _ in range(2))

        assert first == second

    def test_a_closed_account_stays_closed_whatever_posts_bear_its_address(self, client):
        ExpertFactory(email="marie@example.org")
        PersonFactory(email="marie@example.org", is_active=False)

        client.post(LOGIN, {"email": "marie@example.org"})

        assert mail.outbox == []

    def test_a_code_is_worth_nothing_once_its_post_has_ended(self, client):
        expert = ExpertFactory(email="marie@example.org")
        client.post(LOGIN, {"email": "marie@example.org"})
        Expert.objects.filter(pk=expert.pk).update(left_at=PAST)

        answer = client.post(CODE, {"code": mailed_code("marie@example.org")})

        assert answer.url == LOGIN
        assert not User.objects.exists()

    def test_the_page_asked_for_opens_after_the_code(self, client):
        ExpertFactory(email="marie@example.org")
        client.post(LOGIN + "?next=/contact/", {"email": "marie@example.org", "next": "/contact/"})

        answer = client.post(CODE, {"code": mailed_code("marie@example.org"), "next": "/contact/"})

        assert answer.url == "/contact/"


class TestSecondFactor:
    def test_experts_may_do_without_a_second_factor_and_may_have_one(self, client):
        ExpertFactory(email="marie@example.org")
        sign_in(client, "marie@example.org")

        page = client.get(reverse("mfa_index"))

        assert page.status_code == 200
        assert "Enregistrer mon application" in page.content.decode()

    def test_managers_need_one_from_the_moment_they_are(self, client):
        expert = ExpertFactory(email="marie@example.org")
        sign_in(client, "marie@example.org")

        Seat.objects.create(user=account_of(client), office=expert.office, given_at=PAST)

        assert client.get("/contact/").url == reverse("mfa_activate_totp")


class TestEnd:
    def test_the_session_ends_with_the_last_seat(self, client):
        expert = ExpertFactory(email="marie@example.org")
        sign_in(client, "marie@example.org")
        Expert.objects.filter(pk=expert.pk).update(left_at=PAST)

        answer = client.get(reverse("mfa_index"), follow=True)

        assert account_of(client) is None
        assert "n&#x27;ouvre plus rien ici" in answer.content.decode()

    def test_another_post_keeps_it_open(self, client):
        expert = ExpertFactory(email="marie@example.org")
        ExpertFactory(email="marie@example.org")
        sign_in(client, "marie@example.org")
        Expert.objects.filter(pk=expert.pk).update(left_at=PAST)

        assert client.get(reverse("mfa_index")).status_code == 200


class TestSharedMailbox:
    def test_a_code_sent_there_gives_its_posts_to_the_account_signed_in(self, client):
        ExpertFactory(email="marie@example.org")
        team = ExpertFactory(email="equipe@example.org")
        sign_in(client, "marie@example.org")

        client.post(reverse("ask_mailbox"), {"mailbox": "Equipe@example.org"})
        client.post(MAILBOX, {"code": "BBBB-BBBB"})
        assert not Seat.objects.exists()
        client.post(MAILBOX, {"code": mailed_code("Equipe@example.org")})

        seat = Seat.objects.get()
        assert (seat.user, seat.expert) == (account_of(client), team)

    def test_an_address_without_post_gets_the_same_page_and_nothing(self, client):
        ExpertFactory(email="marie@example.org")
        sign_in(client, "marie@example.org")
        sent = len(mail.outbox)

        assert client.post(reverse("ask_mailbox"), {"mailbox": "x@example.org"}).url == MAILBOX
        assert client.get(MAILBOX).status_code == 200
        client.post(MAILBOX, {"code": "BBBB-BBBB"})

        assert len(mail.outbox) == sent
        assert not Seat.objects.exists()

    def test_the_code_expires_after_three_tries_and_after_a_quarter_of_an_hour(self, client):
        ExpertFactory(email="marie@example.org")
        ExpertFactory(email="equipe@example.org")
        sign_in(client, "marie@example.org")
        client.post(reverse("ask_mailbox"), {"mailbox": "equipe@example.org"})
        code = mailed_code("equipe@example.org")
        for _ in range(3):
            client.post(MAILBOX, {"code": "BBBB-BBBB"})

        client.post(MAILBOX, {"code": code})
        assert not Seat.objects.exists()
        client.post(reverse("ask_mailbox"), {"mailbox": "equipe@example.org"})
        session = client.session
        session["mailbox_proof"] = {**session["mailbox_proof"], "at": 1_000_000_000}
        session.save()
        client.post(MAILBOX, {"code": mailed_code("equipe@example.org")})

        assert not Seat.objects.exists()


def test_two_people_of_a_mailbox_and_one_person_of_two_offices():
    office, now = OfficeFactory(), NOW
    team = ExpertFactory(email="equipe@example.org", office=office)
    first, second = PersonFactory(), PersonFactory()

    given = seats.give_posts(first, [team], now=now) + seats.give_posts(second, [team], now=now)
    again = seats.give_posts(first, [team], now=now + timedelta(days=1))

    assert len(given) == 2
    assert again == []
    assert seats.give_office(first, office, now=now)
    assert seats.give_office(first, OfficeFactory(), now=now)
    assert seats.managed_offices(first, now=now).count() == 2
