"""Accessibility of the directory's pages: lists, records, forms and their confirmation, who does what."""

import os

import pytest

from experts.changes import editing, snapshot
from experts.changes.applying import apply
from experts.changes.row_plans import Plan
from experts.models import Cause, Expert, Office
from tests.browser.test_accessibility import accessibility_errors
from tests.experts.factories import ExpertFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.demo_directory]

OFFICE_PATH = "/annuaire/antennes/PE-DIJON/"


@pytest.fixture
def expert() -> Expert:
    return ExpertFactory(office=Office.objects.get(code="PE-DIJON"), has_all_subjects=False)


@pytest.fixture
def journal_entry(now) -> None:
    """Put a change of a phone in the journal."""
    office = Office.objects.get(code="PE-DIJON")
    stored = snapshot.load(offices=[office.pk]).offices[office.code]
    apply(
        Plan(offices=(editing.change(office.code, stored, {"phone": "03 53 09 09 09"}),)),
        cause=Cause.PAGE,
        now=now,
    )


def test_pages_are_accessible_without_console_messages(staff_page, console, expert, journal_entry):
    expert_path = f"/annuaire/referents/{expert.pk}/"
    paths = [
        "/annuaire/",
        "/annuaire/?lieu=Saint-Apollinaire&q=zzzz",
        "/annuaire/referents/?etat=sans-sujet",
        OFFICE_PATH,
        *(
            f"{OFFICE_PATH}{name}/"
            for name in ("coordonnees", "territoires", "entreprises", "role", "fermer")
        ),
        f"{OFFICE_PATH}nouveau-referent/",
        "/annuaire/antennes/nouvelle/",
        expert_path,
        *(
            f"{expert_path}{name}/"
            for name in ("sujets", "territoires", "absence", "depart", "antenne", "pause")
        ),
        "/annuaire/zones/",
        "/annuaire/zones/bassin-dijonnais/",
        "/annuaire/zones/nouvelle/",
        "/annuaire/journal/",
        "/annuaire/qui-fait-quoi/?region=27&theme=recrutement",
        "/annuaire/qui-fait-quoi/case/?region=27&institution=PE&sujet=saisonniers",
        f"{OFFICE_PATH}reunir/",
        "/annuaire/guichets/",
        f"{OFFICE_PATH}nouveau-referent/?sujet=saisonniers&territoire=department:21",
    ]

    found = [f"{path} {line}" for path in paths for line in accessibility_errors(staff_page(path))]

    assert found == []
    assert console == []


def test_areas_are_chosen_without_javascript_and_shown_before_they_are_saved(staff_page):
    page = staff_page(f"{OFFICE_PATH}territoires/")
    page.get_by_label("Ajouter des territoires").fill("Saint-Apollinaire ; 71")
    page.get_by_role("button", name="Voir le résultat").press("Enter")

    assert accessibility_errors(page) == []
    page.get_by_label("Saint-Apollinaire (commune, Côte-d'Or)").press("Space")
    page.get_by_role("button", name="Voir le résultat").press("Enter")
    assert accessibility_errors(page) == []
    assert page.locator(".area-map path[fill*='area-1-gained']").count() > 1
    page.get_by_role("button", name="Enregistrer").press("Enter")

    page.get_by_text("Les territoires de l'antenne sont enregistrés.").wait_for()


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without"])
def test_areas_are_edited_with_the_keyboard_alone(new_browser_page, live_server, signed_in_page, javascript):
    page = signed_in_page(new_browser_page(javascript=javascript))
    page.goto(f"{live_server.url}{OFFICE_PATH}territoires/", wait_until="networkidle")
    press_until_focused(page, "textarea[name=added]")
    page.keyboard.type("21800 ; Saint-Apollinaire ; 71")
    press_until_focused(page, "main button[type=submit]")
    page.keyboard.press("Enter")

    page.get_by_text("décochez les communes à laisser").wait_for()
    take_picture(page, f"questions-{javascript}")
    press_until_focused(page, "input[value='commune:21171']")
    page.keyboard.press("Space")
    press_until_focused(page, "input[value='commune:21540']")
    page.keyboard.press("Space")
    press_until_focused(page, "main button[type=submit]")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Enregistrer").wait_for()
    take_picture(page, f"effects-{javascript}")
    press_until_focused(page, "main button[value=confirmer]")
    page.keyboard.press("Enter")

    page.get_by_text("Les territoires de l'antenne sont enregistrés.").wait_for()
    refs = {str(area.ref) for area in Office.objects.get(code="PE-DIJON").areas.all()}
    assert {"commune:21515", "commune:21540", "department:71"} < refs
    assert "commune:21171" not in refs


def take_picture(page, name: str) -> None:
    """Picture of a page at each width and on paper, when ``PICTURES`` names a folder."""
    folder = os.environ.get("PICTURES")
    for width in (1280, 360) if folder else ():
        page.set_viewport_size({"width": width, "height": 800})
        page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)
    if folder:
        page.emulate_media(media="print")
        page.screenshot(path=f"{folder}/{name}-print.png", full_page=True)
        page.emulate_media(media="screen")


def test_a_cell_of_who_does_what_is_changed_with_the_keyboard_alone(staff_page):
    page = staff_page("/annuaire/qui-fait-quoi/?region=27&theme=recrutement")
    page.locator("a[href*='institution=PE&'][href*='sujet=saisonniers']").focus()
    page.keyboard.press("Enter")
    page.get_by_role("checkbox").first.wait_for()

    press_until_focused(page, "input[type=checkbox]")
    page.keyboard.press("Space")
    press_until_focused(page, "main button[type=submit]")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Enregistrer").wait_for()
    assert accessibility_errors(page) == []
    press_until_focused(page, "main button[value=confirmer]")
    page.keyboard.press("Enter")

    page.get_by_text("Les sujets des référents sont enregistrés.").wait_for()


def press_until_focused(page, selector: str) -> None:
    """Press the tab key until an element of this selector has the focus."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.locator(f":is({selector}):focus").count():
            return
    raise AssertionError(f"{selector} is not reached with the keyboard")
