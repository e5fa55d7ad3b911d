"""Accessibility of the staff's pages and the outbox: empty, full, and with form errors."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import expect

from experts import canned_answers
from experts.models import User
from indicators import need_facts
from mailing.models import OutgoingEmail
from solicitations.actions import company_requests, expert_answers, expert_messages, handling, staff_letters
from solicitations.dispatch import holding
from solicitations.lifecycle import MatchState
from tests.browser.test_accessibility import accessibility_errors
from tests.experts.factories import signed_in
from tests.solicitations.factories import match, send

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.demo_directory]

PITCH = "Un casino : https://a.example.org et https://b.example.org, à voir."


def test_empty_pages_say_why(staff_page, console):
    found = [line for path in ("/demandes/", "/courrier/") for line in accessibility_errors(staff_page(path))]

    assert found == []
    assert console == []


def test_list_and_outbox_are_accessible_without_console_messages(staff_page, console):
    now = timezone.now()
    send(now=now - timedelta(days=8))
    send("dettes-fiscales", now=now, siret="")
    send("clause-insertion", now=now, siret="", commune="97502")
    send(now=now, siret="", email="autre@exemple.example.org", text=PITCH)
    email = OutgoingEmail.objects.order_by("pk").first()
    need_facts.refresh(now=now)
    paths = [
        "/chiffres/",
        "/demandes/",
        "/demandes/?vue=alertes",
        "/demandes/?q=zzzz",
        "/demandes/?du=2026-12-02&au=2026-12-01",
        "/demandes/?suivi=moi",
        "/demandes/reponses-pretes/",
        "/annuaire/catalogue/",
        "/frequentation/",
        "/annuaire/catalogue/subject/licenciement/",
        "/annuaire/catalogue/historique/",
        "/annuaire/region/27/",
        "/annuaire/region/27/liens/",
        "/annuaire/region/27/ouverture/",
        "/courrier/",
        "/courrier/?q=zzzz",
        f"/courrier/{email.pk}/",
    ]

    found = [line for path in paths for line in accessibility_errors(staff_page(path))]

    assert found == []
    assert console == []


def test_request_in_its_states_is_accessible_without_console_messages(staff_page, console):
    now = timezone.now()
    held = send(now=now, siret="", email="autre@exemple.example.org", text=PITCH)
    holding.report_held(held.pk, now=now)
    confidential = send("dettes-fiscales", now=now, siret="")
    talked = send(now=now)
    taken = match(talked, "recrutement@france-travail")
    expert_answers.move(taken, MatchState.TAKEN, by=taken.mailbox, now=now)
    expert_messages.post_message(taken.mailbox, body="Je l'appelle.", now=now)
    colleague = User.objects.create_user("nadia@equipe.example.org", name="Nadia", role=User.Role.NATIONAL)
    handling.handle(talked, by=colleague, now=now)
    handling.write_note(talked, body="Elle rappelle mardi.", by=colleague, now=now)
    staff_letters.write_to_expert(taken.mailbox, body="Merci.", by=colleague, now=now)
    canned_answers.add(None, title="Conseil en droit", body="Appelez le 3939.", by=colleague, now=now)
    lost = send("plan-formation", now=now, siret="", commune="97502", email="archipel@exemple.example.org")
    company_requests.cancel(lost, now=now)

    found = [
        line
        for request in (held, confidential, talked, lost)
        for line in accessibility_errors(staff_page(f"/demandes/{request.reference}/"))
    ]

    assert found == []
    assert console == []


@pytest.mark.parametrize(
    ("summary", "button", "sentence"),
    [
        ("Clore avec un message", "Clore la demande", "Écrivez à l'entreprise"),
        ("Ajouter une institution", "Lui envoyer la demande", "Choisissez une institution."),
        ("Retirer un référent", "Le retirer de la demande", "Choisissez un référent."),
        ("Écrire une note interne", "Garder la note", "Écrivez votre note."),
        ("Écrire à un référent", "Lui envoyer ce message", "Choisissez un référent."),
    ],
)
def test_refused_act_is_shown_with_its_error(staff_page, console, summary, button, sentence):
    page = staff_page(f"/demandes/{send(now=timezone.now()).reference}/")
    page.get_by_text(summary, exact=True).click()

    page.get_by_role("button", name=button).click()

    expect(page.get_by_text(sentence).first).to_be_visible()
    assert accessibility_errors(page) == []
    assert console == []


def test_correction_offers_homonyms(staff_page, console):
    page = staff_page(f"/demandes/{send(now=timezone.now()).reference}/")
    page.get_by_text("Corriger et désigner à nouveau").click()
    page.get_by_label("Commune", exact=False).first.fill("Saint-Apollinaire")

    page.get_by_role("button", name="Corriger la demande").click()

    expect(page.get_by_text("Saint-Apollinaire (Hautes-Alpes)")).to_be_visible()
    assert accessibility_errors(page) == []
    assert console == []


def test_canned_answer_fills_in_the_closing_message_without_a_script(new_browser_page, live_server):
    """The page comes back with the form open, and the text in it."""
    staff = User.objects.create_user("nationale@equipe.example.org", role=User.Role.NATIONAL)
    canned_answers.add(None, title="Conseil en droit", body="Appelez le 3939.", by=staff, now=timezone.now())
    request = send(now=timezone.now())
    name = settings.SESSION_COOKIE_NAME
    page = new_browser_page(javascript=False, width=360)
    page.context.add_cookies(
        [{"name": name, "value": signed_in(staff).cookies[name].value, "url": live_server.url}]
    )
    page.goto(f"{live_server.url}/demandes/{request.reference}/")
    page.get_by_text("Clore avec un message").click()
    page.get_by_label("Réponse prête").select_option(label="Conseil en droit")

    page.get_by_role("button", name="Reprendre ce texte ci-dessous").click()

    expect(page.get_by_label("Votre message à l'entreprise")).to_have_value("Appelez le 3939.")
    expect(page.get_by_role("button", name="Clore la demande")).to_be_visible()
