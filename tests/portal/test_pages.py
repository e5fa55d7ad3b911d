"""The public pages: home, search, themes, subjects."""

import pytest
from django.urls import reverse

from experts.models import EntryQuestion, Subject, Theme

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]

ABOUT = ["legal_notice", "privacy", "accessibility", "sitemap", "contact"]


def body(response) -> str:
    return response.content.decode()


@pytest.mark.parametrize("name", ["home", "search", *ABOUT])
def test_page_needs_no_account(client, name):
    assert client.get(reverse(name)).status_code == 200


@pytest.mark.parametrize("name", ["home", "search", *ABOUT])
def test_page_has_one_main_heading_and_a_title_that_ends_with_the_service(client, name):
    page = body(client.get(reverse(name)))

    assert page.count("<h1") == 1
    assert page.split("<title>")[1].split("</title>")[0].endswith("— Relais Entreprises")


@pytest.mark.parametrize("path", ["/", "/contact/"])
def test_public_page_refuses_a_post(client, path):
    assert client.post(path).status_code == 405


def test_home_names_every_theme_and_every_question(client):
    page = client.get("/")

    for theme in Theme.objects.listed():
        assert reverse("theme", args=[theme.slug]) in body(page)
    shown = page.context["questions"] + page.context["other_questions"]
    assert [question for question, _ in shown] == list(
        EntryQuestion.objects.order_by("position").values_list("question", flat=True)
    )
    assert len(page.context["questions"]) == 6


def test_every_address_that_the_home_page_gives_to_a_question_opens(client):
    page = client.get("/")

    for _, url in page.context["questions"] + page.context["other_questions"]:
        assert client.get(url).status_code == 200, url


def test_question_about_a_theme_leads_to_it(client):
    urls = dict(_questions(client))

    assert urls["Je veux embaucher"] == "/themes/recrutement/"


def test_question_with_one_subject_leads_straight_to_it(client):
    urls = dict(_questions(client))

    assert urls["C'est mon premier salarié"] == "/sujets/premier-salarie/"


def test_question_with_several_subjects_lets_one_choose(client):
    url = dict(_questions(client))["Un salarié s'en va ou doit partir"]

    page = client.get(url)

    assert [subject.slug for subject in page.context["subjects"]] == [
        "rupture-conventionnelle",
        "licenciement",
    ]


def test_home_reads_the_database_a_fixed_number_of_times(client, django_assert_max_num_queries):
    with django_assert_max_num_queries(7):  # three of them for a transaction that waits for no lock
        client.get("/")


def test_sitemap_reads_the_database_a_fixed_number_of_times(client, django_assert_max_num_queries):
    with django_assert_max_num_queries(2):
        client.get(reverse("sitemap"))


def test_sitemap_names_every_subject(client):
    page = body(client.get(reverse("sitemap")))

    for slug in Subject.objects.listed().values_list("slug", flat=True):
        assert reverse("subject", args=[slug]) in page


def test_theme_lists_its_subjects_in_the_order_of_the_catalogue(client):
    page = client.get("/themes/droit-travail/")

    slugs = [subject.slug for subject in page.context["subjects"]]
    assert slugs[:2] == ["contrat-travail", "duree-travail"]
    assert len(slugs) == 10
    assert "/demande/autre/" in body(page)


def test_dropped_theme_and_dropped_subject_are_gone(client, now):
    Theme.objects.filter(slug="ecologie").update(dropped_at=now)
    Subject.objects.filter(slug="licenciement").update(dropped_at=now)

    assert client.get("/themes/ecologie/").status_code == 404
    assert client.get("/sujets/licenciement/").status_code == 404
    assert "/sujets/licenciement/" not in body(client.get("/themes/droit-travail/"))


def test_every_subject_has_a_page_that_leads_to_its_form(client):
    for slug in Subject.objects.listed().values_list("slug", flat=True):
        page = client.get(reverse("subject", args=[slug]))
        assert page.status_code == 200
        assert f'href="/demande/{slug}/"' in body(page)


def test_subject_names_the_institutions_that_answer_and_apart_those_only_shown(client):
    page = client.get("/sujets/recruter-apprenti/")

    answerers = [name for name, _ in page.context["answerers"]]
    relays = [name for name, _ in page.context["relays"]]
    assert "Opérateurs de compétences (OPCO)" in answerers
    assert any("centre de formation" in name.lower() or "CFA" in name for name in relays)
    assert not set(answerers) & set(relays)


def test_institution_that_is_never_notified_is_only_shown(client):
    subject = Subject.objects.get(slug="contrat-travail")
    subject.institutions.update(notified="never")

    page = client.get("/sujets/contrat-travail/")

    assert page.context["answerers"] == []
    assert len(page.context["relays"]) == 1


def test_subject_says_when_the_answer_is_close_to_home(client):
    assert "Près de chez vous" in body(client.get("/sujets/trouver-candidats/"))
    assert "Près de chez vous" not in body(client.get("/sujets/licenciement/"))


def test_subject_open_without_a_company_says_so(client):
    assert "Ouvert sans entreprise" in body(client.get("/sujets/particulier-employeur/"))


def test_labour_law_subject_recalls_the_right_to_information(client):
    assert "L. 5143-1" in body(client.get("/sujets/contrat-travail/"))
    assert "L. 5143-1" not in body(client.get("/sujets/trouver-candidats/"))


def test_subject_without_institution_names_the_regional_contact(client):
    page = client.get("/sujets/autre/")

    assert page.context["answerers"] == []
    assert "Le référent des petites et moyennes entreprises de votre région" in body(page)


def _questions(client) -> list[tuple[str, str]]:
    context = client.get("/").context
    return context["questions"] + context["other_questions"]


@pytest.mark.parametrize("path", ["/themes/recrutement/", "/sujets/trouver-candidats/"])
def test_theme_and_subject_say_who_is_behind_the_service(client, path):
    assert "est un service de l'État" in body(client.get(path))
