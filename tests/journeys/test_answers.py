"""Answers of experts, from their mail to the end of the request, by links and buttons."""

import pytest

from tests.journeys.scenarios import EMAIL, SCENARIOS, open_as_expert, send_scenario, submit_scenario
from tests.journeys.simulation import body, link, links
from tests.scenario_names import FIND_CANDIDATES, HIRE_AND_TRAIN, INSERTION_CLAUSE

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]

TRAINING = "recrutement@france-travail-dijon.example.org"
FACILITATOR = "facilitation@clauses-dijon.example.org"
REGION = "referent-tpe-pme@dreets-bfc.example.org"
NATION = "contact@equipe-nationale.example.org"


def test_request_is_taken_then_helped(simulation):
    send_scenario(simulation, FIND_CANDIDATES)
    simulation.deliver_mails()
    expert = open_as_expert(simulation, TRAINING)
    assert "Rien n'est encore fait : confirmez d'un clic." in expert.text

    expert.press("Je prends en charge")
    simulation.deliver_mails()
    owner = simulation.person().open(
        link(simulation.last_mail(EMAIL, "est prise en charge"), "Suivre ma demande")
    )
    assert "l'a prise en charge" in owner.text
    mail = simulation.last_mail("recrutement@cap-emploi-21.example.org", "prend en charge")
    expert.press("J'ai aidé l'entreprise")
    owner.open(owner.path)

    assert "France Travail" in body(mail)
    assert "France Travail a répondu" in owner.text
    assert "Terminée" in owner.text
    assert "Merci" in expert.text


def test_button_of_the_mail_only_shows(simulation):
    """Mail scanners open every link."""
    send_scenario(simulation, FIND_CANDIDATES)
    simulation.deliver_mails()
    before = len(simulation.mails)

    for address in links(simulation.last_mail(TRAINING)):
        if "/reponse/" in address:
            simulation.person().open(address)
    simulation.deliver_mails()

    assert len(simulation.mails) == before
    assert "l'a prise en charge" not in follow(simulation).text


def test_answer_undone_within_a_minute_tells_nobody(simulation):
    send_scenario(simulation, FIND_CANDIDATES)
    simulation.deliver_mails()
    before = len(simulation.mails)

    expert = open_as_expert(simulation, TRAINING).press("Je prends en charge").press("Annuler")
    simulation.deliver_mails()

    assert len(simulation.mails) == before
    assert "Je prends en charge" in expert.text


def test_declined_by_all_goes_to_the_region_then_to_the_nation_then_ends_honestly(simulation):
    send_scenario(simulation, INSERTION_CLAUSE)
    simulation.deliver_mails()

    decline(simulation, FACILITATOR)
    assert "n'a pas pu prendre votre demande" not in follow(simulation).text
    simulation.deliver_mails()
    simulation.deliver_mails()
    assert "reprend votre demande" in body(simulation.last_mail(EMAIL))
    decline(simulation, REGION)
    simulation.deliver_mails()
    simulation.deliver_mails()
    decline(simulation, next(iter(national_recipients(simulation))))
    simulation.deliver_mails()
    simulation.deliver_mails()

    last = simulation.last_mail(EMAIL)
    assert "Personne n'a pu répondre à votre demande" in body(last)
    owner = simulation.person().open(link(last, "Voir ma demande"))
    assert "Aucun organisme n'a pu prendre votre demande." in owner.text


def test_two_subjects_are_one_mail_and_taken_together(simulation):
    send_scenario(simulation, HIRE_AND_TRAIN)
    simulation.deliver_mails()
    region = "formation@region-bfc.example.org"
    assert len(simulation.inbox(region)) == 1

    open_as_expert(simulation, region).press("Tout prendre en charge")
    simulation.deliver_mails()

    mails = [mail for mail in simulation.inbox(EMAIL) if "est prise en charge" in body(mail)]
    assert len(mails) == 1
    assert "Développement des compétences" in body(mails[0]) or "Pour : " in body(mails[0])
    assert follow(simulation).text.count("l'a prise en charge") == 1


def test_question_is_answered_by_the_company(simulation):
    send_scenario(simulation, FIND_CANDIDATES)
    simulation.deliver_mails()
    expert = open_as_expert(simulation, TRAINING)

    expert.fill("Votre question à l'entreprise", "Le poste est-il à temps plein ?").press(
        "Envoyer à l'entreprise"
    )
    simulation.deliver_mails()
    asked = simulation.last_mail(EMAIL, "vous demande une précision")
    assert "Le poste est-il à temps plein ?" in body(asked)
    owner = simulation.person().open(link(asked, "Répondre"))
    owner.fill("Votre réponse", "Oui, dès janvier.").press("Envoyer ma réponse")
    simulation.deliver_mails()

    assert "Oui, dès janvier." in body(simulation.last_mail(TRAINING))
    assert "complétée" in expert.open(expert.path).text


def test_experts_talk_among_themselves(simulation):
    send_scenario(simulation, FIND_CANDIDATES)
    simulation.deliver_mails()
    others = set(SCENARIOS[FIND_CANDIDATES]["expected_experts"]) - {TRAINING}

    open_as_expert(simulation, TRAINING).fill("Votre message", "Je l'appelle demain.").press(
        "Envoyer aux autres"
    )
    simulation.deliver_mails()
    reader = simulation.person().open(link(simulation.last_mail("recrutement@cap-emploi-21"), "Répondre"))

    assert {str(mail["To"]) for mail in simulation.mails if "Je l'appelle demain." in body(mail)} == others
    assert "Je l'appelle demain." in reader.text
    assert "Je l'appelle demain." not in follow(simulation).text


def test_need_handed_over_reaches_another_institution(simulation):
    send_scenario(simulation, INSERTION_CLAUSE)
    simulation.deliver_mails()

    expert = open_as_expert(simulation, FACILITATOR)
    expert.fill("Institution", "Plan local pour l'insertion").choose("Je passe la main")
    expert.fill("Un mot pour elle", "Plutôt pour vous.").press("Lui envoyer ce besoin")
    assert "Vous avez passé ce besoin à" in expert.text
    simulation.deliver_mails()

    received = simulation.last_mail("plie-dijon", "vous passe cette demande")
    assert "Plutôt pour vous." in body(received)
    assert "Clauses" not in follow(simulation).text.split("Transmise")[1].split("En attente")[0]


def test_stale_page_changes_nothing_and_says_what_happened(simulation):
    owner = submit_scenario(simulation, FIND_CANDIDATES)
    simulation.deliver_mails()
    expert = open_as_expert(simulation, TRAINING)
    owner.follow("Annuler ma demande").press("Annuler ma demande")

    expert.press("Je prends en charge")

    assert expert.response.status_code == 409
    assert "L'entreprise a annulé sa demande" in expert.text
    assert "Rien n'a été changé" in expert.text


def follow(simulation, text: str = "Votre demande est bien reçue"):
    """Open the owner's page by the link of the acknowledgement."""
    return simulation.person().open(link(simulation.last_mail(EMAIL, text), "Suivre ma demande"))


def decline(simulation, address: str) -> None:
    expert = open_as_expert(simulation, address, choice="Je ne peux pas")
    expert.choose("Je ne suis pas disponible").press("Décliner")
    assert "Vous avez décliné" in expert.text


def national_recipients(simulation) -> set[str]:
    """Recipients at the national office."""
    return {address for address in simulation.recipients() if "equipe-nationale" in address}
