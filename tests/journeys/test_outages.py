"""Outages that owners do not notice: the request is acknowledged, routed, and mailed later."""

import pytest

from solicitations.models import Solicitation
from tests.journeys.scenarios import EMAIL, SCENARIOS, send_scenario, submit_scenario
from tests.scenario_names import FIND_CANDIDATES

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]

EVERYBODY = {EMAIL, *SCENARIOS[FIND_CANDIDATES]["expected_experts"]}


def test_broker_is_down_and_the_sweep_sends(simulation, unavailable_broker):
    owner = submit_scenario(simulation, FIND_CANDIDATES)
    assert "France Travail a reçu votre demande" in owner.text

    simulation.deliver_mails()

    assert simulation.recipients() == EVERYBODY


def test_mails_are_sent_once_the_mail_server_is_back(simulation, settings):
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    owner = submit_scenario(simulation, FIND_CANDIDATES)
    simulation.deliver_mails()
    assert "France Travail a reçu votre demande" in owner.text
    assert simulation.mails == []

    settings.EMAIL_PORT = port
    for _ in range(5):
        simulation.advance(minutes=5)

    assert simulation.recipients() == EVERYBODY
    assert len(simulation.mails) == len(EVERYBODY)


def test_acknowledgement_that_is_refused_is_told_to_the_region(simulation):
    simulation.sink.refusals[EMAIL] = "550 5.1.1 no such mailbox"
    send_scenario(simulation, FIND_CANDIDATES)

    simulation.deliver_mails()
    simulation.deliver_mails()
    simulation.deliver_mails()

    alert = simulation.last_mail("contact@dreets-bfc.example.org", "06 39 98 12 34")
    assert Solicitation.objects.get().reference in alert.get_body(("plain",)).get_content()


def test_register_is_down_and_the_form_goes_on(simulation, settings):
    settings.REGISTER_URL = "http://127.0.0.1:1"
    owner = simulation.person().open("/demande/trouver-candidats/")
    owner.fill("Votre commune", "Is-sur-Tille").fill("Votre besoin, avec vos mots", "Un peintre, vite.")
    owner.press("Continuer")

    owner.fill("Le SIRET ou le nom", "Peintures Vannier").press("Chercher mon entreprise")

    assert "Le registre des entreprises ne répond pas." in owner.text
    owner.fill("Combien de salariés ?", "6").fill("Votre activité ?", "43.34Z").press("Continuer")
    assert owner.path == "/demande/trouver-candidats/contact/"
