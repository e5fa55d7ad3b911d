"""Addresses typed, cut or guessed from ours lead to the page that was meant."""

from urllib.parse import urlsplit

import pytest

from experts.models import EntryQuestion
from portal.home_content import question_url
from solicitations import links
from tests.solicitations.factories import send

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("/questions/", "/#questions"),
        ("/questions/99/", "/#questions"),
        ("/questions/0/", "/#questions"),
        ("/questions/licenciement/", "/#questions"),
        ("/themes/", "/#themes"),
        ("/themes/licenciement/", "/sujets/licenciement/"),
        ("/sujets/", "/plan-du-site/"),
        ("/sujets/recrutement/", "/themes/recrutement/"),
        ("/demande/", "/"),
        ("/demande/recrutement/", "/themes/recrutement/"),
        ("/demande/licenciement/merci/", "/demande/licenciement/"),
        ("/accueil/", "/"),
        ("/api/", "/api/v1/"),
    ],
)
def test_an_address_like_ours_leads_to_what_was_meant(client, typed, meant):
    assert client.get(typed).headers["Location"] == meant


def test_every_question_has_an_address_that_leads_where_its_link_does(client):
    for question in EntryQuestion.objects.select_related("theme").prefetch_related("subjects"):
        answer = client.get(f"/questions/{question.position}/")

        assert answer.status_code == 200 or answer.headers["Location"] == question_url(question)


@pytest.mark.parametrize("typed", ["/themes/inconnu/", "/sujets/inconnu/", "/demande/inconnu/"])
def test_what_the_catalogue_never_had_is_not_found_with_a_search_box(client, typed):
    answer = client.get(typed)

    assert answer.status_code == 404
    assert "Cherchez votre besoin" in answer.content.decode()


@pytest.mark.parametrize("typed", ["/reponse/", "/reprise/", "/adresse/"])
def test_a_link_cut_before_its_secret_says_what_to_do(client, typed):
    answer = client.get(typed)

    assert answer.status_code == 404
    assert "en entier" in answer.content.decode()


@pytest.mark.parametrize("rest", ["besoins/", "besoins/12/", "x/y/"])
def test_below_a_page_of_a_link_any_other_address_leads_to_it(client, commit, now, rest):
    sent = commit(send, now=now)
    for url in (links.follow_url(sent), links.answer_url(sent.mailboxes.first())):
        path = urlsplit(url).path

        assert client.get(path + rest).headers["Location"] == path


def test_below_an_invalid_link_nothing_is_told(client):
    assert client.get("/suivi/1-1.faux/besoins/").status_code == 404
    assert client.get("/reponse/1-1.faux/besoins/").status_code == 404
