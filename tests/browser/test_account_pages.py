"""Accounts in a browser: a virtual security key, and the accessibility of a team's and an account's pages."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core import mail
from django.core.cache import cache
from django.utils import timezone

from experts.accounts import seat_invitations
from experts.accounts.seat_invitations import Offer
from experts.models import AccessRecord, Expert, Seat, User
from mailing.models import OutgoingEmail
from tests.browser.conftest import press
from tests.browser.test_accessibility import accessibility_errors
from tests.experts.factories import signed_in
from tests.workers import wait_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.demo_directory]

SHOTS: Path | None = None  # a folder where to leave pictures of the pages, to look at them


def look(page, name: str) -> list[str]:
    """Accessibility errors of a page, at both widths."""
    if SHOTS:
        for width in (1280, 360):
            page.set_viewport_size({"width": width, "height": 800})
            page.screenshot(path=str(SHOTS / f"{name}-{width}.png"), full_page=True)
    return accessibility_errors(page)


def mailed_code() -> str:
    wait_for(lambda: bool(mail.outbox))
    return re.search(r"[A-Z]{4}-[A-Z]{4}", mail.outbox[-1].body)[0]


def enter(page, live_server, user: User) -> None:
    name = django_settings.SESSION_COOKIE_NAME
    session = signed_in(user).cookies[name].value
    page.context.add_cookies([{"name": name, "value": session, "url": live_server.url}])


@pytest.fixture
def manager() -> User:
    expert = Expert.objects.order_by("pk")[0]
    user = User.objects.create_user(expert.email, name="Rose Manager")
    Seat.objects.create(user=user, office=expert.office, given_at=timezone.now())
    return user


def test_security_key_is_registered_then_asked_for_at_sign_in(page, open_page, console, manager):
    cache.clear()
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "usb", "isUserVerified": True, "hasUserVerification": True}
    key = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]

    def sign_in() -> None:
        mail.outbox.clear()
        open_page("/connexion/")
        page.get_by_label("Votre adresse électronique").fill(manager.email)
        press(page, "Recevoir un code")
        page.get_by_label("Code reçu par courriel").fill(mailed_code())
        press(page, "Continuer")

    sign_in()
    page.get_by_role("link", name="L'enregistrer à la place").click()
    found = look(page, "key")
    page.get_by_label("Nom de la clé").fill("Clé du trousseau")
    press(page, "Enregistrer ma clé")
    assert page.get_by_role("heading", name="Conservez ces codes de secours").is_visible()
    found += look(open_page("/connexion/securite/cles/"), "keys")
    assert page.get_by_text("Clé du trousseau").first.is_visible()
    open_page("/connexion/fin/")
    press(page, "Me déconnecter")
    sign_in()
    found += look(page, "second-factor")
    press(page, "Utiliser ma clé")

    assert page.url.endswith("/besoins/")
    kinds = manager.access_records.order_by("pk").values_list("kind", flat=True)
    assert list(kinds).count(AccessRecord.Kind.SIGNED_IN) == 2

    # A copy of the key, made before it was used.
    [secret] = devtools.send("WebAuthn.getCredentials", {"authenticatorId": key})["credentials"]
    assert secret["signCount"] > 1
    copied = {"authenticatorId": key, "credential": secret | {"signCount": 0}}
    devtools.send("WebAuthn.clearCredentials", {"authenticatorId": key})
    devtools.send("WebAuthn.addCredential", copied)
    open_page("/connexion/fin/")
    press(page, "Me déconnecter")
    sign_in()
    press(page, "Utiliser ma clé")
    page.get_by_text("son compteur a reculé").wait_for()
    found += look(page, "copied-key")
    devtools.detach()
    last = manager.access_records.latest("pk")
    assert last.kind == AccessRecord.Kind.FACTOR_REFUSED
    assert last.details.endswith("Clé du trousseau\u00a0», peut-être copiée")
    assert (found, console) == ([], [])


def test_pages_of_a_team_and_of_an_account_are_accessible(page, open_page, console, live_server, manager):
    office, now = manager.seats.get().office, timezone.now()
    for name, email, at in (
        ("Paul Martin", "paul.martin@example.org", now),
        ("Lise Roy", "lise.roy@example.org", now - timedelta(days=20)),
    ):
        seat_invitations.invite(email, name=name, offer=Offer(office=office), by=manager, now=at)
    invitation = OutgoingEmail.objects.filter(template="experts/emails/invitation").order_by("pk")[0]
    link = invitation.context["url"].partition("//")[2].partition("/")[2]
    found = look(open_page(f"/{link}"), "invitation")
    enter(page, live_server, manager)
    paths = {
        "office": f"/equipe/antennes/{office.pk}/",
        "end-seat": f"/equipe/places/{manager.seats.get().pk}/retirer/",
        "account": "/connexion/securite/",
        "access": "/connexion/securite/acces/",
        "mailbox": "/connexion/boite/autre/",
    }
    for name, path in paths.items():
        found += look(open_page(path), name)
    open_page(paths["office"])
    press(page, "Envoyer l'invitation")
    found += look(page, "office-errors")
    national = User.objects.create_user("nationale@example.org", role=User.Role.NATIONAL)
    enter(page, live_server, national)
    others = {
        "team": "/equipe/",
        "regions": "/equipe/regions/",
        "log": "/equipe/journal/",
        "reset": f"/equipe/comptes/{manager.pk}/second-facteur/",
    }
    for name, path in others.items():
        found += look(open_page(path), name)

    assert (found, console) == ([], [])
