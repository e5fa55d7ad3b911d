"""A request from the home page to its end in a browser: an owner, two experts, then staff."""

import re
from datetime import timedelta

import pytest
from allauth.mfa.totp.internal import auth as totp
from django.utils import timezone
from playwright.sync_api import Page, expect

from experts.models import User
from mailing import delivery
from mailing.models import OutgoingEmail
from solicitations.models import Mailbox, Solicitation
from territories.models import Region
from tests.journeys.simulation import body, link
from tests.workers import running_worker, wait_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.demo_directory]

OWNER, ADMIN = "gerante@peintures.example.org", "regional@dreets-bfc.example.org"
WISH = "Je voudrais recruter une personne handicapée pour l'accueil."


def test_request_goes_from_the_home_page_to_its_end(
    new_browser_page, live_server, company_register, smtp_sink, process_environment
):
    owner = new_browser_page()
    with running_worker(process_environment, smtp_sink):
        owner.goto(live_server.url)
        find_subject(owner)
        pick_commune(owner)
        send(owner)
        experts = list(Mailbox.objects.order_by("pk").values_list("email", flat=True))
        wait_for(lambda: len(smtp_sink.messages) == 1 + len(experts) == 3)
    taker, other = new_browser_page(), new_browser_page()
    taker.goto(on_live_server(live_server, link(smtp_sink.to(experts[0])[0], "Je prends en charge")))
    answer(taker)
    other.goto(on_live_server(live_server, link(smtp_sink.to(experts[1])[0], "Je ne peux pas")))
    decline(other)
    deliver_waiting_mails()
    follow_url = link(smtp_sink.to(OWNER)[-1], "Suivre ma demande")
    owner.goto(on_live_server(live_server, follow_url))
    expect(owner.get_by_role("main")).to_contain_text("l'a prise en charge")
    end(taker)
    owner.reload()
    expect(owner.get_by_role("main")).to_contain_text("Les conseillers ont répondu à votre demande.")
    read_as_staff(new_browser_page(), live_server, smtp_sink)


def test_request_goes_to_its_end_without_javascript(
    new_browser_page, live_server, company_register, smtp_sink
):
    owner = new_browser_page(javascript=False, width=360)
    owner.goto(live_server.url)
    find_subject(owner)
    choose_commune_in_the_list(owner)
    send(owner)
    deliver_waiting_mails()
    experts = list(Mailbox.objects.order_by("pk").values_list("email", flat=True))
    taker, other = new_browser_page(javascript=False), new_browser_page(javascript=False, width=360)
    other.goto(on_live_server(live_server, link(smtp_sink.to(experts[1])[0], "Je ne peux pas")))
    decline(other)
    taker.goto(on_live_server(live_server, link(smtp_sink.to(experts[0])[0], "Je prends en charge")))
    answer(taker)
    end(taker)
    owner.goto(on_live_server(live_server, link(smtp_sink.to(OWNER)[0], "Suivre ma demande")))
    expect(owner.get_by_role("main")).to_contain_text("Les conseillers ont répondu à votre demande.")


def find_subject(owner: Page) -> None:
    owner.get_by_label("Votre besoin, avec vos mots").fill("handicapé")
    owner.get_by_role("button", name="Rechercher").click()
    for ticked in owner.locator("input[name=sujet]:checked").all():
        ticked.uncheck(force=True)
    owner.get_by_text("Recruter une personne en situation de handicap").click()
    owner.get_by_role("button", name="Continuer avec mes mots").click()
    expect(owner.get_by_label("Votre besoin, avec vos mots")).to_have_value("handicapé")


def pick_commune(owner: Page) -> None:
    owner.get_by_label("Votre commune").press_sequentially("saint-apol")
    owner.get_by_role("option", name="Saint-Apollinaire (Côte-d'Or)").click()
    owner.get_by_label("Votre besoin, avec vos mots").fill(WISH)
    owner.get_by_role("button", name="Continuer").click()


def choose_commune_in_the_list(owner: Page) -> None:
    owner.get_by_label("Votre commune").fill("Saint-Apollinaire")
    owner.get_by_label("Votre besoin, avec vos mots").fill(WISH)
    owner.get_by_role("button", name="Continuer").click()
    expect(owner.get_by_role("main")).to_contain_text("Plusieurs communes correspondent")
    owner.get_by_text("Saint-Apollinaire (Côte-d'Or)").click()
    owner.get_by_role("button", name="Continuer").click()


def send(owner: Page) -> None:
    """Fill in and send the second and third steps."""
    owner.get_by_label("Le SIRET ou le nom").fill("000 100 370 00014")
    owner.get_by_role("button", name="Chercher mon entreprise").click()
    expect(owner.get_by_role("main")).to_contain_text("PEINTURES VANNIER")
    owner.get_by_role("button", name="Continuer").click()
    expect(owner.get_by_role("main")).to_contain_text("Qui recevra votre demande, et pourquoi")
    owner.get_by_label("Vos prénom et nom").fill("La gérante")
    owner.get_by_label("Votre téléphone").fill("06 39 98 12 34")
    owner.get_by_label("Votre adresse électronique").fill(OWNER)
    owner.get_by_text("J'accepte que ma demande").click()
    owner.wait_for_timeout(3000)  # the form takes a faster visitor for a robot
    owner.get_by_role("button", name="Envoyer ma demande").click()
    expect(owner.get_by_role("heading", name="Votre demande est envoyée")).to_be_visible()


def answer(taker: Page) -> None:
    taker.get_by_role("button", name="Je prends en charge").click()
    expect(taker.get_by_role("main")).to_contain_text("Vous prenez en charge")
    taker.get_by_label("Votre message").fill("Je l'appelle demain.")
    taker.get_by_role("button", name="Envoyer aux autres experts").click()
    expect(taker.get_by_role("main")).to_contain_text("Je l'appelle demain.")


def decline(other: Page) -> None:
    other.get_by_text("Je ne suis pas disponible").click()
    other.get_by_role("button", name="Décliner").click()
    expect(other.get_by_role("main")).to_contain_text("Vous avez décliné")


def end(taker: Page) -> None:
    taker.get_by_role("button", name="J'ai aidé l'entreprise").click()
    expect(taker.get_by_role("main")).to_contain_text("Vous avez aidé l'entreprise")


def read_as_staff(staff: Page, live_server, smtp_sink) -> None:
    """Sign in by the mailed code, register an application, read the request and one of its mails."""
    User.objects.create_user(ADMIN, role=User.Role.REGION, region=Region.objects.get(pk="27"))
    staff.goto(live_server.url)
    staff.get_by_role("link", name="Espace agents").first.click()
    staff.get_by_label("Votre adresse électronique").fill(ADMIN)
    staff.get_by_role("button", name="Recevoir un code").click()
    wait_for(lambda: bool(smtp_sink.to(ADMIN)))
    code = re.search(r"[A-Z]{4}-[A-Z]{4}", body(smtp_sink.to(ADMIN)[0]))[0]
    staff.get_by_label("Code reçu par courriel").fill(code)
    staff.get_by_role("button", name="Continuer").click()
    secret = staff.locator("dd code").inner_text()
    counter = max(totp.yield_hotp_counters_from_time())
    staff.get_by_label("Code de votre application").fill(
        totp.format_hotp_value(totp.hotp_value(secret, counter))
    )
    staff.get_by_role("button", name="Enregistrer mon application").click()
    staff.get_by_role("link", name="aller aux demandes").click()
    staff.get_by_role("link", name="PEINTURES VANNIER").first.click()
    expect(staff.get_by_role("main")).to_contain_text("Pourquoi ces destinataires")
    staff.get_by_role("link", name=OWNER).last.click()
    frame = staff.frame_locator("iframe")
    expect(frame.locator("body")).to_contain_text(Solicitation.objects.get().reference)


def deliver_waiting_mails() -> None:
    """Send the mails that are delayed for undo."""
    for email in OutgoingEmail.objects.pending().order_by("pk"):
        delivery.deliver(email.pk, now=timezone.now() + timedelta(seconds=62))


def on_live_server(live_server, address: str) -> str:
    """Replace the host of an address by the test's server."""
    return re.sub(r"^https?://[^/]+", live_server.url, address)
