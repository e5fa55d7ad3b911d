"""Actions of staff, from the alert in their mail to the corrected request."""

import re

import pytest
from allauth.mfa.totp.internal import auth as totp

from experts.models import User
from solicitations.lifecycle import EventKind
from solicitations.models import Event
from territories.models import Region
from tests.experts.factories import signed_in
from tests.journeys.person import Person
from tests.journeys.scenarios import EMAIL, SCENARIOS, send_scenario, submit_request, submit_scenario
from tests.journeys.simulation import Simulation, body, link
from tests.scenario_names import FIND_CANDIDATES, INSERTION_CLAUSE, UNFIT_WORKER

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]

ADMIN = "regional@dreets-bfc.example.org"
ELSEWHERE = "regional@dreets-bretagne.example.org"
STRANGER = "inconnu@ailleurs.example.org"
TRAINING = "recrutement@france-travail-dijon.example.org"
PITCH = "Un casino en ligne : https://a.example.org et https://b.example.org, à voir tout de suite."


@pytest.fixture(autouse=True)
def staff_accounts(simulation) -> None:
    for email, region in ((ADMIN, "27"), (ELSEWHERE, "53")):
        User.objects.create_user(email, role=User.Role.REGION, region=Region.objects.get(pk=region))


def test_held_request_is_told_at_once_and_released(simulation):
    submit_scenario(simulation, FIND_CANDIDATES, message=PITCH)
    simulation.deliver_mails()

    alert = last_alert(simulation)
    admin = sign_in(simulation, ADMIN).open(alert)
    assert "Seraient sollicités" in admin.text
    admin.press("Libérer la demande")
    simulation.deliver_mails()

    assert simulation.inbox(ELSEWHERE) == []
    assert "La demande est libérée" in admin.text
    assert {str(mail["To"]) for mail in simulation.mails} >= set(
        SCENARIOS[FIND_CANDIDATES]["expected_experts"]
    )


def test_like_request_is_merged_into_the_first(simulation):
    send_scenario(simulation, FIND_CANDIDATES)
    again = SCENARIOS[FIND_CANDIDATES] | {"message": "Et aussi un plaquiste."}
    stranger = submit_request(simulation, simulation.person(), again, email=STRANGER)
    simulation.deliver_mails()

    admin = signed_in_person(simulation, ADMIN).open(last_alert(simulation))
    admin.press("Réunir à la première demande")
    simulation.deliver_mails()

    assert "Et aussi un plaquiste." in body(simulation.last_mail(TRAINING))
    assert "a reçu votre demande" not in stranger.open(stranger.path).text


def test_like_request_is_released_when_it_is_another_need(simulation):
    send_scenario(simulation, FIND_CANDIDATES)
    stranger = submit_request(simulation, simulation.person(), SCENARIOS[FIND_CANDIDATES], email=STRANGER)
    simulation.advance(hours=9)
    simulation.deliver_mails()
    assert len(simulation.inbox(TRAINING)) == 1  # time alone never releases it

    admin = signed_in_person(simulation, ADMIN).open(last_alert(simulation))
    admin.press("Libérer la demande")
    simulation.deliver_mails()

    assert len(simulation.inbox(TRAINING)) == 2
    assert "a reçu votre demande" in stranger.open(stranger.path).text


def test_spam_is_closed_without_any_mail(simulation):
    submit_scenario(simulation, FIND_CANDIDATES, message=PITCH)
    simulation.deliver_mails()

    admin = signed_in_person(simulation, ADMIN).open(last_alert(simulation))
    before = len(simulation.mails)
    admin.press("C'est une demande indésirable")
    simulation.advance(hours=5)
    simulation.deliver_mails()

    assert len(simulation.mails) == before
    assert simulation.inbox(TRAINING) == []


def test_request_is_corrected_completed_and_closed(simulation):
    owner = submit_scenario(simulation, INSERTION_CLAUSE)
    simulation.deliver_mails()
    admin = signed_in_person(simulation, ADMIN).open("/demandes/").follow("VERT PAYSAGE 21")

    admin.fill("Institution", "Plan local pour l'insertion").fill("Pourquoi l'ajouter", "Connaît la clause.")
    admin.press("Lui envoyer la demande")
    simulation.deliver_mails()
    assert "L'équipe du service a pensé à vous" in body(simulation.last_mail("plie-dijon"))
    admin.fill("Référent", "Clauses d'insertion").fill("Pourquoi le retirer", "En congé.")
    admin.press("Le retirer de la demande")
    simulation.deliver_mails()
    assert "En congé." in body(simulation.last_mail("facilitation"))
    admin.fill("Votre message à l'entreprise", "Un conseiller vous a répondu ce matin.")
    admin.press("Clore la demande")
    simulation.deliver_mails()

    assert "Un conseiller vous a répondu ce matin." in body(simulation.last_mail(EMAIL))
    assert "L'équipe du service a clos votre demande." in owner.open(owner.path).text


def test_other_region_sees_nothing_and_openings_of_a_confidential_one_are_recorded(simulation):
    send_scenario(simulation, UNFIT_WORKER)
    simulation.deliver_mails()
    admin = signed_in_person(simulation, ADMIN).open("/demandes/").follow("Résidence Les Charmilles")
    assert "Confidentielle : chaque ouverture est enregistrée" in admin.text

    stranger = signed_in_person(simulation, ELSEWHERE).open(admin.path)

    assert stranger.response.status_code == 404
    assert "Charmilles" not in stranger.open("/demandes/").text
    opened = Event.objects.filter(kind=EventKind.OPENED)
    assert [event.by_user.email for event in opened] == [ADMIN]


def test_outbox_shows_states_and_masks_links(simulation):
    send_scenario(simulation, FIND_CANDIDATES)
    simulation.deliver_mails()

    admin = sign_in(simulation, ADMIN).open("/courrier/")
    assert TRAINING in admin.text
    admin.open(re.search(r"/courrier/\d+/", admin.response.content.decode())[0])

    assert "/reponse/" not in admin.response.content.decode()
    assert "/suivi/1" not in admin.response.content.decode()


def last_alert(simulation: Simulation) -> str:
    """The link of the last alert to the regional admin."""
    return link(simulation.last_mail(ADMIN), "Voir la demande")


def signed_in_person(simulation: Simulation, address: str) -> Person:
    """A member of the staff who has signed in already."""
    person = simulation.person()
    person.client.cookies = signed_in(User.objects.get(email=address)).cookies
    return person


def sign_in(simulation: Simulation, address: str) -> Person:
    """Sign in by the mailed code and register an application."""
    admin = simulation.person().open("/demandes/").fill("Votre adresse électronique", address)
    admin.press("Recevoir un code")
    code = re.search(r"[A-Z]{4}-[A-Z]{4}", body(simulation.last_mail(address, "code de connexion")))[0]
    admin.fill("Code reçu par courriel", code).press("Continuer")
    secret = re.search(r"Clé à recopier\s+(\S+)", admin.text)[1]
    counter = max(totp.yield_hotp_counters_from_time())
    admin.fill("Code de votre application", totp.format_hotp_value(totp.hotp_value(secret, counter)))
    return admin.press("Enregistrer mon application")
