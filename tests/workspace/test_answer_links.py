"""Links of the expert's page: forged, revoked and expired ones, and the new link that is mailed."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from experts.tokens import make_token
from mailing.models import OutgoingEmail
from solicitations import links
from solicitations.actions import company_requests
from solicitations.models import Mailbox
from tests.workspace.conftest import answer_path, hidden_fields, page_text

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db]


@pytest.mark.parametrize(
    "token", ["x", "1-1.x", "%00", "é" * 20, "1-1", make_token("follow", 1, 1), "9" * 400]
)
def test_a_forged_link_opens_nothing(client, token):
    page = client.get(f"/reponse/{token}/")

    assert page.status_code == 404
    assert "Ce lien n'ouvre aucune demande" in page_text(page)


def test_a_revoked_link_says_where_the_new_one_is(client, expert_mailbox, sent):
    path = answer_path(expert_mailbox)
    Mailbox.objects.filter(pk=expert_mailbox.pk).update(serial=2)  # as when a new link replaces this one

    page = client.get(path)

    assert page.status_code == 410
    assert "remplacé par un plus récent" in page_text(page)
    assert sent.description not in page_text(page)


def test_an_owners_link_opens_no_experts_page(client, sent):
    token = urlsplit(links.follow_url(sent)).path.split("/")[2]

    assert client.get(f"/reponse/{token}/").status_code == 404


@pytest.fixture
def expired(expert_mailbox, sent, commit, now, clock):
    commit(company_requests.cancel, sent, now=now)
    clock.shift(timedelta(days=61))
    return answer_path(expert_mailbox)


def test_an_expired_link_tells_nothing_and_offers_a_new_one(client, expired, sent):
    page = client.get(expired)

    assert page.status_code == 410
    assert sent.company_name not in page_text(page)
    assert "Recevoir un nouveau lien" in page_text(page)


def test_an_expired_link_changes_nothing(client, expired, sent):
    assert client.post(f"{expired}tout-prendre/").status_code == 410
    assert client.post(f"{expired}message/", {"body": "x"}).status_code == 410


def test_the_new_link_is_mailed_to_the_same_mailbox_once(
    client, expired, expert_mailbox, django_capture_on_commit_callbacks
):
    form = next(action for action in hidden_fields(client.get(expired)) if action.endswith("/nouveau-lien/"))
    with django_capture_on_commit_callbacks(execute=True):
        first = client.post(form)
        second = client.post(form)

    assert "Un nouveau lien est parti" in page_text(first)
    assert expert_mailbox.email not in page_text(first)
    assert second.status_code == 410
    mail = OutgoingEmail.objects.get(template__endswith="/link_reissued")
    assert mail.to == expert_mailbox.email
    assert client.get(urlsplit(mail.context["url"]).path).status_code == 200
    assert client.get(expired).status_code == 410
