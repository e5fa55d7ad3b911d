"""A new regional admin fills an empty region alone: public offices, sheet of holes, simulator."""

import io
import json
import re

import openpyxl
import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from directory import tasks
from directory.coverage import page_content
from directory.sheet_upload import SheetUpload
from experts.models import Expert, Office, User
from solicitations.models import Match, Need
from territories.models import Region
from tests.browser.test_accessibility import accessibility_errors
from tests.browser.test_inbox_pages import enter, shoot
from tests.directory.test_import_public_offices import CARD
from tests.solicitations.factories import send

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.demo_directory]

TOWNS = {"21054": "Beaune", "21464": "Nuits-Saint-Georges", "39198": "Dole", "71153": "Le Creusot"}
PHONE, OFFICE_MAIL = "03 80 00 00 01", "contact@antenne.example.org"
# Columns of the sheet of holes that are completed, with what is typed there.
TYPED = {
    "Nom de l'antenne": "Antenne {line}",
    "Téléphone de l'antenne": PHONE,
    "Courriel de l'antenne": OFFICE_MAIL,
    "Nom du référent": "Service {line}",
    "Courriel du référent": "service{line}@antenne.example.org",
    "Sujets": "tous",
}


def public_offices() -> bytes:
    """Four offices of the State's open directory."""
    services = [
        CARD
        | {
            "id": code,
            "siret": "",
            "nom": f"Mission locale - {name}",
            "pivot": [{"type_service_local": "mission_locale", "code_insee_commune": [code]}],
        }
        for code, name in TOWNS.items()
    ]
    return json.dumps({"service": services}).encode()


def completed(content: bytes, *, start: int) -> bytes:
    """The sheet of holes, in which each empty cell that a new line needs is typed."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    sheet = book["Annuaire"]
    columns = {cell.value: cell.column for cell in sheet[1]}
    for row in range(2, sheet.max_row + 1):
        for heading, text in TYPED.items():
            cell = sheet.cell(row, columns[heading])
            cell.value = cell.value or text.format(line=start + row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def holes_left() -> int:
    now = timezone.now()
    return len(page_content.compute("27", subject="", on=timezone.localdate(now), now=now).holes())


class RegionalAdmin:
    """A person at their browser, and the worker that reads their files."""

    def __init__(self, page: Page, site: str) -> None:
        self.page, self.site = page, site

    def open(self, path: str) -> None:
        self.page.goto(self.site + path)

    def send(self, name: str, content: bytes, *, button: str) -> None:
        """Send a file, and wait until it is read."""
        self.page.locator("input[type=file]").set_input_files(
            {"name": name, "mimeType": "application/octet-stream", "buffer": content}
        )
        self.page.get_by_role("button", name=button).click()
        self.page.wait_for_url(re.compile(r"/tableur/\d+/"))
        self.work()

    def press(self, button: str) -> None:
        """Press a button that has a file written, and wait until it is."""
        self.page.get_by_role("button", name=button).click()
        self.page.wait_for_load_state()
        self.work()

    def work(self) -> None:
        tasks.work_on_sheet(SheetUpload.objects.latest("pk").pk)
        self.page.reload()

    def download_holes(self) -> bytes:
        self.open("/annuaire/tableur/")
        with self.page.expect_download() as download:
            self.page.get_by_role("link", name="Les trous de ma région").click()
        return download.value.path().read_bytes()

    def check(self, name: str) -> None:
        """Keep pictures, and check that the page is accessible at both widths."""
        shoot(self.page, name)
        assert accessibility_errors(self.page) == []
        self.page.set_viewport_size({"width": 1280, "height": 800})


@pytest.fixture
def admin(page, live_server) -> RegionalAdmin:
    Expert.objects.filter(office__region="27").delete()
    Office.objects.filter(region="27").delete()
    region = Region.objects.get(pk="27")
    user = User.objects.create_user("r@equipe.example.org", name="Nouvelle", role="region", region=region)
    enter(page, user, live_server.url)
    return RegionalAdmin(page, live_server.url)


def test_an_empty_region_is_filled_until_nothing_is_missing(admin, console):
    page = admin.page
    admin.open("/annuaire/")
    admin.check("1-empty-list")
    admin.open("/annuaire/couverture/27/")
    admin.check("2-empty-coverage")

    admin.open("/annuaire/guichets/")
    admin.send("base.json", public_offices(), button="Voir les guichets")
    admin.check("3-offer")
    page.get_by_role("button", name="Garder ces choix, voir la suite").click()
    page.get_by_role("heading", name="Jura (39)").wait_for()
    page.get_by_label("Mission locale - Dole").uncheck(force=True)
    admin.press("Enregistrer tout ce qui est coché")
    admin.check("4-offices")
    assert Office.objects.filter(region="27").count() == 3

    for turn in range(3):
        if not holes_left():
            break
        holes = admin.download_holes()
        admin.send(f"trous{turn}.xlsx", completed(holes, start=1000 * turn), button="Voir ce que le fichier")
        admin.check(f"5-dry-run-{turn}")
        admin.press("Enregistrer")
    assert holes_left() == 0
    admin.open("/annuaire/couverture/27/")
    admin.check("6-full-coverage")
    expect(page.get_by_text("100 %").first).to_be_visible()

    office_closed_with_needs(admin)
    assert console == []


def office_closed_with_needs(admin: RegionalAdmin) -> None:
    """Ask who would get a request, close an office that has one, and undo it."""
    page, sent = admin.page, send("trouver-candidats", now=timezone.now())
    office = Match.objects.get(need__solicitation=sent, expert__office__region="27").expert.office
    admin.open(f"/annuaire/simulateur/?sujet=trouver-candidats&commune=21231&antenne={office.code}")
    admin.check("7-simulator")
    expect(page.get_by_text(office.name).first).to_be_visible()

    admin.open(f"/annuaire/antennes/{office.code}/fermer/")
    day = page.locator("[name=closed_on]")
    day.fill(f"{timezone.localdate():{'%Y-%m-%d' if day.get_attribute('type') == 'date' else '%d/%m/%Y'}}")
    page.get_by_role("button", name="Continuer").click()
    page.get_by_role("button", name="Enregistrer").wait_for()
    admin.check("8-closing")
    page.get_by_role("button", name="Enregistrer").click()
    page.wait_for_load_state()
    assert Office.objects.get(pk=office.pk).closed_on is not None
    admin.open(f"/annuaire/journal/?antenne={office.code}")
    page.locator("main h2 a").first.click()
    admin.check("9-revision")
    page.get_by_role("button", name="Annuler ce changement").click()
    page.wait_for_load_state()

    assert Office.objects.get(pk=office.pk).closed_on is None
    assert Need.objects.get(solicitation=sent).state != "uncovered"
