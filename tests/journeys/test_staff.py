"""The staff, from the alert in their mail to the request put right."""

import re

import pytest
from allauth.mfa.totp.internal import auth as totp

from experts.models import User
from solicitations.lifecycle import EventKind
from solicitations.models import Event
from territories.models import Region
from tests.journeys.person import Person
from tests.journeys.scenarios import EMAIL, SCENARIOS, ask, tell
from tests.journeys.world import World, body, link

pytestmark = [pytest.mark.django_db, pytest.mark.reference]

ADMIN = "regional@dreets-bfc.example.org"
ELSEWHERE = "regional@dreets-bretagne.example.org"
STRANGER = "inconnu@ailleurs.example.org"
TRAINING = "recrutement@france-travail-dijon.example.org"
PITCH = "Un casino en ligne : https://a.example.org et https://b.example.org, à voir tout de suite."


@pytest.fixture(autouse=True)
def staff(world) -> None:
    for email, region in ((ADMIN, "27"), (ELSEWHERE, "53")):
        User.objects.create_user(email, role=User.Role.REGION, region=Region.objects.get(pk=region))


def test_held_request_is_told_at_once_and_released(world):
    tell(world, "SC01", message=PITCH)
    world.post()

    agent = called(world)
    assert "Seraient sollicités" in agent.text
    agent.press("Libérer la demande")
    world.post()

    assert world.inbox(ELSEWHERE) == []
    assert "La demande est libérée" in agent.text
    assert {str(mail["To"]) for mail in world.mails} >= set(SCENARIOS["SC01"]["expected_experts"])


def test_like_request_is_merged_into_the_first(world):
    tell(world, "SC01")
    again = SCENARIOS["SC01"] | {"message": "Et aussi un plaquiste."}
    stranger = ask(world, world.person(), again, email=STRANGER)
    world.post()

    agent = called(world)
    agent.press("Réunir à la première demande")
    world.post()

    assert "Et aussi un plaquiste." in body(world.last(TRAINING))
    assert "a reçu votre demande" not in stranger.open(stranger.path).text


def test_like_request_is_released_when_it_is_another_need(world):
    tell(world, "SC01")
    stranger = ask(world, world.person(), SCENARIOS["SC01"], email=STRANGER)
    world.later(hours=9)
    world.post()
    assert len(world.inbox(TRAINING)) == 1  # time alone never releases it

    agent = called(world)
    agent.press("Libérer la demande")
    world.post()

    assert len(world.inbox(TRAINING)) == 2
    assert "a reçu votre demande" in stranger.open(stranger.path).text


def test_joke_is_set_aside_without_a_word(world):
    tell(world, "SC01", message=PITCH)
    world.post()

    agent = called(world)
    world.post()  # what it hears of its own account
    before = len(world.mails)
    agent.press("C'est une demande indésirable")
    world.later(hours=5)
    world.post()

    assert len(world.mails) == before
    assert world.inbox(TRAINING) == []


def test_request_is_corrected_completed_and_closed(world):
    owner = tell(world, "SC10")
    world.post()
    agent = sign_in(world, ADMIN).open("/demandes/").follow("VERT PAYSAGE 21")

    agent.fill("Institution", "Plan local pour l'insertion").fill("Pourquoi l'ajouter", "Connaît la clause.")
    agent.press("Lui envoyer la demande")
    world.post()
    assert "L'équipe du service a pensé à vous" in body(world.last("plie-dijon"))
    agent.fill("Référent", "Clauses d'insertion").fill("Pourquoi le retirer", "En congé.")
    agent.press("Le retirer de la demande")
    world.post()
    assert "En congé." in body(world.last("facilitation"))
    agent.fill("Votre message à l'entreprise", "Un conseiller vous a répondu ce matin.")
    agent.press("Clore la demande")
    world.post()

    assert "Un conseiller vous a répondu ce matin." in body(world.last(EMAIL))
    assert "L'équipe du service a clos votre demande." in owner.open(owner.path).text


def test_other_region_sees_nothing_and_openings_of_a_confidential_one_are_recorded(world):
    tell(world, "SC15")
    world.post()
    agent = sign_in(world, ADMIN).open("/demandes/").follow("RÉSIDENCE LES CHARMILLES")
    assert "Confidentielle : chaque ouverture est enregistrée" in agent.text

    stranger = sign_in(world, ELSEWHERE).open(agent.path)

    assert stranger.response.status_code == 404
    assert "CHARMILLES" not in stranger.open("/demandes/").text
    opened = Event.objects.filter(kind=EventKind.OPENED)
    assert [event.by_user.email for event in opened] == [ADMIN]


def test_outbox_shows_outcomes_and_masks_links(world):
    tell(world, "SC01")
    world.post()

    agent = sign_in(world, ADMIN).open("/courrier/")
    assert TRAINING in agent.text
    agent.open(re.search(r"/courrier/\d+/", agent.response.content.decode())[0])

    assert "/reponse/" not in agent.response.content.decode()
    assert "/suivi/1" not in agent.response.content.decode()


def called(world: World) -> Person:
    """The regional admin, who follows the link of the last alert."""
    alert = link(world.last(ADMIN), "Voir la demande")
    return sign_in(world, ADMIN).open(alert)


def sign_in(world: World, address: str) -> Person:
    """An agent whose code came by mail, and who registers an application."""
    agent = world.person().open("/demandes/").fill("Votre adresse électronique", address)
    agent.press("Recevoir un code")
    code = re.search(r"[A-Z]{4}-[A-Z]{4}", body(world.last(address, "code de connexion")))[0]
    agent.fill("Code reçu par courriel", code).press("Continuer")
    secret = re.search(r"Clé à recopier\s+(\S+)", agent.text)[1]
    counter = max(totp.yield_hotp_counters_from_time())
    agent.fill("Code de votre application", totp.format_hotp_value(totp.hotp_value(secret, counter)))
    return agent.press("Enregistrer mon application")
