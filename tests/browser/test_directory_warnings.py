"""Accessibility of the directory's pages that warn: what a change takes away, who changed the same thing."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from django.utils import timezone
from playwright.sync_api import Page

from directory.own_record import record_links
from experts.changes import editing, snapshot
from experts.changes.applying import apply
from experts.changes.row_plans import Plan
from experts.models import Cause, Expert, Office, RegionDetails, Revision
from solicitations.models import Match
from territories.areas import AreaRef
from territories.models import Area, Commune
from territories.vanished_areas import VanishedArea, keep_as_zones
from tests.browser.test_accessibility import accessibility_errors
from tests.solicitations.factories import send

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.demo_directory]

OFFICE = "/annuaire/antennes/PE-DIJON/"
SHOW = "Voir le résultat"


def closing(open_page: Callable[[str], Page]) -> Page:
    """Confirmation of a closing that leaves communes to nobody, and open requests."""
    page = open_page("/annuaire/antennes/CAPE-21/fermer/")
    page.locator("input[name=closed_on]").fill("2027-01-04")
    page.locator("main button[type=submit]").first.click()
    page.get_by_text("Plus personne n'y répondra").wait_for()
    return page


def address_in_use(open_page: Callable[[str], Page]) -> Page:
    """Confirmation of an address that somebody else has in another office."""
    expert = Expert.objects.get(email="recrutement@france-travail-dijon.example.org")
    other = Expert.objects.exclude(office=expert.office).filter(left_at=None).order_by("pk")[0]
    page = open_page(f"/annuaire/referents/{expert.pk}/adresse/")
    page.locator("input[name=email]").fill(other.email.upper())
    page.locator("main button[type=submit]").first.click()
    page.get_by_text("répond déjà dans").wait_for()
    return page


def undo(open_page: Callable[[str], Page]) -> Page:
    """Page of a change with what its undo would do."""
    office = Office.objects.get(code="PLIE-DIJON")
    stored = snapshot.load(offices=[office.pk]).offices[office.code]
    facts = {"areas": frozenset({Area.objects.get(kind="department", code="21").ref})}
    plan = Plan(offices=(editing.change(office.code, stored, facts),))
    apply(plan, cause=Cause.PAGE, now=datetime.now(UTC))
    page = open_page(f"/annuaire/journal/{Revision.objects.newest_first()[0].pk}/")
    page.get_by_role("button", name="Annuler ce changement").wait_for()
    return page


def two_people(open_page: Callable[[str], Page]) -> Page:
    """Page that shows a field that two people changed."""
    page = open_page(f"{OFFICE}coordonnees/")
    office = Office.objects.get(code="PE-DIJON")
    stored = snapshot.load(offices=[office.pk]).offices[office.code]
    plan = Plan(offices=(editing.change(office.code, stored, {"phone": "03 53 09 09 09"}),))
    apply(plan, cause=Cause.PAGE, now=datetime.now(UTC))
    page.locator("input[name=phone]").fill("03 53 08 08 08")
    page.locator("main button[type=submit]").first.click()
    page.get_by_text("03 53 09 09 09").first.wait_for()
    return page


def two_people_in_a_region(open_page: Callable[[str], Page]) -> Page:
    """Form of a region's contact that two people changed."""
    page = open_page("/annuaire/region/27/coordonnees/")
    RegionDetails.objects.create(region_id="27", name="Direction régionale", phone="03 80 12 34 56")
    page.locator("input[name=name]").fill("DREETS")
    page.locator("main button[type=submit]").first.click()
    page.get_by_text("Ce que quelqu'un d'autre vient de changer").wait_for()
    return page


def pasted_areas(open_page: Callable[[str], Page]) -> Page:
    """Area form with a pasted list: homonyms are asked, unknown ones said."""
    page = open_page(f"{OFFICE}territoires/")
    page.get_by_label("Ajouter des territoires").fill(
        "Dijon (commune 21231)\nSaint-Denis\n27\n99999\nDépt 71"
    )
    page.get_by_role("button", name=SHOW).click()
    page.get_by_text("99999").first.wait_for()
    return page


def office_to_complete(open_page: Callable[[str], Page]) -> Page:
    """Page of an office whose phone and address nobody knows yet."""
    institution = Office.objects.get(code="PE-DIJON").institution
    Office.objects.create(code="pe-beaune", institution=institution, name="France Travail Beaune")
    page = open_page("/annuaire/antennes/pe-beaune/")
    page.get_by_text("Coordonnées à compléter").first.wait_for()
    return page


def zone_of_a_file(open_page: Callable[[str], Page]) -> Page:
    """Page of a zone that was changed here and that a file gives too."""
    zone = Area.objects.get(kind="zone", code="bassin-dijonnais")
    stored = snapshot.load(zones=[zone.pk]).zones[zone.code]
    facts = {"name": "Bassin de Dijon", "source": Area.Source.HAND}
    plan = Plan(zones=(editing.change(zone.code, stored, facts),))
    apply(plan, cause=Cause.PAGE, now=datetime.now(UTC))
    page = open_page("/annuaire/zones/bassin-dijonnais/")
    page.get_by_text("Reprendre les valeurs du fichier").click()
    page.get_by_text("Le prochain fichier remplacera").wait_for()
    return page


def list_of_an_office(open_page: Callable[[str], Page]) -> Page:
    """Page that an office's mailbox opens from its letter."""
    office = Office.objects.get(code="PE-DIJON")
    url = urlsplit(record_links.office_url(office, today=timezone.localdate()))
    page = open_page(url.path)
    page.get_by_role("button", name="Oui, la liste est juste").wait_for()
    return page


def vanished_epci(open_page: Callable[[str], Page]) -> Page:
    """Page of the zone of an EPCI that vanished, with its heir."""
    siren = "242100410"
    codes = Commune.objects.filter(epci=siren).values_list("pk", flat=True)
    communes = tuple(AreaRef("commune", code) for code in codes)
    keep_as_zones([VanishedArea(AreaRef("epci", siren), "Dijon Métropole", communes)])
    page = open_page(f"/annuaire/zones/epci-{siren}/")
    page.get_by_text("Ce territoire n'existe plus").wait_for()
    return page


PAGES = [
    list_of_an_office,
    vanished_epci,
    closing, address_in_use, undo, two_people, two_people_in_a_region, pasted_areas, office_to_complete,
    zone_of_a_file,
]  # fmt: skip


@pytest.mark.parametrize("warned", PAGES, ids=lambda page: page.__name__)
def test_a_page_that_warns_is_accessible_at_each_width(staff_page, console, commit, now, warned):
    send(now=now)
    assert Match.objects.exists()

    page = warned(staff_page)

    assert accessibility_errors(page) == []
    if folder := os.environ.get("PICTURES"):
        for width in (1280, 360):
            page.set_viewport_size({"width": width, "height": 800})
            page.screenshot(path=f"{folder}/{warned.__name__}-{width}.png", full_page=True)
    assert console == []
