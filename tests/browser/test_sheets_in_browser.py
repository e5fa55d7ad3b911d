"""Pages of the spreadsheet in a real browser: accessible, quiet, usable without script at both widths."""

import os
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from directory.sheet_upload import SheetUpload
from directory.sheets import uploads
from experts.models import User
from territories.models import Region
from tests.browser.test_accessibility import accessibility_errors
from tests.directory.sheets.workbooks import csv
from tests.experts.factories import signed_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.demo_directory]

PLIE = "entreprises@plie-dijon.example.org"
OFFICE = ["Institution", "Antenne", "Téléphone de l'antenne", "Courriel de l'antenne", "Territoires"]
FILES = {
    "bad": csv(["Mail", "Tél.", "Sujets"], [PLIE, "03 80 00", "rien"]),
    "good": csv(
        [
            "Institution",
            "Antenne",
            "Téléphone de l'antenne",
            "Courriel de l'antenne",
            "Territoires",
            "Nom",
            "Mail",
            "Tél.",
        ],
        [
            "PLIE",
            "PLIE de la métropole dijonnaise",
            "",
            "",
            "",
            "A",
            "entreprises@plie-dijon.example.org",
            "380112233",
        ],
        [
            "PE",
            "France Travail Beaune",
            "03 80 00 00 01",
            "b@example.org",
            "Beaune",
            "Conseil",
            "c@example.org",
            "",
        ],
    ),
    "pdf": b"%PDF-1.7",
}


@pytest.fixture
def regional():
    region = Region.objects.get(pk="27")
    return User.objects.create_user("r@equipe.example.org", name="La région", role="region", region=region)


@pytest.fixture
def as_regional(page, live_server, regional):
    name = settings.SESSION_COOKIE_NAME
    page.context.add_cookies(
        [{"name": name, "value": signed_in(regional).cookies[name].value, "url": live_server.url}]
    )
    return page


def shown(page, name):
    """Keep a picture when ``SHOTS`` names a folder."""
    if folder := os.environ.get("SHOTS"):
        for width in (1280, 360):
            page.set_viewport_size({"width": width, "height": 800})
            page.screenshot(path=Path(folder) / f"{name}{width}.png", full_page=True)


def test_the_page_of_files_is_accessible(as_regional, live_server, console):
    as_regional.goto(live_server.url + reverse("directory:sheets"))
    shown(as_regional, "sheets")

    assert accessibility_errors(as_regional) == []
    assert console == []


@pytest.mark.parametrize("name", FILES)
def test_the_result_of_a_file_is_accessible(as_regional, live_server, console, regional, name):
    options = {
        "region": "27",
        "whole": "institution:PLIE" if name == "good" else "",
        "replaces_declared": False,
    }
    now = timezone.now()
    upload = uploads.send(FILES[name], f"{name}.csv", author=regional, **options, now=now)

    as_regional.goto(live_server.url + reverse("directory:sheet", args=[upload.pk]))
    shown(as_regional, f"{name}-waiting")
    assert accessibility_errors(as_regional) == []
    uploads.work(upload.pk, clock=timezone.now)
    expect(as_regional.locator("[data-progress]")).to_have_count(0, timeout=60_000)
    shown(as_regional, name)

    assert accessibility_errors(as_regional) == []
    assert console == []
    assert SheetUpload.objects.get().state in {SheetUpload.State.READY, SheetUpload.State.INVALID}
