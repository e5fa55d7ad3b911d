"""Accessibility of the owner's page in each state, closed regions, and expired links."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from owners.views.pages import follow_path
from solicitations import links
from solicitations.actions import company_address, company_requests, expert_answers, expert_messages
from solicitations.lifecycle import MatchState
from solicitations.models import AddressChange, Match, Opening, Solicitation
from territories.models import Region
from tests.browser.test_accessibility import accessibility_errors
from tests.solicitations.factories import match, send

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.demo_directory]


def path_of(sent: Solicitation) -> str:
    return follow_path(Solicitation.objects.get(pk=sent.pk))


def talked_over() -> str:
    sent = send(now=timezone.now())
    taken = match(sent, "recrutement@france-travail")
    expert_answers.move(taken, MatchState.TAKEN, by=taken.mailbox, now=timezone.now())
    expert_messages.ask(taken.mailbox, body="À temps plein ?", now=timezone.now())
    company_requests.add_information(sent, body="Oui, dès janvier.", now=timezone.now())
    expert_messages.ask(taken.mailbox, body="Logement possible ?", now=timezone.now())
    return path_of(sent)


def answered() -> str:
    sent = send("licenciement", now=timezone.now())
    for row in Match.objects.filter(need__solicitation=sent).with_people().in_order():
        expert_answers.move(row, MatchState.TAKEN, by=row.mailbox, now=timezone.now())
        expert_answers.move(
            row, MatchState.HELPED, by=row.mailbox, answer="Deux semaines de préavis.", now=timezone.now()
        )
    return path_of(sent)


def cancelled() -> str:
    sent = send(now=timezone.now())
    company_requests.cancel(sent, now=timezone.now())
    return path_of(sent)


def repeated() -> str:
    send(now=timezone.now())
    return path_of(send(now=timezone.now()))


def uncovered() -> str:
    return path_of(send("plan-formation", now=timezone.now(), commune="97502"))


def corrected_address() -> str:
    sent = send(now=timezone.now())
    company_address.ask(sent, email="gerante@peintures.example.org", now=timezone.now())
    return path_of(sent) + "?merci"


def address_to_confirm() -> str:
    corrected_address()
    return links.address_url(AddressChange.objects.get()).removeprefix(links.absolute(""))


def not_called() -> str:
    return path_of(send(now=timezone.now() - timedelta(days=10)))


def slow_to_leave() -> str:
    send(now=timezone.now() - timedelta(days=5))
    repeated = send(now=timezone.now() - timedelta(days=4))
    return links.mailed_follow_url(repeated).removeprefix(links.absolute(""))


def one_being_cancelled() -> str:
    return path_of(send(now=timezone.now())) + "annuler/"


@pytest.mark.parametrize(
    "make_page",
    [
        talked_over,
        answered,
        cancelled,
        repeated,
        uncovered,
        one_being_cancelled,
        corrected_address,
        address_to_confirm,
        not_called,
        slow_to_leave,
    ],
)
def test_owner_page_is_accessible_without_console_messages(open_page, console, make_page):
    page = open_page(make_page())

    expect(page.locator("h1")).to_be_visible()
    assert accessibility_errors(page) == []
    assert console == []


def test_closed_region_is_accessible_without_console_messages(open_page, console):
    Opening.objects.create(region=Region.objects.get(pk="27"), is_open=False, explanation="Au printemps.")
    page = open_page("/demande/trouver-candidats/")
    page.get_by_label("Votre commune").fill("Is-sur-Tille")
    page.get_by_label("Votre besoin, avec vos mots").fill("Je cherche un peintre.")

    page.get_by_role("button", name="Continuer").click()

    expect(page.get_by_role("heading", name="Nous ne prenons pas encore")).to_be_visible()
    assert accessibility_errors(page) == []
    assert console == []


def test_links_that_are_over_are_accessible(open_page):
    before = timezone.now() - timedelta(days=90)
    sent = send(now=before)
    box = sent.mailboxes.order_by("pk").first()
    company_requests.cancel(sent, now=before)
    paths = [path_of(sent), links.answer_url(box).removeprefix(links.absolute(""))]

    for path in paths:
        page = open_page(path)
        assert accessibility_errors(page) == []
        page.get_by_role("button", name="Recevoir un nouveau lien").click()
        expect(page.get_by_role("heading", name="Un nouveau lien est parti")).to_be_visible()
        assert accessibility_errors(page) == []
