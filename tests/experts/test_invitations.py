"""A new colleague is invited by mail, once, by whichever way the account was made."""

import pytest
from django.core.management import call_command

from experts.accounts.invitations import invite
from experts.models import User
from mailing.models import OutgoingEmail
from tests.experts.factories import NationalFactory, signed_in
from tests.territories.factories import RegionFactory

pytestmark = pytest.mark.django_db

ADD = "/admin/experts/user/add/"


@pytest.fixture(autouse=True)
def region():
    return RegionFactory(code="27", name="Bourgogne-Franche-Comté")


@pytest.fixture
def team():
    return signed_in(NationalFactory(name="Nadia Benali"))


def posted(**changes) -> dict[str, str]:
    return {
        "email": "paul@example.org",
        "name": "Paul",
        "role": "region",
        "region": "27",
        "is_active": "on",
    } | changes


def invitations() -> list[OutgoingEmail]:
    return list(OutgoingEmail.objects.filter(template="experts/emails/invited").order_by("pk"))


def test_the_command_invites(region):
    call_command("create_staff", "paul@example.org", "--role", "region", "--region", "27")

    [mail] = invitations()
    text = mail.rendered().text
    assert mail.to == "paul@example.org"
    assert "L'équipe nationale vous a ouvert un compte" in text
    assert "référent régional, Bourgogne-Franche-Comté" in text
    assert "http://localhost:8000/connexion/" in text
    assert "paul@example.org" in text


def test_a_refused_command_invites_nobody(region):
    call_command("create_staff", "paul@example.org", "--role", "national")
    with pytest.raises(Exception, match="existe déjà"):
        call_command("create_staff", "PAUL@example.org", "--role", "national")

    assert len(invitations()) == 1


def test_the_admin_invites_in_the_name_of_who_made_the_account(team):
    page = team.post(ADD, posted(), follow=True)

    [mail] = invitations()
    assert "Nadia Benali vous a ouvert un compte" in mail.rendered().text
    assert "Une invitation part à paul@example.org" in page.content.decode()


def test_saving_again_invites_nobody_twice(team):
    team.post(ADD, posted())
    path = f"/admin/experts/user/{User.objects.get(email='paul@example.org').pk}/change/"

    for changes in ({}, {"name": "Paul Martin"}, {"is_active": ""}, {}, {"role": "national", "region": ""}):
        assert team.post(path, posted(**changes)).status_code == 302

    assert len(invitations()) == 1


def test_an_address_corrected_before_the_first_sign_in_is_invited(team):
    team.post(ADD, posted(email="pual@example.org"))
    path = f"/admin/experts/user/{User.objects.get(email='pual@example.org').pk}/change/"

    team.post(path, posted())

    assert [mail.to for mail in invitations()] == ["pual@example.org", "paul@example.org"]


def test_an_account_without_a_role_is_invited_when_it_gets_one(team):
    team.post(ADD, posted(role="", region=""))
    assert invitations() == []

    team.post(f"/admin/experts/user/{User.objects.get(email='paul@example.org').pk}/change/", posted())

    assert len(invitations()) == 1


@pytest.mark.parametrize(
    "change", [{"is_active": False}, {"role": "", "region": None}, {"last_login": "now"}], ids=str
)
def test_neither_a_closed_account_nor_one_in_use_is_invited(region, now, change):
    user = User.objects.create_user("paul@example.org", role="region", region=region)
    for name, value in change.items():
        setattr(user, name, now if value == "now" else value)

    assert not invite(user, now=now)
    assert invitations() == []
