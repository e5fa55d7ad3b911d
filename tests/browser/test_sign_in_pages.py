"""Accessibility of the sign-in pages, errors included, and of the demo's roles."""

import re

import pytest
from allauth.mfa.totp.internal import auth as totp
from django.core import mail
from django.core.cache import cache

from experts.models import Expert, User
from tests.browser.conftest import press
from tests.browser.test_accessibility import accessibility_errors
from tests.experts import proconnect_server
from tests.workers import wait_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.demo_directory]


def code_of(secret: str) -> str:
    counter = max(totp.yield_hotp_counters_from_time())
    return totp.format_hotp_value(totp.hotp_value(secret, counter))


def test_every_step_and_its_errors_are_accessible(open_page, console):
    cache.clear()
    User.objects.create_user("equipe@example.org", role=User.Role.NATIONAL)
    page = open_page("/connexion/")
    found = [*accessibility_errors(page)]
    press(page, "Recevoir un code")
    found += accessibility_errors(page)
    page.get_by_label("Votre adresse électronique").fill("equipe@example.org")
    press(page, "Recevoir un code")
    found += accessibility_errors(page)
    page.get_by_label("Code reçu par courriel").fill("AAAA-AAAA")
    press(page, "Continuer")
    found += accessibility_errors(page)
    wait_for(lambda: bool(mail.outbox))  # it leaves once the page has
    code = re.search(r"[A-Z]{4}-[A-Z]{4}", mail.outbox[-1].body)[0]
    page.get_by_label("Code reçu par courriel").fill(code)
    press(page, "Continuer")
    found += accessibility_errors(page)
    secret = page.locator("dd code").inner_text()
    page.get_by_label("Code de votre application").fill("000000")
    press(page, "Enregistrer mon application")
    found += accessibility_errors(page)
    secret = page.locator("dd code").inner_text()
    page.get_by_label("Code de votre application").fill(code_of(secret))
    press(page, "Enregistrer mon application")
    found += accessibility_errors(page)
    for path in ("/connexion/securite/", "/connexion/fin/"):
        found += accessibility_errors(open_page(path))

    assert found == []
    assert console == []


def test_roles_of_the_demo_are_accessible(open_page, console, settings):
    settings.DEMO = True

    assert accessibility_errors(open_page("/demo/")) == []
    assert accessibility_errors(open_page("/connexion/")) == []
    assert accessibility_errors(open_page("/courrier/")) == []
    assert console == []


def test_the_way_through_proconnect_and_back_is_accessible_and_obeys_our_policy(
    open_page, console, live_server, settings
):
    cache.clear()
    with proconnect_server.running() as server:
        settings.SITE_URL, settings.PROCONNECT_ISSUER = live_server.url, server.issuer
        settings.PROCONNECT_CLIENT_ID = proconnect_server.CLIENT
        settings.PROCONNECT_CLIENT_SECRET = proconnect_server.SECRET
        page = open_page("/connexion/")
        found = [*accessibility_errors(page)]
        page.get_by_role("button", name="S'identifier avec ProConnect").click()
        page.get_by_role("heading", name="Cette adresse n'ouvre rien ici").wait_for()
        found += accessibility_errors(page)
        expert = Expert.objects.filter(email__startswith="recrutement@").earliest("pk")
        server.person["email"] = expert.email
        page.get_by_role("link", name="Recevoir un code").click()
        page.get_by_role("button", name="S'identifier avec ProConnect").click()
        page.get_by_role("heading", name="Mes besoins").wait_for()

        page.goto(f"{live_server.url}/connexion/fin/")
        page.get_by_role("button", name="Me déconnecter").click()
        page.wait_for_url(f"{live_server.url}/")

        assert "session/end" in server.paths
        assert found == []
        assert not [line for line in console if "Content Security Policy" in line]
