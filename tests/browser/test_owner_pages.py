"""Accessibility of the owner's form and its errors in a real browser; the list of communes."""

import pytest
from playwright.sync_api import expect

from experts.accounts import limits
from tests.browser.conftest import press
from tests.browser.test_accessibility import accessibility_errors

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.demo_directory]

NEED = "/demande/trouver-candidats/"


@pytest.fixture(autouse=True)
def bench(settings) -> None:
    """Disable the minimum delay of the form: the test types faster than people."""
    settings.BENCH = True


def write_need(page, text: str = "Je cherche un peintre depuis quatre mois.") -> None:
    page.get_by_label("Votre commune").fill("Is-sur-Tille")
    page.locator("textarea[name=description]").fill(text)
    press(page, "Continuer")


def test_every_step_and_its_errors_are_accessible(open_page, console):
    page = open_page(NEED)
    found = [*accessibility_errors(page)]
    press(page, "Continuer")
    found += accessibility_errors(page)
    page.get_by_text("Ajouter un autre sujet").click()
    page.get_by_text("Surmonter des difficultés").click()
    found += accessibility_errors(page)
    write_need(page, "Mme Martin est malade.")
    found += accessibility_errors(page)
    press(page, "Continuer")
    found += accessibility_errors(page)
    press(page, "Je n'ai pas encore d'entreprise")
    found += accessibility_errors(page)
    page.get_by_label("Le SIRET ou le nom").fill("12")
    press(page, "Chercher mon entreprise")
    found += accessibility_errors(page)
    page.get_by_label("Le SIRET ou le nom").fill("Peintures")
    press(page, "Chercher mon entreprise")
    found += accessibility_errors(page)
    page.get_by_label("Votre activité ?").fill("peintre")
    press(page, "Continuer")
    found += accessibility_errors(page)
    page.get_by_label("Aucune de celles-ci").check(force=True)
    press(page, "Continuer")
    found += accessibility_errors(page)
    press(page, "Envoyer ma demande")
    found += accessibility_errors(page)
    page.get_by_label("Vos prénom et nom").fill("La gérante")
    page.get_by_label("Votre téléphone").fill("06 39 98 12 34")
    page.get_by_label("Votre adresse électronique").fill("gerante@exemple.fr")
    page.get_by_label("J'accepte").check(force=True)
    press(page, "Envoyer ma demande")
    found += accessibility_errors(page)
    page.get_by_text("Changer le numéro").click()
    press(page, "Enregistrer")
    found += accessibility_errors(page)
    page.get_by_role("link", name="Annuler ma demande").click()
    found += accessibility_errors(page)

    assert found == []
    assert console == []


def test_draft_put_off_and_lost_link_are_accessible(open_page, console):
    page = open_page(NEED)
    press(page, "Finir plus tard")
    found = [*accessibility_errors(page)]
    page.get_by_label("Votre adresse électronique").fill("gerante@exemple.fr")
    press(page, "M'envoyer le lien")
    found += accessibility_errors(page)
    open_page("/suivi/")
    press(page, "Recevoir mes liens de suivi")
    found += accessibility_errors(page)
    page.get_by_label("L'adresse électronique").fill("gerante@exemple.fr")
    press(page, "Recevoir mes liens de suivi")
    found += accessibility_errors(page)

    assert found == []
    assert console == []


def test_commune_is_chosen_with_the_keyboard(open_page, console):
    page = open_page(NEED)
    box = page.get_by_label("Votre commune")
    box.press_sequentially("saint-apol")
    page.get_by_role("option", name="Saint-Apollinaire (Hautes-Alpes)").wait_for()
    found = accessibility_errors(page)

    for _ in range(2):
        box.press("ArrowDown")
    box.press("Enter")

    assert found == []
    expect(box).to_have_value("Saint-Apollinaire (Hautes-Alpes)")
    expect(page.locator("[name=commune_code]")).to_have_value("05130")
    expect(page.get_by_role("listbox")).to_be_hidden()
    assert console == []


def test_commune_typed_again_replaces_the_choice(open_page):
    page = open_page(NEED)
    box = page.get_by_label("Votre commune")
    box.press_sequentially("beaune")
    page.get_by_role("option").first.click()

    box.press_sequentially("x")

    expect(page.locator("[name=commune_code]")).to_have_value("")


def test_text_is_read_as_one_types(open_page, console):
    page = open_page(NEED)

    page.locator("textarea[name=description]").press_sequentially("Voir avec M. Dupont")

    page.get_by_text("Une personne semble nommée").wait_for()
    assert accessibility_errors(page) == []
    assert console == []


def test_too_many_is_accessible(open_page, settings, monkeypatch):
    settings.BENCH = False
    monkeypatch.setattr(limits, "STEPS_PER_ADDRESS", limits.Limit("x", 0, limits.HOUR))
    page = open_page(NEED)

    write_need(page)

    assert accessibility_errors(page) == []
