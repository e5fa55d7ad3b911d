"""Each scenario through the pages: the form reaches exactly its experts, and its checks hold."""

import re

import pytest

from experts.models import Office
from solicitations.lifecycle import EventKind
from solicitations.models import Event, Solicitation
from tests.journeys.scenarios import (
    EMAIL,
    SCENARIOS,
    fill_company,
    fill_contact,
    fill_need,
    open_as_expert,
    send_scenario,
    submit_scenario,
)
from tests.journeys.simulation import body, link
from tests.scenario_names import (
    APPRENTICE_AID,
    FIRST_EMPLOYEE,
    HIRE_AND_TRAIN,
    INSERTION_CLAUSE,
    LAYOFFS,
    SHORTAGE_JOB,
    SUNDAY_WORK,
    TAKEOVER,
    TAX_DEBT,
    TRAINING_PLAN,
    UNFIT_WORKER,
)

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]

CLOCK = "Réponse attendue avant"


@pytest.mark.parametrize("name", SCENARIOS)
def test_form_reaches_exactly_the_experts_of_the_scenario(simulation, name):
    submit_scenario(simulation, name)

    simulation.deliver_mails()

    assert simulation.recipients() - {EMAIL} == set(SCENARIOS[name]["expected_experts"])
    assert len(simulation.mails) == 1 + len(SCENARIOS[name]["expected_experts"])


def test_two_subjects_are_one_request_and_one_conversation(simulation):
    owner = submit_scenario(simulation, HIRE_AND_TRAIN)
    simulation.deliver_mails()

    assert Solicitation.objects.count() == 1
    assert len({mail["References"] for mail in simulation.mails}) == 1
    assert len(simulation.inbox("formation@region-bfc.example.org")) == 1
    assert owner.text.count("Conseil régional a reçu votre demande") == 1


def test_two_takers_both_stay_visible(simulation):
    send_scenario(simulation, SHORTAGE_JOB)
    simulation.deliver_mails()

    for address in ("emploi@uimm-21", "rh@maison-emploi-dijon"):
        open_as_expert(simulation, address).press("Je prends en charge")
    simulation.deliver_mails()

    owner = simulation.person().open(link(simulation.inbox(EMAIL)[0], "Suivre ma demande"))
    assert "UIMM (industries et métiers de la métallurgie) l'a prise en charge" in owner.text
    assert "Maison de l'emploi l'a prise en charge" in owner.text
    assert Solicitation.objects.get().progress == "in_progress"


def test_only_expert_away_leads_to_the_region(simulation):
    """On another day than the scenario's."""
    owner = submit_scenario(simulation, INSERTION_CLAUSE, date="2026-12-22")
    simulation.deliver_mails()

    assert simulation.recipients() == {EMAIL, "referent-tpe-pme@dreets-bfc.example.org"}
    assert "DREETS" in owner.text or "Unité régionale" in owner.text
    assert Solicitation.objects.get().is_fallback


def test_question_of_labour_law_and_its_answer_are_dated_and_kept(simulation):
    """The deputy answers, though the subject is not in their own list."""
    send_scenario(simulation, SUNDAY_WORK)
    simulation.deliver_mails()
    mail_text = body(simulation.last_mail("ruptures@droit-travail-21"))
    assert CLOCK in mail_text
    assert "Vous remplacez" in mail_text
    deputy = open_as_expert(simulation, "ruptures@droit-travail-21").press("Je prends en charge")
    assert f"{CLOCK} le mercredi 30 décembre" in deputy.text.replace("\u00a0", " ")

    deputy.press("J'ai aidé l'entreprise")
    assert "ce que vous avez répondu" in deputy.text
    deputy.fill("Ce que vous avez répondu", "Un accord collectif est nécessaire.").press("J'ai aidé")
    owner = simulation.person().open(link(simulation.inbox(EMAIL)[0], "Suivre ma demande"))

    for person in (owner, deputy.open(deputy.path)):
        assert SCENARIOS[SUNDAY_WORK]["message"] in person.text
        assert "Un accord collectif est nécessaire." in person.text
        assert "mardi 15 décembre à 10 h" in person.text.replace("\u00a0", " ")
    assert "Réponse sur le droit du travail" in owner.text


def test_large_company_is_served_without_the_clock(simulation):
    submit_scenario(simulation, LAYOFFS)
    simulation.deliver_mails()

    mail_text = body(simulation.last_mail("mutations@ddets-21"))
    assert "350 salariés" in mail_text
    assert CLOCK not in mail_text
    assert "300 salariés ou plus" in mail_text
    expert = open_as_expert(simulation, "mutations@ddets-21")
    assert CLOCK not in expert.text
    expert.press("Je prends en charge").press("J'ai aidé l'entreprise")
    assert "Vous avez aidé l'entreprise" in expert.text


def test_form_offers_homonyms_and_warns_against_names(simulation):
    scenario = SCENARIOS[UNFIT_WORKER]
    owner = simulation.person().open("/demande/inaptitude/")
    assert "Ne donnez ni nom ni diagnostic médical." in owner.text
    assert "N'écrivez le nom d'aucune personne." in owner.text

    owner.fill("Votre commune", scenario["commune_name"])
    owner.fill("Votre besoin, avec vos mots", "Mme Exemple est inapte.").press("Continuer")

    assert "Saint-Apollinaire (Côte-d'Or)" in owner.text
    assert "Saint-Apollinaire (Hautes-Alpes)" in owner.text
    owner.choose("Saint-Apollinaire (Côte-d'Or)").press("Continuer")
    assert "Retirez son nom." in owner.text


@pytest.mark.parametrize("name", [LAYOFFS, UNFIT_WORKER, TAX_DEBT])
def test_each_opening_of_a_confidential_request_is_recorded(simulation, name):
    send_scenario(simulation, name)
    simulation.deliver_mails()
    address = SCENARIOS[name]["expected_experts"][0]

    for _ in range(2):
        open_as_expert(simulation, address)

    openings = Event.objects.filter(kind=EventKind.OPENED)
    assert [event.by_mailbox.email for event in openings] == [address, address]


def test_person_without_a_company_is_accepted(simulation):
    """Craft is unknown, so that both chambers answer."""
    submit_scenario(simulation, TAKEOVER)
    simulation.deliver_mails()

    asked = Solicitation.objects.get()
    assert (asked.siret, asked.is_project_holder, asked.craft) == ("", True, None)
    assert "Projet de création ou de reprise" in body(simulation.last_mail("artisanat@cma-43"))


def test_first_employee_is_reached_through_its_question(simulation):
    """Zero employees is a number that the company gave, not a missing answer."""
    visitor = simulation.person().open("/").follow("C'est mon premier salarié")
    assert visitor.path == "/sujets/premier-salarie/"

    submit_scenario(simulation, FIRST_EMPLOYEE)
    simulation.deliver_mails()

    assert "Aucun salarié" in body(simulation.last_mail("contrats@droit-travail-77"))


def test_exclusive_office_answers_alone_and_the_others_stay_on_the_subject_page(simulation):
    owner = submit_scenario(simulation, APPRENTICE_AID)
    simulation.deliver_mails()

    asked = Solicitation.objects.get()
    assert asked.region.pk == "02"
    assert owner.text.count("a reçu votre demande") == 1
    public = simulation.person().open("/sujets/aides-alternance/").text
    for name in ("Chambre de commerce et d'industrie", "Chambre de métiers", "France Travail"):
        assert name in public
    assert Office.objects.filter(code__in=SCENARIOS[APPRENTICE_AID]["excluded_offices"]).count() == 4


def test_uncovered_need_is_reported_before_it_is_sent(simulation):
    owner = fill_need(simulation.person(), SCENARIOS[TRAINING_PLAN])
    fill_company(owner, SCENARIOS[TRAINING_PLAN]["company"])
    assert "Aucun organisme ne répond encore à Saint-Pierre" in owner.text
    assert "Prend le relais quand personne d'autre ne répond" in owner.text

    simulation.advance(seconds=20)
    fill_contact(owner)

    assert Solicitation.objects.uncovered().count() == 1


def test_confidential_mail_shows_its_words_to_its_readers_only(simulation):
    submit_scenario(simulation, TAX_DEBT)
    simulation.deliver_mails()

    for address in SCENARIOS[TAX_DEBT]["expected_experts"]:
        assert "MARINA" not in simulation.subjects(address)[0].upper()
        assert "Cette demande est confidentielle" in body(simulation.last_mail(address))
    assert simulation.recipients() == {EMAIL, *SCENARIOS[TAX_DEBT]["expected_experts"]}
    assert not re.search(r"\bTVA\b", body(simulation.last_mail(EMAIL)))  # a link may hold these letters
