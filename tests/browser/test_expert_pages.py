"""The expert's page in every state: accessibility, console messages, keyboard focus."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from solicitations.actions import company_requests, expert_answers, expert_messages
from solicitations.lifecycle import MatchState
from solicitations.models import Mailbox, Match, Solicitation
from tests.browser.test_accessibility import accessibility_errors
from tests.solicitations.factories import mailbox, match, send
from tests.workspace.conftest import answer_path

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.demo_directory]


@pytest.fixture
def sent() -> Solicitation:
    return send(now=timezone.now() - timedelta(hours=2), phone="03 53 02 00 01")


@pytest.fixture
def box(sent) -> Mailbox:
    return mailbox(sent, "recrutement@france-travail")


def act(row: Match, target: MatchState, **answer: str) -> None:
    expert_answers.move(row, target, by=row.mailbox, now=timezone.now(), **answer)


def untouched(sent: Solicitation) -> None:
    other = match(sent, "entreprises@mission-locale")
    act(other, MatchState.TAKEN)
    expert_messages.post_message(other.mailbox, body="Qui appelle ?", now=timezone.now())
    expert_messages.ask(other.mailbox, body="Temps plein ?", now=timezone.now())


def taken(sent: Solicitation) -> None:
    act(match(sent, "recrutement@france-travail"), MatchState.TAKEN)


def helped(sent: Solicitation) -> None:
    taken(sent)
    act(match(sent, "recrutement@france-travail"), MatchState.HELPED, comment="Deux candidats envoyés.")


def declined(sent: Solicitation) -> None:
    act(
        match(sent, "recrutement@france-travail"),
        MatchState.DECLINED,
        decline_reason="other",
        comment="Trop loin.",
    )


def cancelled(sent: Solicitation) -> None:
    company_requests.cancel(sent, now=timezone.now())


@pytest.mark.parametrize("happened", [untouched, taken, helped, declined, cancelled])
@pytest.mark.parametrize("choice", ["", "?choix=decliner"])
def test_page_is_accessible_without_console_messages(
    open_page, console, sent, box, happened: Callable[[Solicitation], None], choice
):
    happened(sent)

    page = open_page(answer_path(box) + choice)

    assert accessibility_errors(page) == []
    assert console == []


@pytest.mark.parametrize("slug", ["dettes-fiscales", "contrat-travail"])
def test_confidential_and_labour_law_pages_are_accessible(open_page, console, slug):
    request = send(slug, now=timezone.now(), siret="")

    page = open_page(answer_path(request.mailboxes.order_by("pk").first()))

    assert accessibility_errors(page) == []
    assert console == []


def test_the_choice_of_the_mail_has_the_focus_and_one_key_takes(open_page, box):
    page = open_page(f"{answer_path(box)}?choix=prendre")

    page.keyboard.press("Enter")

    expect(page.get_by_text("Vous avez pris ce besoin en charge").first).to_be_visible()
    assert box.matches.get().state == MatchState.TAKEN


def test_what_was_refused_is_shown_open_with_its_error(open_page, console, box):
    page = open_page(answer_path(box))
    page.get_by_text("Je ne peux pas").click()
    page.get_by_role("radio", name="Autre raison").check(force=True)

    page.get_by_role("button", name="Décliner").click()

    expect(
        page.locator(".fr-message--error", has_text="Précisez la raison en quelques mots.")
    ).to_be_visible()
    assert accessibility_errors(page) == []


def test_without_javascript_everything_can_be_answered(new_browser_page, live_server, box):
    page = new_browser_page(javascript=False, width=360)
    page.goto(f"{live_server.url}{answer_path(box)}")

    page.get_by_text("Je ne peux pas").click()
    page.get_by_role("radio", name="Ce n'est pas mon sujet").check(force=True)
    page.get_by_role("button", name="Décliner").click()

    expect(page.get_by_text("C'est noté : vous déclinez")).to_be_visible()
    expect(page.get_by_role("button", name="Annuler")).to_be_visible()


TOO_SMALL = """() => [...document.querySelectorAll(
    '.rl-answer button, .rl-answer summary, .rl-answer select, .rl-answer a.fr-link, .rl-answer a.fr-btn, '
    + '.rl-answer textarea, .rl-answer input:not([type=hidden]):not([type=radio]):not([type=checkbox])')]
    .filter(one => one.offsetParent && one.getBoundingClientRect().height < 43.5)
    .map(one => one.outerHTML.slice(0, 90) + one.getBoundingClientRect().height)"""


def test_an_ordinary_need_is_used_by_thumb_and_prints_on_two_pages(open_page, sent, box):
    untouched(sent)
    taken(sent)
    page = open_page(answer_path(box))
    page.set_viewport_size({"width": 360, "height": 740})
    for summary in page.locator("summary").all():
        summary.click()

    assert page.evaluate(TOO_SMALL) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    printed = page.pdf(format="A4")
    assert len(re.findall(rb"/Type\s*/Page[^s]", printed)) <= 2
