"""Journeys of an owner: lost link, form left for later, closed region, held request, cancellation."""

import re
from datetime import timedelta

import pytest

from experts.models import Theme, User
from solicitations import actions
from solicitations.lifecycle import ClosedReason
from solicitations.models import Draft, MissedDemand, Opening, Solicitation
from territories.models import Region
from tests.journeys.person import Person
from tests.journeys.scenarios import EMAIL, SCENARIOS, answering, ask, leave, say_who, tell, write
from tests.journeys.world import body, link

pytestmark = [pytest.mark.django_db, pytest.mark.reference]

STRANGER = "inconnu@ailleurs.example.org"
TRAINING = "recrutement@france-travail-dijon.example.org"
PITCH = "Un casino en ligne : https://a.example.org et https://b.example.org, à voir tout de suite."


def test_cancelled_request_stops_for_everybody(world):
    owner = tell(world, "SC01")
    world.post()

    owner.follow("Annuler ma demande").press("Annuler ma demande")
    world.post()

    assert "Vous avez annulé cette demande." in owner.text
    assert "annulé" in body(world.last(TRAINING))
    assert "Vous n'avez rien à faire" in answering(world, TRAINING).text


def test_request_cancelled_before_its_mails_left_is_never_heard_of(world):
    tell(world, "SC01").follow("Annuler ma demande").press("Annuler ma demande")

    world.post()

    assert world.inbox(TRAINING) == []


def test_lost_link_comes_by_mail_and_the_page_tells_nothing(world):
    tell(world, "SC01")
    world.post()

    known, unknown = (
        world.person().open("/").follow("Suivre ma demande").fill("L'adresse électronique", address)
        for address in (EMAIL, STRANGER)
    )
    known.press("Recevoir mes liens")
    unknown.press("Recevoir mes liens")
    world.post()

    assert bare(known) == bare(unknown)
    assert world.inbox(STRANGER) == []
    mail = world.last(EMAIL, "Vos demandes")
    owner = world.person().open(re.search(r"https?://\S+/suivi/\S+", body(mail))[0])
    assert "Où en est votre demande" in owner.text


def test_form_left_is_taken_up_again_elsewhere(world):
    scenario = SCENARIOS["SC01"]
    write(world.person(), scenario).press("Finir plus tard").fill("adresse", EMAIL).press("M'envoyer le lien")
    world.post()

    elsewhere = world.person().open(link(world.last(EMAIL), "Reprendre ma demande"))
    elsewhere.follow("Revenir à l'étape précédente")
    kept = [one.value for one in elsewhere.controls if one.name == "description"]
    elsewhere.press("Continuer")
    say_who(elsewhere, scenario["company"])
    leave(elsewhere)

    assert kept == [scenario["message"]]
    assert Draft.objects.get().answers == {}


def test_confidential_subject_is_sent_apart_with_its_own_words(world):
    owner = world.person().open("/demande/trouver-candidats/")
    owner.fill("Votre commune", "Ajaccio").fill("Votre besoin, avec vos mots", "Je cherche un cuisinier.")
    owner.choose("dettes fiscales").press("Continuer")
    owner.fill("Votre texte sur", "Deux trimestres de TVA impayés.").press("Continuer")
    say_who(owner, SCENARIOS["SC24"]["company"])
    world.later(seconds=20)
    leave(owner)
    world.post()

    readers = set(SCENARIOS["SC24"]["expected_experts"])
    told = {str(mail["To"]) for mail in world.mails if "Deux trimestres" in body(mail)}
    assert told == readers
    assert not any("cuisinier" in body(mail) for mail in world.mails if mail["To"] in readers)
    assert len(world.inbox(EMAIL)) == 2
    assert "cuisinier" not in owner.follow("Votre autre demande").text
    assert "Je cherche un cuisinier." in owner.follow("Votre autre demande").text


def test_closed_region_explains_and_counts_the_need(world):
    Opening.objects.create(region=Region.objects.get(pk="27"), is_open=False, explanation="Bientôt.")
    scenario = SCENARIOS["SC01"]

    owner = write(world.person(), scenario)

    assert "Nous ne prenons pas encore ces demandes à Is-sur-Tille" in owner.text
    assert "03 53 01 00 96" in owner.text
    assert MissedDemand.objects.get().subject.slug == "trouver-candidats"
    assert "Votre besoin, avec vos mots" in owner.follow("Changer de commune").text


def test_closed_theme_leaves_the_others_open(world):
    closed = Theme.objects.get(subjects__slug="trouver-candidats")
    Opening.objects.create(region=Region.objects.get(pk="27"), theme=closed, is_open=False)

    tell(world, "SC10")
    owner = write(world.person(), SCENARIOS["SC01"])

    assert "Nous ne prenons pas encore" in owner.text


def test_stranger_cannot_tell_that_a_first_request_exists(world):
    doubtful = SCENARIOS["SC01"] | {"message": PITCH}
    alone = ask(world, world.person(), doubtful, email=STRANGER).text
    agent = User.objects.create_user("equipe@example.org", role=User.Role.NATIONAL)
    actions.mark(Solicitation.objects.get(), ClosedReason.TEST, by=agent, now=world.now)
    tell(world, "SC01")

    after = ask(world, world.person(), doubtful, email=STRANGER).text
    world.post()

    assert "Reçue" in after
    assert "a reçu votre demande" not in after
    assert without_reference(after) == without_reference(alone)
    assert len(world.inbox(TRAINING)) == 1
    told = body(world.last(EMAIL))
    assert "Une demande semblable à la vôtre" in told
    assert PITCH not in told
    assert STRANGER not in told


def test_same_mailbox_is_led_to_its_first_request_by_its_mail_alone(world):
    tell(world, "SC01")

    again = ask(world, world.person(), SCENARIOS["SC01"])
    assert "la première" not in again.text

    world.post()
    received = next(mail for mail in world.inbox(EMAIL) if again.path.split("?")[0] in body(mail))
    owner = world.person().open(link(received, "Suivre ma demande"))
    owner.follow("Voir où en est la première")

    assert "a reçu votre demande" in owner.text


def test_held_request_is_released_by_working_hours(world):
    owner = tell(world, "SC01", message=PITCH)
    world.post()
    assert world.inbox(TRAINING) == []
    assert "a reçu votre demande" not in owner.open(owner.path).text

    world.later(hours=4)
    world.post()

    assert len(world.inbox(TRAINING)) == 1
    assert "a reçu votre demande" in owner.open(owner.path).text


def test_number_corrected_and_silence_told_reach_the_experts(world):
    owner = tell(world, "SC01")
    world.post()

    owner.fill("Votre téléphone", "0596 10 20 30").press("Enregistrer")
    world.post()
    assert "05 96 10 20 30" in body(world.last(TRAINING))
    owner.press("Dire qu")
    world.post()

    assert "pas" in body(world.last(TRAINING))
    assert "C'est noté" in owner.text
    assert "05 96 10 20 30" in answering(world, TRAINING).text


@pytest.mark.parametrize("path", ["/suivi/12-1.faux/", "/reponse/12-1.faux/", "/reprise/12-1.faux/"])
def test_forged_link_opens_a_clear_page(world, path):
    visitor = world.person().open(path)

    assert visitor.response.status_code == 404
    assert "lien" in visitor.title.lower()


def test_expired_links_are_sent_again_to_their_own_mailbox(world):
    tell(world, "SC10")
    world.post()
    expert = answering(world, "facilitation").press("Je prends en charge").press("J'ai aidé l'entreprise")
    owner = world.person().open(link(world.inbox(EMAIL)[0], "Suivre ma demande"))
    world.clock.shift(timedelta(days=61))

    for person, address in ((expert, "facilitation"), (owner, EMAIL)):
        before = len(world.inbox(address))
        assert person.open(person.path).response.status_code == 410
        person.press("Recevoir un nouveau lien")
        world.post()
        assert len(world.inbox(address)) == before + 1
        fresh = re.search(r"https?://\S+/(?:suivi|reponse)/\S+", body(world.last(address)))[0]
        assert world.person().open(fresh).response.status_code == 200


def bare(person: Person) -> str:
    """The page without what differs from one visitor to the next anyway: tokens."""
    return re.sub(r'value="[^"]+"', "", person.response.content.decode())


def without_reference(page: str) -> str:
    """The page's words but for the reference, of which each request has its own."""
    return re.sub(r"\b[2-9A-Z]{4}-[2-9A-Z]{4}\b", "", page)
