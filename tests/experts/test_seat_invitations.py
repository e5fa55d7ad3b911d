"""Invitations: who may send which, and what they give to whoever proves their address."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from experts.accounts import seat_invitations, seats
from experts.accounts.seat_invitations import InvitationRefused, Offer
from experts.models import AccessRecord, Invitation, Seat, User
from mailing.models import OutgoingEmail, RefusedAddress
from tests.experts.factories import (
    ExpertFactory,
    NationalFactory,
    OfficeFactory,
    PersonFactory,
    RegionalFactory,
    signed_in,
)
from tests.territories.factories import RegionFactory

pytestmark = pytest.mark.django_db

NOW = datetime(2016, 12, 1, 9, tzinfo=UTC)
CODE = "/connexion/code/"


@pytest.fixture
def office():
    return OfficeFactory(region=RegionFactory(code="27"))


@pytest.fixture
def manager(office):
    user = PersonFactory(email="responsable@example.org", name="Rose Manager")
    Seat.objects.create(user=user, office=office, given_at=NOW)
    return user


def send(by: User, offer: Offer, email="paul@example.org", now=None) -> Invitation:
    return seat_invitations.invite(email, name="Paul Martin", offer=offer, by=by, now=now or timezone.now())


def link_of(invitation: Invitation) -> str:
    row = OutgoingEmail.objects.filter(template="experts/emails/invitation").order_by("-pk")[0]
    assert row.to == invitation.email
    return row.context["url"].removeprefix("http://localhost:8000")


def accept(client: Client, invitation: Invitation):
    answer = client.post(link_of(invitation))
    assert answer.url == CODE
    assert mail.outbox[-1].to == [invitation.email]
    return client.post(CODE, {"code": re.search(r"[A-Z]{4}-[A-Z]{4}", mail.outbox[-1].body)[0]})


class TestAuthors:
    @pytest.mark.parametrize(
        ("author", "may"),
        [
            ("manager", {"office", "post"}),
            ("regional", {"office", "post"}),
            ("other_regional", set()),
            ("national", {"office", "post", "region"}),
            ("expert", set()),
            ("closed", set()),
            ("former", set()),
        ],
    )
    def test_each_invites_within_what_they_have(self, office, manager, author, may):
        elsewhere = OfficeFactory(region=RegionFactory(code="84"))
        former = PersonFactory()
        Seat.objects.create(user=former, office=office, given_at=NOW, ended_at=NOW)
        users = {
            "manager": manager,
            "regional": RegionalFactory(region=office.region),
            "other_regional": RegionalFactory(region=elsewhere.region),
            "national": NationalFactory(),
            "expert": PersonFactory(email=ExpertFactory(office=office).email),
            "closed": NationalFactory(is_active=False),
            "former": former,
        }
        offers = {
            "office": Offer(office=office),
            "post": Offer(expert=ExpertFactory(office=office)),
            "region": Offer(region=office.region),
        }

        found = {
            name for name, offer in offers.items() if seat_invitations.may_give(users[author], offer, now=NOW)
        }

        assert found == may
        assert not seat_invitations.may_give(manager, Offer(office=elsewhere), now=NOW)

    def test_what_the_author_may_give_no_more_is_given_to_nobody(self, client, office, manager):
        invitation = send(manager, Offer(office=office))
        manager.seats.update(ended_at=NOW)

        assert client.get(link_of(invitation)).status_code == 410
        client.post("/connexion/", {"email": "paul@example.org"})

        assert mail.outbox == []


class TestAcceptance:
    def test_the_code_makes_the_account_with_its_name_and_seat_and_requires_a_second_factor(
        self, client, office, manager
    ):
        invitation = send(manager, Offer(office=office))
        assert "Rose Manager vous invite" in client.get(link_of(invitation)).content.decode()
        assert not User.objects.filter(email="paul@example.org").exists()

        accept(client, invitation)

        user = User.objects.get(email="paul@example.org")
        assert (user.name, user.role) == ("Paul Martin", "")
        assert list(seats.managed_offices(user, now=timezone.now())) == [office]
        assert client.get("/equipe/").url == "/connexion/securite/application/"
        assert Client().get(link_of(invitation)).status_code == 410

    def test_an_account_that_exists_gets_one_seat_however_often_it_is_invited(self, client, office, manager):
        user = PersonFactory(email="paul@example.org")
        first = send(manager, Offer(office=office))
        second = send(RegionalFactory(region=office.region), Offer(office=office), email="PAUL@example.org")

        accept(client, second)

        assert first.pk == second.pk
        assert User.objects.filter(email__iexact="paul@example.org").count() == 1
        assert user.seats.count() == 1
        with pytest.raises(InvitationRefused, match="déjà cette place"):
            send(manager, Offer(office=office))

    def test_the_national_team_makes_a_regional_admin_of_whoever_had_no_role(self, client, office):
        invitation = send(NationalFactory(), Offer(region=office.region))

        accept(client, invitation)

        user = User.objects.get(email="paul@example.org")
        assert (user.role, user.region) == ("region", office.region)
        assert user.access_records.filter(kind=AccessRecord.Kind.ROLE_CHANGED).exists()

    @pytest.mark.parametrize("role", ["national", "region"])
    def test_no_invitation_changes_a_role(self, client, office, role):
        national = NationalFactory()
        invitation = send(national, Offer(region=office.region))
        region = RegionFactory(code="84") if role == "region" else None
        user = PersonFactory(email="paul@example.org", role=role, region=region)

        accept(client, invitation)
        with pytest.raises(InvitationRefused, match="déjà un rôle"):
            send(national, Offer(region=office.region))

        user.refresh_from_db()
        assert (user.role, user.region) == (role, region)

    def test_post_of_a_shared_mailbox(self, client, office, manager):
        team = ExpertFactory(office=office, email="equipe@example.org")

        accept(client, send(manager, Offer(expert=team)))

        user = User.objects.get(email="paul@example.org")
        assert list(seats.posts_of(user, now=timezone.now())) == [team]

    def test_a_closed_account_is_not_invited(self, office, manager):
        PersonFactory(email="paul@example.org", is_active=False)

        with pytest.raises(InvitationRefused, match="fermé"):
            send(manager, Offer(office=office))


class TestEnd:
    def test_it_expires_after_fourteen_days_and_the_mail_opens_nothing(self, client, office, manager):
        invitation = send(manager, Offer(office=office), now=timezone.now() - timedelta(days=14))

        assert client.get(link_of(invitation)).status_code == 410
        client.post("/connexion/", {"email": "paul@example.org"})

        assert mail.outbox == []

    def test_sent_again_it_is_prolonged_and_its_former_link_is_invalid(self, client, office, manager):
        invitation = send(manager, Offer(office=office), now=timezone.now() - timedelta(days=20))
        former = link_of(invitation)

        signed_in(manager).post(f"/equipe/invitations/{invitation.pk}/envoyer/")

        assert client.get(former).status_code == 410
        assert client.get(link_of(invitation)).status_code == 200

    def test_taken_back_it_opens_nothing_and_its_mail_does_not_leave(self, client, office, manager):
        invitation = send(manager, Offer(office=office))

        signed_in(manager).post(f"/equipe/invitations/{invitation.pk}/reprendre/")

        assert client.get(link_of(invitation)).status_code == 410
        assert OutgoingEmail.objects.get(template="experts/emails/invitation").cancelled_at


class TestPages:
    def test_a_manager_invites_from_the_page_of_her_office(self, office, manager):
        browser = signed_in(manager)
        page = f"/equipe/antennes/{office.pk}/"
        assert browser.get("/equipe/").url == page

        typed = {"name": "Paul Martin", "email": "paul@example.org", "offer": "responsable"}
        answer = browser.post(page, typed, follow=True)

        assert "part à paul@example.org" in answer.content.decode()
        assert "Paul Martin" in answer.content.decode()
        assert Invitation.objects.get().office == office

    @pytest.mark.parametrize(
        "typed", [{}, {"email": "x"}, {"offer": "999"}, {"offer": "region"}, {"name": "\0"}], ids=str
    )
    def test_bad_input_gets_a_sentence(self, office, manager, typed):
        good = {"name": "Paul Martin", "email": "paul@example.org", "offer": "responsable"}

        answer = signed_in(manager).post(f"/equipe/antennes/{office.pk}/", typed and good | typed)

        assert answer.status_code == 200
        assert "fr-error-text" in answer.content.decode() or "fr-message--error" in answer.content.decode()
        assert not Invitation.objects.exists()

    def test_an_invitation_that_comes_back_is_told_to_its_author(self, office, manager):
        send(manager, Offer(office=office))
        at = timezone.now()
        browser, page = signed_in(manager), f"/equipe/antennes/{office.pk}/"
        assert "refuse nos courriels" not in browser.get(page).content.decode()
        RefusedAddress.objects.create(address="paul@example.org", is_final=True, since=at, last_at=at)

        assert "Cette adresse refuse nos courriels" in browser.get(page).content.decode()

    def test_the_last_manager_reads_what_it_leaves_then_may_leave(self, office, manager):
        ExpertFactory(email=manager.email)
        browser = signed_in(manager)
        page = f"/equipe/places/{manager.seats.get().pk}/retirer/"
        assert "n&#x27;aura plus de responsable" in browser.get(page).content.decode().replace("'", "&#x27;")

        browser.post(page)

        assert not seats.managed_offices(manager, now=timezone.now()).exists()
        assert browser.get(f"/equipe/antennes/{office.pk}/").status_code == 404

    def test_regions_are_the_national_teams_alone(self, office, manager):
        for user in (manager, RegionalFactory(region=office.region)):
            assert signed_in(user).get("/equipe/regions/").status_code == 404

        answer = signed_in(NationalFactory()).post(
            "/equipe/regions/", {"name": "Paul", "email": "paul@example.org", "region": "27"}, follow=True
        )

        assert Invitation.objects.get().region == office.region
        assert "Reprendre" in answer.content.decode()

    def test_offices_without_manager_are_a_filter_of_the_directory(self, office, manager):
        alone = OfficeFactory(region=office.region)

        page = signed_in(RegionalFactory(region=office.region)).get("/annuaire/?etat=sans-responsable")

        assert alone.name in page.content.decode()
        assert office.name not in page.content.decode()
