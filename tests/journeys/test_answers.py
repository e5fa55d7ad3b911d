"""From the expert's mail to the end of the request, by the links and buttons that people have."""

import pytest

from tests.journeys.scenarios import EMAIL, SCENARIOS, answering, tell
from tests.journeys.world import body, link, links

pytestmark = [pytest.mark.django_db, pytest.mark.reference]

TRAINING = "recrutement@france-travail-dijon.example.org"
FACILITATOR = "facilitation@clauses-dijon.example.org"
REGION = "referent-tpe-pme@dreets-bfc.example.org"
NATION = "contact@equipe-nationale.example.org"


def test_request_is_taken_then_helped(world):
    tell(world, "SC01")
    world.post()
    expert = answering(world, TRAINING)
    assert "Rien n'est encore fait : confirmez d'un clic." in expert.text

    expert.press("Je prends en charge")
    world.post()
    owner = world.person().open(link(world.last(EMAIL, "est prise en charge"), "Suivre ma demande"))
    assert "l'a prise en charge" in owner.text
    told = world.last("recrutement@cap-emploi-21.example.org", "prend en charge")
    expert.press("J'ai aidé l'entreprise")
    owner.open(owner.path)

    assert "France Travail" in body(told)
    assert "France Travail a répondu" in owner.text
    assert "Terminée" in owner.text
    assert "Merci" in expert.text


def test_button_of_the_mail_only_shows(world):
    """Mail scanners open every link."""
    tell(world, "SC01")
    world.post()
    before = len(world.mails)

    for address in links(world.last(TRAINING)):
        if "/reponse/" in address:
            world.person().open(address)
    world.post()

    assert len(world.mails) == before
    assert "l'a prise en charge" not in follow(world).text


def test_answer_undone_within_a_minute_tells_nobody(world):
    tell(world, "SC01")
    world.post()
    before = len(world.mails)

    expert = answering(world, TRAINING).press("Je prends en charge").press("Annuler")
    world.post()

    assert len(world.mails) == before
    assert "Je prends en charge" in expert.text


def test_declined_by_all_goes_to_the_region_then_to_the_nation_then_ends_honestly(world):
    tell(world, "SC10")
    world.post()

    decline(world, FACILITATOR)
    assert "n'a pas pu prendre votre demande" not in follow(world).text
    world.post()
    world.post()
    assert "reprend votre demande" in body(world.last(EMAIL))
    decline(world, REGION)
    world.post()
    world.post()
    decline(world, next(iter(national(world))))
    world.post()
    world.post()

    last = world.last(EMAIL)
    assert "Personne n'a pu répondre à votre demande" in body(last)
    owner = world.person().open(link(last, "Voir ma demande"))
    assert "Aucun organisme n'a pu prendre votre demande." in owner.text


def test_two_subjects_are_one_mail_and_taken_together(world):
    tell(world, "SC02")
    world.post()
    region = "formation@region-bfc.example.org"
    assert len(world.inbox(region)) == 1

    answering(world, region).press("Tout prendre en charge")
    world.post()

    told = [mail for mail in world.inbox(EMAIL) if "est prise en charge" in body(mail)]
    assert len(told) == 1
    assert "Développement des compétences" in body(told[0]) or "Pour : " in body(told[0])
    assert follow(world).text.count("l'a prise en charge") == 1


def test_question_is_answered_by_the_company(world):
    tell(world, "SC01")
    world.post()
    expert = answering(world, TRAINING)

    expert.fill("Votre question à l'entreprise", "Le poste est-il à temps plein ?").press(
        "Envoyer à l'entreprise"
    )
    world.post()
    asked = world.last(EMAIL, "vous demande une précision")
    assert "Le poste est-il à temps plein ?" in body(asked)
    owner = world.person().open(link(asked, "Répondre"))
    owner.fill("Ce que vous voulez ajouter", "Oui, dès janvier.").press("Ajouter à ma demande")
    world.post()

    assert "Oui, dès janvier." in body(world.last(TRAINING))
    assert "complétée" in expert.open(expert.path).text


def test_experts_talk_among_themselves(world):
    tell(world, "SC01")
    world.post()
    others = set(SCENARIOS["SC01"]["expected_experts"]) - {TRAINING}

    answering(world, TRAINING).fill("Votre message", "Je l'appelle demain.").press("Envoyer aux autres")
    world.post()
    reader = world.person().open(link(world.last("recrutement@cap-emploi-21"), "Répondre"))

    assert {str(mail["To"]) for mail in world.mails if "Je l'appelle demain." in body(mail)} == others
    assert "Je l'appelle demain." in reader.text
    assert "Je l'appelle demain." not in follow(world).text


def test_need_handed_over_reaches_another_institution(world):
    tell(world, "SC10")
    world.post()

    expert = answering(world, FACILITATOR)
    expert.fill("Institution", "Plan local pour l'insertion").choose("Je passe la main")
    expert.fill("Un mot pour elle", "Plutôt pour vous.").press("Lui envoyer ce besoin")
    assert "Vous avez passé ce besoin à" in expert.text
    world.post()

    received = world.last("plie-dijon", "vous passe cette demande")
    assert "Plutôt pour vous." in body(received)
    assert "Clauses" not in follow(world).text.split("Transmise")[1].split("En attente")[0]


def test_stale_page_changes_nothing_and_says_what_happened(world):
    owner = tell(world, "SC01")
    world.post()
    expert = answering(world, TRAINING)
    owner.follow("Annuler ma demande").press("Annuler ma demande")

    expert.press("Je prends en charge")

    assert expert.response.status_code == 409
    assert "L'entreprise a annulé sa demande" in expert.text
    assert "Rien n'a été changé" in expert.text


def follow(world, words: str = "Votre demande est bien reçue"):
    """The owner's page, by the link of the acknowledgement."""
    return world.person().open(link(world.last(EMAIL, words), "Suivre ma demande"))


def decline(world, address: str) -> None:
    expert = answering(world, address, choice="Je ne peux pas")
    expert.choose("Je ne suis pas disponible").press("Décliner")
    assert "Vous avez décliné" in expert.text


def national(world) -> set[str]:
    """The recipients of the national office."""
    return {address for address in world.recipients() if "equipe-nationale" in address}
