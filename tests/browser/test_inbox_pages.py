"""The inbox in a real browser: accessible, quiet, readable on a phone."""

import os
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Page

from experts.models import CannedAnswer, Seat, User
from solicitations.actions import expert_answers, feedback
from solicitations.lifecycle import MatchState
from solicitations.models import Match
from tests.browser.test_accessibility import WIDTHS, accessibility_errors
from tests.experts.factories import ExpertFactory, PersonFactory, signed_in
from tests.solicitations.factories import send
from workspace import call_planning

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.demo_directory]
UNFOLDED = {"searched", "taken", "request taken"}
EMAIL = "recrutement@france-travail-dijon.example.org"


@pytest.fixture
def needs() -> list[Match]:
    """A morning of needs: late, not called, taken, confidential, just arrived."""
    now = timezone.now()
    for days, name in enumerate(("Boulangerie Petit", "Garage du Val", "Menuiserie Roy", "Sarl Lune")):
        send(now=now - timedelta(days=days * 3), company_name=name, siret="", email=f"{days}@x.example.org")
    send("contrat-travail", now=now, company_name="Atelier Brun", siret="", email="b@x.example.org")
    rows = list(Match.objects.filter(mailbox__email=EMAIL).with_people().order_by("pk"))
    expert_answers.move(rows[1], MatchState.TAKEN, by=rows[1].mailbox, now=now, first_name="Nadia")
    feedback.report_not_called(rows[0].mailbox.solicitation, now=now)
    return rows


@pytest.fixture
def forty_needs() -> None:
    now = timezone.now()
    for number in range(40):
        at = now - timedelta(minutes=number)
        send(now=at, company_name=f"Atelier {number:02d}", siret="", email=f"{number}@x.example.org")


@pytest.fixture
def open_as(open_page, page, live_server) -> Callable[..., Page]:
    """Open a page as a signed-in account."""

    def opened(user: User, path: str) -> Page:
        enter(page, user, live_server.url)
        return open_page(path)

    return opened


def enter(page: Page, user: User, site: str) -> None:
    name = settings.SESSION_COOKIE_NAME
    session = signed_in(user).cookies[name].value
    page.context.add_cookies([{"name": name, "value": session, "url": site}])


def wait_for_answer(page: Page, text: str) -> None:
    """Wait for a page with these words, and for its scripts: before them, keys do nothing."""
    page.get_by_text(text).wait_for()
    page.wait_for_load_state()


def shoot(page: Page, name: str) -> None:
    """Save pictures of the page where ``PICTURES`` says, to be looked at."""
    if folder := os.environ.get("PICTURES"):
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)


def test_expert_and_manager_pages_are_accessible_without_console_messages(
    open_as, console, needs, live_server
):
    person = PersonFactory(email=EMAIL, name="Mme Robert")
    Seat.objects.create(user=person, office=needs[0].expert.office, given_at=timezone.now())
    row = needs[0]
    karim = ExpertFactory(office=row.expert.office, name="Karim Dubois", phone="03 80 12 34 56")
    Match.objects.filter(pk=needs[3].pk).update(
        expert=needs[0].expert.office.experts.exclude(pk=row.expert_id).first() or row.expert
    )
    call_planning.plan(row.mailbox, starts_at=timezone.now() + timedelta(days=2), now=timezone.now())
    kept = CannedAnswer.objects.create(
        institution=row.expert.office.institution,
        title="Pièces à préparer",
        body="Préparez votre numéro SIRET et la fiche de poste.",
        changed_by=person,
        changed_at=timezone.now(),
    )
    errors, page = [], open_as(person, "/besoins/")
    for name, path in {
        "list": "/besoins/",
        "taken": "/besoins/?onglet=pris-en-charge",
        "managed": "/besoins/?pour=antennes&onglet=tous",
        "empty": "/besoins/?onglet=refuses",
        "searched": "/besoins/?q=menuiserie&du=2026-01-02",
        "request": f"/besoins/{row.mailbox_id}/",
        "request taken": f"/besoins/{needs[1].mailbox_id}/",
        "search person": f"/besoins/{row.mailbox_id}/besoins/{row.pk}/chercher/?q=dijon",
        "person": f"/besoins/{row.mailbox_id}/besoins/{row.pk}/chercher/?qui={karim.pk}",
        "canned": "/mes-antennes/reponses/",
        "canned answer": f"/mes-antennes/reponses/{kept.pk}/",
        "team": "/mes-antennes/",
        "reassign": f"/mes-antennes/personnes/{row.expert_id}/confier/",
        "team absence": f"/mes-antennes/personnes/{row.expert_id}/absence/",
    }.items():
        page.goto(f"{live_server.url}{path}")
        for summary in page.locator("summary").all() if name in UNFOLDED else ():
            summary.click()
        shoot(page, name)
        errors += [f"{name} {line}" for line in accessibility_errors(page)]

    assert errors == []
    assert console == []


def test_keys_move_open_and_take_and_none_acts_in_a_field(open_as, console, needs):
    page = open_as(PersonFactory(email=EMAIL), "/besoins/")
    page.locator("#recherche").press("j")
    assert page.locator(".inbox-row--current").count() == 0

    page.locator("#touches summary").click()
    switch = page.locator("#touches-actives")
    switch.evaluate("box => box.click()")
    page.keyboard.press("j")
    page.reload()
    page.locator("h1").click()
    page.keyboard.press("j")
    assert page.locator(".inbox-row--current").count() == 0
    assert not switch.is_checked()
    switch.evaluate("box => box.click()")
    page.locator("#touches summary").focus()
    for key in ("j", "j", "k", "o"):
        page.keyboard.press(key)
    page.wait_for_url("**/besoins/*/")
    page.keyboard.press("d")
    page.keyboard.press("t")
    page.keyboard.press("u")  # the reasons are fields too
    assert Match.objects.taken().filter(mailbox__email=EMAIL).count() == 1
    page.locator("h1").click()
    page.keyboard.press("t")
    wait_for_answer(page, "Vous prenez en charge")
    page.keyboard.press("u")
    page.wait_for_url("**/besoins/")
    page.keyboard.press("/")

    assert page.evaluate("document.activeElement.id") == "recherche"
    assert Match.objects.taken().filter(mailbox__email=EMAIL).count() == 2
    assert console == []


def test_morning_of_forty_needs_by_keyboard(open_as, console, forty_needs):
    """Three are taken and one declined without a mouse; the thirty-six left are all there."""
    page = open_as(PersonFactory(email=EMAIL), "/besoins/")
    assert "40" in page.get_by_role("link", name="À répondre").inner_text()

    page.keyboard.press("j")
    page.keyboard.press("o")
    for number in range(4):
        page.wait_for_url("**/besoins/*/")
        if number < 3:
            page.keyboard.press("t")
            wait_for_answer(page, "Vous prenez en charge")
        else:
            page.keyboard.press("d")
            page.keyboard.press("Space")
            page.keyboard.press("Enter")
            wait_for_answer(page, "Vous avez décliné")
        here = page.url
        page.keyboard.press("j" if number < 3 else "u")
        page.wait_for_url(lambda url, here=here: url != here)

    of_expert = Match.objects.filter(mailbox__email=EMAIL)
    assert (of_expert.taken().count(), of_expert.sent().count()) == (3, 36)
    assert "36" in page.get_by_role("link", name="À répondre").inner_text()
    assert page.locator(".inbox-row--unread").count() == 25  # a whole page
    assert console == []


def test_list_and_open_request_follow_what_others_do(new_browser_page, live_server, needs):
    """The list changes by itself, keeping the row one is on; an open request says that it changed."""
    page = new_browser_page()
    page.clock.install()  # for as long as this browser context lives
    enter(page, PersonFactory(email=EMAIL), live_server.url)
    page.goto(f"{live_server.url}/besoins/")
    page.keyboard.press("j")
    shown, current = (
        page.locator(".inbox-table tbody tr"),
        page.locator(".inbox-row--current").get_attribute("id"),
    )
    before = shown.count()
    page.clock.run_for(21_000)

    send(now=timezone.now(), company_name="Fonderie Neuve", siret="", email="n@x.example.org")
    page.clock.run_for(21_000)
    page.get_by_text("Fonderie Neuve").wait_for()
    assert shown.count() == before + 1
    assert page.locator(".inbox-row--current").get_attribute("id") == current

    page.goto(f"{page.url}{needs[2].mailbox_id}/")
    expert_answers.move(
        needs[2], MatchState.TAKEN, by=needs[2].mailbox, now=timezone.now(), first_name="Karim"
    )
    page.clock.run_for(21_000)
    page.get_by_text("Cette demande vient de changer").wait_for()
