"""Suggestions of the public API."""

import json

import pytest
from django.core.cache import cache
from django.test import Client

from experts.api.views import SuggestionsThrottle
from experts.wording import loading

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]


@pytest.fixture(autouse=True)
def no_limit_reached():
    cache.clear()


def ask(client, body: object):
    return client.post("/api/v1/suggestions/", json.dumps(body), content_type="application/json")


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("jcherche un apranti", "recruter-apprenti"),
        ("MON TOIT C DE L AMIANTE !!!", "prevention-risques"),
        ("Bonjour,\r\n\r\nkombien coute\r\nun alternant ?\r\n", "aides-alternance"),
    ],
    ids=["one line", "capitals", "several lines"],
)
def test_answer_is_that_of_the_command(client, text, slug):
    response = ask(client, {"text": text})

    assert response.status_code == 200
    assert response.json() == loading.suggest(text).as_json()
    assert response.json()["subjects"][0]["slug"] == slug


def test_no_cache_keeps_what_a_person_writes(client):
    response = ask(client, {"text": "je craque"})

    assert "no-store" in response["Cache-Control"]
    assert not response.cookies


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({}, "Écrivez votre besoin"),
        ({"text": ""}, "Écrivez votre besoin"),
        ({"text": "  \n "}, "Écrivez votre besoin"),
        ({"text": None}, "Écrivez votre besoin"),
        ({"text": ["a"]}, "Écrivez votre besoin"),
        ({"text": 3}, "Écrivez votre besoin"),
        ({"text": 4.5}, "Écrivez votre besoin"),
        ({"text": True}, "Écrivez votre besoin"),
        ({"text": "a" * 4_001}, "4 000 caractères au plus"),
        ({"text": "a\x00b"}, "caractère"),
        ({"text": "\ud800"}, "caractère"),
    ],
)
def test_wrong_text_is_refused_with_a_french_sentence(client, body, sentence):
    response = ask(client, body)

    assert response.status_code == 400
    assert sentence in response.json()["text"][0]


@pytest.mark.parametrize("body", ["{", "{'text': 1}", "[" * 100_000, b"\xff", "é"])
def test_what_is_no_json_is_refused_with_a_french_sentence(client, body):
    response = client.post("/api/v1/suggestions/", body, content_type="application/json")

    assert response.status_code == 400
    assert response.json()["detail"] == "Ce texte n'est pas du JSON lisible, en UTF-8."


@pytest.mark.parametrize("body", ["[]", "3", "null", "{", ""])
def test_body_that_is_no_object_is_refused(client, body):
    response = client.post("/api/v1/suggestions/", body, content_type="application/json")

    assert response.status_code == 400


@pytest.mark.parametrize("body", [["apprenti"], [], 3, "apprenti"])
def test_json_that_is_no_object_is_told_what_to_send(client, body):
    response = ask(client, body)

    assert response.json() == {"non_field_errors": ["Envoyez un objet JSON, qui a une clé « text »."]}


@pytest.mark.parametrize("text", ["a" * 4_000, "🙂", "\x1b\x07", "\u202e\u200b", "." * 4_000])
def test_odd_text_is_answered(client, text):
    assert ask(client, {"text": text}).status_code == 200


def test_get_is_refused(client):
    assert client.get("/api/v1/suggestions/").status_code == 405


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::2"),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.1"),
    ],
    ids=["IPv4", "one /64 of IPv6", "IPv4 written in IPv6"],
)
@pytest.mark.parametrize("text", ["apprenti", ""], ids=["answered", "refused"])
def test_too_many_calls_are_told_when_to_come_back(monkeypatch, first, second, text):
    monkeypatch.setattr(SuggestionsThrottle, "rate", "1/min")
    ask(Client(REMOTE_ADDR=first), {"text": text})

    response = ask(Client(REMOTE_ADDR=second), {"text": "apprenti"})

    assert response.status_code == 429
    assert int(response["Retry-After"]) > 0
    assert ask(Client(REMOTE_ADDR="198.51.100.9"), {"text": "apprenti"}).status_code == 200


def test_suggestions_are_in_the_schema(client):
    [operation] = client.get("/api/v1/schema/").json()["paths"]["/api/v1/suggestions/"].values()

    assert operation["responses"].keys() == {"200", "400", "429"}
    assert operation["requestBody"]


def test_text_is_not_logged(client, caplog):
    with caplog.at_level("DEBUG"):
        ask(client, {"text": "mon secret de fabrication flurbinage"})

    assert "flurbinage" not in caplog.text
