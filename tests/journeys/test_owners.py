"""Owners: cancellation, lost links, unfinished forms, closed regions, held and duplicate requests."""

import re
from datetime import timedelta

import pytest

from experts.models import Theme, User
from solicitations.actions import staff_actions
from solicitations.lifecycle import ClosedReason
from solicitations.models import Draft, MissedDemand, Opening, Solicitation
from territories.models import Region
from tests.journeys.person import Person
from tests.journeys.scenarios import (
    EMAIL,
    SCENARIOS,
    fill_company,
    fill_contact,
    fill_need,
    open_as_expert,
    send_scenario,
    submit_request,
    submit_scenario,
)
from tests.journeys.simulation import body, link
from tests.scenario_names import FIND_CANDIDATES, INSERTION_CLAUSE, TAX_DEBT

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]

STRANGER = "inconnu@ailleurs.example.org"
TRAINING = "recrutement@france-travail-dijon.example.org"
PITCH = "Un casino en ligne : https://a.example.org et https://b.example.org, à voir tout de suite."


def test_cancelled_request_stops_for_everybody(simulation):
    owner = submit_scenario(simulation, FIND_CANDIDATES)
    simulation.deliver_mails()

    owner.follow("Annuler ma demande").press("Annuler ma demande")
    simulation.deliver_mails()

    assert "Vous avez annulé cette demande." in owner.text
    assert "annulé" in body(simulation.last_mail(TRAINING))
    assert "Vous n'avez rien à faire" in open_as_expert(simulation, TRAINING).text


def test_a_request_cancelled_before_its_mails_were_sent_is_told_to_nobody(simulation):
    submit_scenario(simulation, FIND_CANDIDATES).follow("Annuler ma demande").press("Annuler ma demande")

    simulation.deliver_mails()

    assert simulation.inbox(TRAINING) == []


def test_lost_link_comes_by_mail_and_the_page_tells_nothing(simulation):
    send_scenario(simulation, FIND_CANDIDATES)
    simulation.deliver_mails()

    known, unknown = (
        simulation.person().open("/").follow("Suivre ma demande").fill("L'adresse électronique", address)
        for address in (EMAIL, STRANGER)
    )
    known.press("Recevoir mes liens")
    unknown.press("Recevoir mes liens")
    simulation.deliver_mails()

    assert without_tokens(known) == without_tokens(unknown)
    assert simulation.inbox(STRANGER) == []
    mail = simulation.last_mail(EMAIL, "Vos demandes")
    owner = simulation.person().open(re.search(r"https?://\S+/suivi/\S+", body(mail))[0])
    assert "Où en est votre demande" in owner.text


def test_form_left_is_taken_up_again_elsewhere(simulation):
    scenario = SCENARIOS[FIND_CANDIDATES]
    fill_need(simulation.person(), scenario).press("Finir plus tard").fill("adresse", EMAIL).press(
        "M'envoyer le lien"
    )
    simulation.deliver_mails()

    elsewhere = simulation.person().open(link(simulation.last_mail(EMAIL), "Reprendre ma demande"))
    elsewhere.follow("Revenir à l'étape précédente")
    kept = [one.value for one in elsewhere.controls if one.name == "description"]
    elsewhere.press("Continuer")
    fill_company(elsewhere, scenario["company"])
    fill_contact(elsewhere)

    assert kept == [scenario["message"]]
    assert Draft.objects.get().answers == {}


def test_confidential_subject_is_sent_apart_with_its_own_words(simulation):
    owner = simulation.person().open("/demande/trouver-candidats/")
    owner.fill("Votre commune", "Ajaccio").fill("Votre besoin, avec vos mots", "Je cherche un cuisinier.")
    owner.choose("dettes fiscales").press("Continuer")
    owner.fill("Votre texte sur", "Deux trimestres de TVA impayés.").press("Continuer")
    fill_company(owner, SCENARIOS[TAX_DEBT]["company"])
    simulation.advance(seconds=20)
    fill_contact(owner)
    simulation.deliver_mails()

    readers = set(SCENARIOS[TAX_DEBT]["expected_experts"])
    notified = {str(mail["To"]) for mail in simulation.mails if "Deux trimestres" in body(mail)}
    assert notified == readers
    assert not any("cuisinier" in body(mail) for mail in simulation.mails if mail["To"] in readers)
    assert len(simulation.inbox(EMAIL)) == 2
    assert "cuisinier" not in owner.follow("Votre autre demande").text
    assert "Je cherche un cuisinier." in owner.follow("Votre autre demande").text


def test_closed_region_explains_and_counts_the_need(simulation):
    Opening.objects.create(region=Region.objects.get(pk="27"), is_open=False, explanation="Bientôt.")
    scenario = SCENARIOS[FIND_CANDIDATES]

    owner = fill_need(simulation.person(), scenario)

    assert "Nous ne prenons pas encore ces demandes à Is-sur-Tille" in owner.text
    assert "03 53 01 00 96" in owner.text
    assert MissedDemand.objects.get().subject.slug == "trouver-candidats"
    assert "Votre besoin, avec vos mots" in owner.follow("Changer de commune").text


def test_closed_theme_leaves_the_others_open(simulation):
    closed = Theme.objects.get(subjects__slug="trouver-candidats")
    Opening.objects.create(region=Region.objects.get(pk="27"), theme=closed, is_open=False)

    submit_scenario(simulation, INSERTION_CLAUSE)
    owner = fill_need(simulation.person(), SCENARIOS[FIND_CANDIDATES])

    assert "Nous ne prenons pas encore" in owner.text


def test_stranger_cannot_tell_that_a_first_request_exists(simulation):
    doubtful = SCENARIOS[FIND_CANDIDATES] | {"message": PITCH}
    alone = submit_request(simulation, simulation.person(), doubtful, email=STRANGER).text
    staff = User.objects.create_user("equipe@example.org", role=User.Role.NATIONAL)
    staff_actions.mark(Solicitation.objects.get(), ClosedReason.TEST, by=staff, now=simulation.now)
    submit_scenario(simulation, FIND_CANDIDATES)

    after = submit_request(simulation, simulation.person(), doubtful, email=STRANGER).text
    simulation.deliver_mails()

    assert "Reçue" in after
    assert "a reçu votre demande" not in after
    assert without_reference(after) == without_reference(alone)
    assert len(simulation.inbox(TRAINING)) == 1
    mail_text = body(simulation.last_mail(EMAIL))
    assert "Une demande semblable à la vôtre" in mail_text
    assert PITCH not in mail_text
    assert STRANGER not in mail_text


def test_same_mailbox_is_led_to_its_first_request_by_its_mail_alone(simulation):
    send_scenario(simulation, FIND_CANDIDATES)

    again = submit_request(simulation, simulation.person(), SCENARIOS[FIND_CANDIDATES])
    assert "Voir où en est la première" not in again.text

    simulation.deliver_mails()
    received = next(mail for mail in simulation.inbox(EMAIL) if again.path.split("?")[0] in body(mail))
    owner = simulation.person().open(link(received, "Suivre ma demande"))
    owner.follow("Voir où en est la première")

    assert "a reçu votre demande" in owner.text


def test_held_request_is_released_by_working_hours(simulation):
    owner = submit_scenario(simulation, FIND_CANDIDATES, message=PITCH)
    simulation.deliver_mails()
    assert simulation.inbox(TRAINING) == []
    assert "a reçu votre demande" not in owner.open(owner.path).text

    simulation.advance(hours=4)
    simulation.deliver_mails()

    assert len(simulation.inbox(TRAINING)) == 1
    assert "a reçu votre demande" in owner.open(owner.path).text


def test_number_corrected_and_silence_told_reach_the_experts(simulation):
    owner = submit_scenario(simulation, FIND_CANDIDATES)
    simulation.deliver_mails()

    owner.fill("Votre téléphone", "0596 10 20 30").press("Enregistrer")
    simulation.deliver_mails()
    assert "05 96 10 20 30" in body(simulation.last_mail(TRAINING))
    simulation.advance(days=3)
    owner.open(owner.path).press("Dire qu")
    simulation.deliver_mails()

    assert "pas" in body(simulation.last_mail(TRAINING))
    assert "C'est noté" in owner.text
    assert "05 96 10 20 30" in open_as_expert(simulation, TRAINING).text


@pytest.mark.parametrize("path", ["/suivi/12-1.faux/", "/reponse/12-1.faux/", "/reprise/12-1.faux/"])
def test_forged_link_opens_a_clear_page(simulation, path):
    visitor = simulation.person().open(path)

    assert visitor.response.status_code == 404
    assert "lien" in visitor.title.lower()


def test_expired_links_are_sent_again_to_their_own_mailbox(simulation):
    send_scenario(simulation, INSERTION_CLAUSE)
    simulation.deliver_mails()
    expert = (
        open_as_expert(simulation, "facilitation")
        .press("Je prends en charge")
        .press("J'ai aidé l'entreprise")
    )
    owner = simulation.person().open(link(simulation.inbox(EMAIL)[0], "Suivre ma demande"))
    simulation.clock.shift(timedelta(days=61))

    for person, address in ((expert, "facilitation"), (owner, EMAIL)):
        before = len(simulation.inbox(address))
        assert person.open(person.path).response.status_code == 410
        person.press("Recevoir un nouveau lien")
        simulation.deliver_mails()
        assert len(simulation.inbox(address)) == before + 1
        fresh = re.search(r"https?://\S+/(?:suivi|reponse)/\S+", body(simulation.last_mail(address)))[0]
        assert simulation.person().open(fresh).response.status_code == 200


def without_tokens(person: Person) -> str:
    """The page without form values, such as CSRF tokens."""
    return re.sub(r'value="[^"]+"', "", person.response.content.decode())


def without_reference(page: str) -> str:
    """The page's text without the request's reference."""
    return re.sub(r"\b[2-9A-Z]{4}-[2-9A-Z]{4}\b", "", page)
