"""Mails of a request form one thread in mail clients, and replies come back to the request."""

import re

import pytest

from tests.journeys.scenarios import EMAIL, open_as_expert, submit_scenario
from tests.journeys.simulation import Simulation, body, html_of
from tests.scenario_names import FIND_CANDIDATES

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]

TRAINING = "recrutement@france-travail-dijon.example.org"
COLLEAGUE = "recrutement@cap-emploi-21.example.org"


@pytest.fixture(scope="module")
def shared_mails() -> list:
    """Mails of one conversation, run once for all the tests."""
    return []


@pytest.fixture
def mails(request, shared_mails) -> list:
    """Mails of a request with messages, a question, added information, a taking and a cancellation."""
    if not shared_mails:
        shared_mails += run_conversation(request.getfixturevalue("simulation"))
    return shared_mails


def run_conversation(simulation: Simulation) -> list:
    owner = submit_scenario(simulation, FIND_CANDIDATES)
    simulation.deliver_mails()
    expert = open_as_expert(simulation, TRAINING)
    expert.fill("Votre message", "Je l'appelle demain.").press("Envoyer aux autres experts")
    expert.fill("Votre question à l'entreprise", "À temps plein ?").press("Envoyer à l'entreprise")
    owner.fill("Ce que vous voulez ajouter", "Oui.").press("Ajouter à ma demande")
    expert.press("Je prends en charge")
    simulation.deliver_mails()
    owner.open(owner.path).follow("Annuler ma demande").press("Annuler ma demande")
    simulation.deliver_mails()
    return simulation.mails


def test_every_mail_belongs_to_one_conversation(mails):
    threads = {(mail["In-Reply-To"], mail["References"]) for mail in mails}

    assert len(mails) > 12
    assert len(threads) == 1
    assert re.fullmatch(r"<request-\d+@[\w.-]+>", threads.pop()[1])


def test_every_mail_has_an_identity_of_its_own(mails):
    identities = [mail["Message-ID"] for mail in mails]

    assert len(set(identities)) == len(mails)
    assert all(re.fullmatch(r"<[0-9a-f]+@[\w.-]+>", identity) for identity in identities)


def test_answers_come_back_to_the_request_signed_for_each_reader(mails):
    addresses = {str(mail["To"]): str(mail["Reply-To"]) for mail in mails}

    assert len(set(addresses.values())) == len(addresses)
    assert all(re.fullmatch(r"reponse\+[ec]\d+-[0-9a-f]{20}@[\w.-]+", one) for one in addresses.values())


def test_machines_say_so_and_people_do_not(mails):
    automatic = {mail["Auto-Submitted"] for mail in mails if "Je l'appelle demain." not in body(mail)}
    written = {mail["Auto-Submitted"] for mail in mails if "Je l'appelle demain." in body(mail)}

    assert automatic == {"auto-generated"}
    assert written == {None}


def test_experts_can_file_and_leave_the_list(mails):
    to_experts = [mail for mail in mails if str(mail["To"]) != EMAIL]

    assert len({mail["List-Id"] for mail in to_experts}) == 1
    assert all(re.fullmatch(r"<demande-\d+\.[\w.-]+>", mail["List-Id"]) for mail in to_experts)
    assert all("/desinscription/" in mail["List-Unsubscribe"] for mail in to_experts)
    assert not any(mail["List-Id"] for mail in mails if str(mail["To"]) == EMAIL)


@pytest.mark.parametrize("reader", [TRAINING, COLLEAGUE])
def test_subject_line_stays_the_same_for_an_expert(mails, reader):
    lines = {str(mail["Subject"]).strip().removeprefix("Re: ") for mail in mails if str(mail["To"]) == reader}

    assert len(lines) == 1


def test_every_mail_reads_in_text_and_in_html_and_says_why_it_came(mails):
    for mail in mails:
        assert "Vous recevez ce courriel parce que" in body(mail)
        assert "Vous recevez ce courriel parce que" in html_of(mail).replace("&#x27;", "'")
        assert len(re.sub(r"<[^>]+>", "", html_of(mail))) > 200
