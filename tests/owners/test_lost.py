"""« J'ai perdu mon lien »: the page reveals nothing, the mail lists all requests."""

from datetime import timedelta

import pytest
from django.utils import timezone

from experts.accounts import limits
from mailing.models import OutgoingEmail
from owners.views import lost
from tests.solicitations.factories import send

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch) -> None:
    monkeypatch.setattr(lost, "ANSWERS_AFTER", timedelta(0))


def links_sent() -> list[str]:
    return list(OutgoingEmail.objects.filter(template__endswith="lost_links").values_list("to", flat=True))


@pytest.mark.parametrize(
    "typed",
    [
        "contact@peintures.example.org",
        "CONTACT@Peintures.example.org",
        "\u200bcontact@peintures.example.org",
        "contact@pein\u00adtures.example.org\u2060",
        "La gérante <contact@peintures.example.org>",
    ],
)
def test_known_address_gets_its_links(client, commit, typed):
    commit(send, now=timezone.now())

    client.post("/suivi/", {"email": typed})

    assert links_sent() == ["contact@peintures.example.org"]


def test_page_is_the_same_whether_the_address_is_known_or_not(client, commit):
    commit(send, now=timezone.now())

    answers = [
        client.post("/suivi/", {"email": email}) for email in ("contact@peintures.example.org", "x@y.fr")
    ]

    assert answers[0].url == answers[1].url == "/suivi/?envoye"
    assert len(links_sent()) == 1


def test_page_takes_the_same_time_whether_the_address_is_known_or_not(client, monkeypatch):
    slept = []
    monkeypatch.setattr(lost, "ANSWERS_AFTER", timedelta(seconds=5))
    monkeypatch.setattr(lost.time, "sleep", slept.append)

    client.post("/suivi/", {"email": "x@y.fr"})

    assert slept[0] == pytest.approx(5, abs=1)


@pytest.mark.parametrize("typed", ["", "x", "a@b", "a\0@b", "<b>@y.fr", "x" * 10_000 + "@y.fr"])
def test_bad_address_is_refused_with_a_sentence(client, typed):
    page = client.post("/suivi/", {"email": typed})

    assert "nom@exemple.fr" in page.content.decode()


@pytest.mark.parametrize(
    ("typed", "named"),
    [("x@ex\u2011emple.fr", "tiret"), ("x@\u0435xemple.fr", "cyrillique"), ("x\uff20exemple.fr", "chasse")],
)
def test_look_alike_is_refused_by_name(client, typed, named):
    assert named in client.post("/suivi/", {"email": typed}).content.decode()
    assert links_sent() == []


def test_mailbox_beyond_its_limit_gets_nothing_and_the_page_does_not_tell(client, commit, monkeypatch):
    commit(send, now=timezone.now())
    monkeypatch.setattr(limits, "LINKS_PER_EMAIL", limits.Limit("x", 0, limits.HOUR))

    assert client.post("/suivi/", {"email": "contact@peintures.example.org"}).url == "/suivi/?envoye"
    assert links_sent() == []


def test_too_many_tries_from_one_address(client, monkeypatch):
    monkeypatch.setattr(limits, "LINKS_PER_ADDRESS", limits.Limit("y", 0, limits.HOUR))

    assert client.post("/suivi/", {"email": "x@y.fr"}).status_code == 429
