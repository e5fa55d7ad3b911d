"""« Ouvrir ma boîte »: the code goes to the mailbox of the link, so a forwarded link opens no account."""

import re

import pytest
from django.core import mail

from experts.models import Expert, Seat, User
from solicitations.models import Mailbox
from tests.workspace.conftest import answer_path

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]

CODE, SHARED = "/connexion/code/", "/connexion/boite/"


@pytest.fixture
def mailbox(sent) -> Mailbox:
    return Mailbox.objects.filter(solicitation=sent).order_by("pk")[0]


def mailed_code(to: str) -> str:
    assert mail.outbox[-1].to == [to]
    return re.search(r"[A-Z]{4}-[A-Z]{4}", mail.outbox[-1].body)[0]


def account_of(client) -> User | None:
    pk = client.session.get("_auth_user_id")
    return User.objects.get(pk=pk) if pk else None


def test_the_link_alone_makes_no_account_and_no_session(client, mailbox):
    page = f"{answer_path(mailbox)}ouvrir/"
    assert mailbox.email in client.get(page).content.decode()
    before = len(mail.outbox)

    answer = client.post(page)
    client.post(answer.url, {"code": "BBBB-BBBB"})

    assert answer.url.startswith(CODE)
    assert [sent.to for sent in mail.outbox[before:]] == [[mailbox.email]]
    assert not User.objects.exists()
    assert account_of(client) is None


def test_the_code_of_the_mailbox_opens_the_account_that_bears_its_address(client, mailbox):
    answer = client.post(f"{answer_path(mailbox)}ouvrir/")

    client.post(answer.url, {"code": mailed_code(mailbox.email)})

    assert account_of(client).email == mailbox.email.lower()
    assert client.get(f"{answer_path(mailbox)}ouvrir/").status_code == 302


def test_a_shared_mailbox_gives_its_posts_to_an_account_of_ones_own_by_two_codes(client, mailbox):
    answer = client.post(f"{answer_path(mailbox)}ouvrir/", {"own": "moi@example.org"})
    assert answer.url == SHARED

    answer = client.post(SHARED, {"code": mailed_code(mailbox.email)})
    assert not User.objects.exists()
    client.post(answer.url, {"code": mailed_code("moi@example.org")})

    user = account_of(client)
    assert user.email == "moi@example.org"
    posts = Expert.objects.filter(email__iexact=mailbox.email)
    assert set(Seat.objects.filter(user=user).values_list("expert", flat=True)) == set(
        posts.values_list("pk", flat=True)
    )


def test_ones_own_address_alone_opens_nothing(client, mailbox):
    client.post(f"{answer_path(mailbox)}ouvrir/", {"own": "moi@example.org"})
    before = len(mail.outbox)

    client.post("/connexion/", {"email": "moi@example.org"})

    assert len(mail.outbox) == before
