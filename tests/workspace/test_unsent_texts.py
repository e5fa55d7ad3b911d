"""Words written while a session ends, or while a second factor becomes required, stay on the page."""

import time

import pytest
from django.test import Client

from experts.accounts.sessions import SEEN_AT_KEY
from experts.models import Seat
from solicitations.models import Message
from tests.experts.factories import PersonFactory, signed_in
from tests.solicitations.factories import match, send
from tests.workspace.conftest import page_text

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db]
WORDS = "Je l'appelle <lundi> matin."


@pytest.fixture
def need(commit, now):
    return match(commit(send, now=now), "recrutement@france-travail")


@pytest.fixture
def person(need):
    return PersonFactory(email=need.mailbox.email)


def write(client, need, body=WORDS):
    return client.post(f"/besoins/{need.mailbox_id}/message/", {"body": body})


def kept(page):
    assert page.status_code == 403
    assert "no-store" in page["Cache-Control"]
    assert not Message.objects.exists()
    assert "<lundi>" not in page.content.decode()
    return page_text(page)


def test_written_as_a_second_factor_becomes_required(need, person, now):
    client = Client()
    client.force_login(person)
    Seat.objects.create(user=person, office=need.expert.office, given_at=now)

    shown = kept(write(client, need))

    assert "seconde vérification" in shown
    assert "lundi" in shown


def test_written_while_the_session_ended(need, person, now):
    Seat.objects.create(user=person, office=need.expert.office, given_at=now)
    client = signed_in(person)
    session = client.session
    session[SEEN_AT_KEY] = time.time() - 31 * 60
    session.save()

    page = write(client, need)

    assert "Votre session s'est fermée" in kept(page)
    assert f'href="/connexion/?next=/besoins/{need.mailbox_id}/message/"' in page.content.decode()
    assert "lundi" in kept(write(client, need))  # and once more, now that she is signed out


def test_without_words_one_signs_in_as_before(need):
    assert write(Client(), need, body="").status_code == 302


def test_who_is_let_in_is_redirected_as_before(need, person):
    assert write(signed_in(person), need).status_code == 302
    assert Message.objects.exists()
