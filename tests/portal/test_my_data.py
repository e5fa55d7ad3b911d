"""« Mes données »: copy, deletion confirmed by mail, and nothing for a stranger."""

import io
import json
import re
from zipfile import ZipFile

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mailing.models import DeliveryEvent, OutgoingEmail
from solicitations.actions import company_requests, expert_answers, expert_messages
from solicitations.conversation.accepted_files import AcceptedFile
from solicitations.lifecycle import MatchState
from solicitations.models import Draft, Match, Solicitation
from tests.solicitations.factories import TEXT, mailbox, match, send

pytestmark = [pytest.mark.django_db, pytest.mark.reference]


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr("portal.views.my_data.time.sleep", lambda seconds: None)


@pytest.fixture
def sent(commit, now) -> Solicitation:
    found = commit(send, now=now)
    author = mailbox(found, "recrutement@france-travail")
    commit(expert_messages.post_message, author, body="Entre nous", now=now)
    return found


def link(occasion: str) -> str:
    mail = OutgoingEmail.objects.filter(template=f"portal/emails/{occasion}").latest("pk")
    return str(mail.context["url"]).removeprefix(django_settings.SITE_URL)


def ask(client: Client, email: str):
    return client.post(reverse("my_data"), {"email": email}, follow=True)


def test_the_answer_is_the_same_whether_the_address_is_known_or_not(client, sent):
    known, unknown = ask(client, sent.email.upper()), ask(client, "personne@example.org")

    plain = [re.sub(rb'(value|nonce)="[^"]*"', b"", page.content) for page in (known, unknown)]
    assert plain[0] == plain[1]
    assert [mail.to for mail in OutgoingEmail.objects.filter(template="portal/emails/my_data")] == [
        sent.email
    ]


def test_the_copy_has_the_companys_words_and_no_experts(client, sent):
    ask(client, sent.email)
    page = client.get(link("my_data")).content.decode()
    copied = json.loads(client.get(link("my_data") + "copie.json").content)

    assert TEXT in page.replace("&#x27;", "'")
    assert copied["requests"][0]["text"] == TEXT
    assert copied["requests"][0]["contact"]["phone"] == sent.phone
    assert "Entre nous" not in page + json.dumps(copied)


def test_the_archive_has_a_page_the_files_and_the_drafts(client, sent, commit, now, settings, tmp_path):
    settings.PRIVATE_FILES = str(tmp_path)
    author = mailbox(sent, "recrutement@france-travail")
    inside = [AcceptedFile("interne.pdf", "application/pdf", b"%PDF-1.4 between us")]
    commit(expert_messages.post_message, author, body="Entre nous encore", attached=inside, now=now)
    theirs = [AcceptedFile("devis.pdf", "application/pdf", b"%PDF-1.4 quote")]
    commit(company_requests.add_information, sent, body="Voici le devis", attached=theirs, now=now)
    drafted = timezone.now()
    Draft.objects.create(
        email=sent.email, answers={"description": "Un brouillon"}, created_at=drafted, updated_at=drafted
    )
    ask(client, sent.email)

    answer = client.get(link("my_data") + "copie.zip")

    book = ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    page, data = book.read("mes-donnees.html").decode(), json.loads(book.read("mes-donnees.json"))
    [path] = [name for name in book.namelist() if name.startswith("fichiers/")]
    assert book.read(path) == b"%PDF-1.4 quote"
    assert f'href="{path}"' in page
    assert "Voici le devis" in page
    assert "Un brouillon" in page
    assert data["requests"][0]["files"][0]["sent_by"] == "company"
    assert data["drafts"][0]["answers"] == {"description": "Un brouillon"}
    assert "Entre nous" not in page


def test_a_form_that_was_never_sent_has_its_link_and_its_deletion(client):
    at = timezone.now()
    Draft.objects.create(email="essai@example.org", answers={}, created_at=at, updated_at=at)
    ask(client, "Essai@example.org")
    assert "Demande non envoyée" in client.get(link("my_data")).content.decode()

    client.post(link("my_data") + "supprimer/")
    assert "non envoyée" in client.get(link("my_data_deletion")).content.decode()
    client.post(link("my_data_deletion"))

    assert not Draft.objects.exclude(email="").exists()


def test_deletion_is_confirmed_by_mail_and_erases_at_once(client, commit, sent, now):
    mine = match(sent, "recrutement@france-travail")
    commit(expert_answers.move, mine, MatchState.TAKEN, by=mine.mailbox, now=now)
    ask(client, sent.email)
    client.post(link("my_data") + "supprimer/")
    path = link("my_data_deletion")
    client.get(path)
    sent.refresh_from_db()
    assert sent.description == TEXT

    assert "supprimées" in client.post(path).content.decode()

    sent.refresh_from_db()
    assert (sent.state, sent.description, sent.email, sent.phone) == ("anonymised", "", "", "")
    told = OutgoingEmail.objects.filter(template__endswith="/request_deleted", cancelled_at=None)
    assert {mail.to for mail in told} >= {mine.expert.email}
    assert {mail.about == [] for mail in told} == {True}
    assert not OutgoingEmail.objects.filter(to__iexact="contact@peintures.example.org").exists()
    assert not DeliveryEvent.objects.exists()
    assert Match.objects.filter(need__solicitation=sent).count() > 0
    assert [client.get(path).status_code, client.post(path).status_code] == [410, 410]


def test_a_link_of_one_kind_opens_no_other(client, sent):
    ask(client, sent.email)
    token = link("my_data").strip("/").rpartition("/")[2]

    assert client.post(reverse("my_data_deletion", args=[token])).status_code == 410
    assert client.get(reverse("my_data_copy", args=[f"{token}0"])).status_code == 410
