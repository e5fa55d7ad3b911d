"""The demo's roles: one click each, and only in the demo."""

import pytest

from demo import accounts
from experts.models import User
from tests.solicitations.factories import send

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db]

ROLES = "/demo/"


@pytest.fixture
def demo(settings) -> None:
    settings.DEMO = True


@pytest.fixture
def national() -> User:
    return User.objects.create_user("nationale@equipe.example.org", role="national")


@pytest.mark.parametrize("method", ["get", "post"])
def test_roles_exist_in_the_demo_alone(client, national, method):
    assert getattr(client, method)(ROLES, {"role": "national"}).status_code == 404
    assert "_auth_user_id" not in client.session


def test_owner_and_two_experts_of_one_request_are_a_link_away(
    client, demo, now, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        sent = send(now=now)

    page = client.get(ROLES)

    experts = page.context["experts"]
    assert len({match.mailbox_id for match, _ in experts}) == 2
    assert {match.mailbox.solicitation for match, _ in experts} == {sent}
    for url in (page.context["owner_url"], *(url for _, url in experts)):
        assert client.get(url.removeprefix("http://localhost:8000")).status_code == 200


def test_team_is_a_click_away_without_code_or_second_factor(client, demo, national):
    answer = client.post(ROLES, {"role": "national"}, follow=True)

    assert answer.redirect_chain == [("/demandes/", 302)]
    assert answer.status_code == 200


def test_expert_and_manager_open_their_inbox_in_a_click(client, demo, commit, now):
    request = commit(send, now=now)
    accounts.make_professionals(now=now)
    accounts_shown = client.get(ROLES).context["inboxes"]
    assert set(accounts_shown) == {"expert", "manager"}
    assert not any(user.is_staff for user in accounts_shown.values())

    for role in ("expert", "manager"):
        answer = client.post(ROLES, {"role": role}, follow=True)
        assert answer.redirect_chain == [("/besoins/", 302)]
        assert request.applicant in answer.content.decode()


def test_nobody_again(client, demo, national):
    client.post(ROLES, {"role": "national"})

    client.post(ROLES, {"role": ""})

    assert "_auth_user_id" not in client.session


def test_empty_demo_says_what_to_do(client, demo):
    assert "envoyez-en une" in client.get(ROLES).content.decode()
