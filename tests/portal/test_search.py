"""The box of the home page: a sentence leads to at most five subjects, and its words into the form."""

import html
import re

import pytest
from django.test import Client

from experts.models import Subject
from solicitations.models import Draft

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]

FIRING = "je dois licencier un salarié qui ne vient plus travailler, comment faire ?"
UNSURE = "bonjour j'ai un souci"
DESPAIR = "je me sens seul, je craque"


def body(page) -> str:
    return html.unescape(page.content.decode())


def search(client, typed):
    return client.post("/recherche/", {"q": typed})


def slugs(page) -> list[str]:
    return [subject.slug for subject in page.context["subjects"]]


@pytest.fixture
def client():
    return Client(enforce_csrf_checks=True)


@pytest.mark.parametrize(
    ("typed", "slug"),
    [
        (FIRING, "licenciement"),
        ("je veux vendre mon fonds de commerce, il me faut un repreneur", "transmettre"),
        ("ma facture d'électricité a triplé\ncomment réduire la consommation du four ?", "energie"),
        ("L'URSSAF ME RÉCLAME 12 000 EUROS", "dettes-urssaf"),
    ],
)
def test_sentence_finds_its_subjects_with_a_line_each(client, typed, slug):
    page = search(client, typed)

    assert slug in slugs(page)
    assert 1 <= len(slugs(page)) <= 5
    assert Subject.objects.get(slug=slug).summary in body(page)


def test_words_of_an_address_are_searched_too(client):
    assert "metier-tension" in slugs(client.get("/recherche/", {"q": "metier en tention"}))


def test_posted_words_are_in_no_address_and_no_cookie_is_set(client):
    page = search(client, FIRING)

    assert not re.search(r'(?:href|action)="[^"]*licencier', page.content.decode())
    assert not page.cookies
    assert "private" in page["Cache-Control"]


@pytest.mark.parametrize(
    "typed",
    [
        *(UNSURE, "c compliqué en ce moment", "Hello, I need help please", "azertyuiop", "????"),
        *("aidez moi svp", "qui peut m'aider ?"),
    ],
)
def test_unsure_says_so_and_offers_first_to_describe(client, typed):
    text = body(search(client, typed))

    assert "Nous ne sommes pas sûrs" in text or "Aucun sujet ne ressemble" in text
    assert text.index("Décrire mon besoin") < (
        text.find('type="checkbox"') if "checkbox" in text else len(text)
    )


@pytest.mark.parametrize("typed", [DESPAIR, "j'ai envie d'en finir", "je n'en peux plus, je dors plus"])
def test_distress_shows_numbers_to_call_at_once(client, typed):
    text = body(search(client, typed))

    assert text.index('href="tel:3114"') < text.index("<textarea")


def test_ordinary_need_shows_no_emergency_number(client):
    assert "3114" not in body(search(client, FIRING))


class TestTheWordsTravel:
    def start(self, client, *subjects, text=FIRING):
        return client.post("/demande/", {"sujet": subjects, "texte": text})

    @pytest.mark.parametrize(
        "text",
        [
            FIRING,
            "« Virer » quelqu'un : & <b>après</b> ?",
            "Deux lignes.\r\n\r\nEt 50 % d'emoji 🙂",
            "mot " * 999 + "fin.",
        ],
        ids=["a sentence", "signs", "lines", "4,000 characters"],
    )
    def test_into_the_form_of_the_subject(self, client, text):
        page = self.start(client, "licenciement", text=text)

        assert page.context["form"]["description"].value() == text
        assert not page.context["form"].errors
        assert 'action="/demande/licenciement/"' in body(page)

    def test_with_all_the_ticked_subjects(self, client):
        page = self.start(client, "licenciement", "rupture-conventionnelle", "xxx")

        assert [subject.slug for subject in page.context["form"].all_subjects()] == [
            "licenciement",
            "rupture-conventionnelle",
        ]

    def test_a_confidential_subject_gets_them_in_its_own_text(self, client):
        secret = Subject.objects.filter(is_confidential=True).first().slug

        page = self.start(client, secret, "trouver-candidats")

        form = page.context["form"]
        assert form.subject.slug == "trouver-candidats"
        assert form[f"text_{secret}"].value() == FIRING

    def test_describing_leaves_the_ticks_aside(self, client):
        page = self.start(client, "licenciement", "autre")

        assert page.context["form"].subject.slug == "autre"

    @pytest.mark.parametrize("subjects", [[], ["xxx"]])
    def test_without_a_subject_there_is_nothing_to_start(self, client, subjects):
        assert self.start(client, *subjects).url == "/"

    def test_nothing_is_kept_before_she_goes_on(self, client):
        search(client, FIRING)
        self.start(client, "licenciement")

        assert not Draft.objects.exists()
        assert "sessionid" not in client.cookies


@pytest.mark.parametrize("path", ["/recherche/", "/demande/", "/demande/licenciement/"])
def test_words_are_not_logged(client, caplog, path):
    client = Client()
    with caplog.at_level("DEBUG"):
        posted = dict.fromkeys(["q", "texte", "description"], "flurbinage")
        client.post(path, posted | {"sujet": "autre"})
        client.get(path, {"q": "flurbinage", "texte": "flurbinage"})

    assert "flurbinage" not in caplog.text


@pytest.mark.parametrize("typed", ["<script>alert(1)</script>", '"><b>', "</textarea><b>"])
def test_searched_words_are_shown_as_text(client, typed):
    assert typed not in search(client, typed).content.decode()


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Écrivez votre besoin"),
        ("   ", "Écrivez votre besoin"),
        ("a" * 4001, "4 000 caractères au plus"),
        ("\u200b", "Écrivez votre besoin"),
    ],
    ids=["empty", "spaces", "too long", "invisible"],
)
def test_search_refuses_with_a_sentence(client, typed, sentence):
    page = search(client, typed)

    assert page.status_code == 200
    assert sentence in body(page)


@pytest.mark.parametrize(
    "typed", ["a" * 4000, "é" * 2000, "😀" * 500, "\x00a", "%", "' OR 1=1 --", "word " * 800]
)
def test_odd_words_never_break_the_page(client, typed):
    assert search(client, typed).status_code == 200
