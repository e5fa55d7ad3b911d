"""Each scenario as a journey: the form reaches exactly its experts, and what its checks say holds."""

import pytest

from experts.models import Office
from solicitations.lifecycle import EventKind
from solicitations.models import Event, Solicitation
from tests.journeys.scenarios import EMAIL, SCENARIOS, answering, leave, say_who, tell, write
from tests.journeys.world import body, link

pytestmark = [pytest.mark.django_db, pytest.mark.reference]

CLOCK = "Réponse attendue avant"


@pytest.mark.parametrize("name", SCENARIOS)
def test_form_reaches_exactly_the_experts_of_the_scenario(world, name):
    tell(world, name)

    world.post()

    assert world.recipients() - {EMAIL} == set(SCENARIOS[name]["expected_experts"])
    assert len(world.mails) == 1 + len(SCENARIOS[name]["expected_experts"])


def test_two_subjects_are_one_request_and_one_conversation(world):
    """SC02."""
    owner = tell(world, "SC02")
    world.post()

    assert Solicitation.objects.count() == 1
    assert len({mail["References"] for mail in world.mails}) == 1
    assert len(world.inbox("formation@region-bfc.example.org")) == 1
    assert owner.text.count("Conseil régional a reçu votre demande") == 1


def test_two_takers_both_stay_visible(world):
    """SC03."""
    tell(world, "SC03")
    world.post()

    for address in ("emploi@uimm-21", "rh@maison-emploi-dijon"):
        answering(world, address).press("Je prends en charge")
    world.post()

    owner = world.person().open(link(world.inbox(EMAIL)[0], "Suivre ma demande"))
    assert "UIMM (industries et métiers de la métallurgie) l'a prise en charge" in owner.text
    assert "Maison de l'emploi l'a prise en charge" in owner.text
    assert Solicitation.objects.get().progress == "in_progress"


def test_only_expert_away_leads_to_the_region(world):
    """SC10, another day."""
    owner = tell(world, "SC10", date="2026-12-22")
    world.post()

    assert world.recipients() == {EMAIL, "referent-tpe-pme@dreets-bfc.example.org"}
    assert "DREETS" in owner.text or "Unité régionale" in owner.text
    assert Solicitation.objects.get().is_fallback


def test_question_of_labour_law_and_its_answer_are_dated_and_kept(world):
    """SC12: the deputy answers, though the subject is not in their own list."""
    tell(world, "SC12")
    world.post()
    told = body(world.last("ruptures@droit-travail-21"))
    assert CLOCK in told
    assert "Vous remplacez" in told
    deputy = answering(world, "ruptures@droit-travail-21").press("Je prends en charge")
    assert f"{CLOCK} le mercredi 30 décembre" in deputy.text

    deputy.press("J'ai aidé l'entreprise")
    assert "ce que vous avez répondu" in deputy.text
    deputy.fill("Ce que vous avez répondu", "Un accord collectif est nécessaire.").press("J'ai aidé")
    owner = world.person().open(link(world.inbox(EMAIL)[0], "Suivre ma demande"))

    for person in (owner, deputy.open(deputy.path)):
        assert SCENARIOS["SC12"]["message"] in person.text
        assert "Un accord collectif est nécessaire." in person.text
        assert "mardi 15 décembre à 10 h" in person.text
    assert "Réponse sur le droit du travail" in owner.text


def test_large_company_is_served_without_the_clock(world):
    """SC14."""
    tell(world, "SC14")
    world.post()

    told = body(world.last("mutations@ddets-21"))
    assert "350 salariés" in told
    assert CLOCK not in told
    assert "300 salariés ou plus" in told
    expert = answering(world, "mutations@ddets-21")
    assert CLOCK not in expert.text
    expert.press("Je prends en charge").press("J'ai aidé l'entreprise")
    assert "Vous avez aidé l'entreprise" in expert.text


def test_form_offers_homonyms_and_warns_against_names(world):
    """SC15."""
    scenario = SCENARIOS["SC15"]
    owner = world.person().open("/demande/inaptitude/")
    assert "Ne donnez ni nom ni diagnostic médical." in owner.text
    assert "N'écrivez le nom d'aucune personne." in owner.text

    owner.fill("Votre commune", scenario["commune_name"])
    owner.fill("Votre besoin, avec vos mots", "Mme Exemple est inapte.").press("Continuer")

    assert "Saint-Apollinaire (Côte-d'Or)" in owner.text
    assert "Saint-Apollinaire (Hautes-Alpes)" in owner.text
    owner.choose("Saint-Apollinaire (Côte-d'Or)").press("Continuer")
    assert "Retirez son nom." in owner.text


@pytest.mark.parametrize("name", ["SC14", "SC15", "SC24"])
def test_each_opening_of_a_confidential_request_is_recorded(world, name):
    tell(world, name)
    world.post()
    address = SCENARIOS[name]["expected_experts"][0]

    for _ in range(2):
        answering(world, address)

    openings = Event.objects.filter(kind=EventKind.OPENED)
    assert [event.by_mailbox.email for event in openings] == [address, address]


def test_person_without_a_company_is_accepted(world):
    """SC19: craft is unknown, so that both chambers answer."""
    tell(world, "SC19")
    world.post()

    asked = Solicitation.objects.get()
    assert (asked.siret, asked.is_project_holder, asked.craft) == ("", True, None)
    assert "Projet de création ou de reprise" in body(world.last("artisanat@cma-43"))


def test_first_employee_is_reached_through_its_question(world):
    """SC20: nobody employed yet is a known number."""
    visitor = world.person().open("/").follow("C'est mon premier salarié")
    assert visitor.path == "/sujets/premier-salarie/"

    tell(world, "SC20")
    world.post()

    assert "Aucun salarié" in body(world.last("contrats@droit-travail-77"))


def test_one_stop_shop_answers_alone_and_the_others_stay_in_sight(world):
    """SC21."""
    owner = tell(world, "SC21")
    world.post()

    asked = Solicitation.objects.get()
    assert asked.region.pk == "02"
    assert owner.text.count("a reçu votre demande") == 1
    public = world.person().open("/sujets/aides-alternance/").text
    for name in ("Chambre de commerce et d'industrie", "Chambre de métiers", "France Travail"):
        assert name in public
    assert Office.objects.filter(code__in=SCENARIOS["SC21"]["excluded_offices"]).count() == 4


def test_uncovered_need_is_said_before_it_is_sent(world):
    """SC23."""
    owner = write(world.person(), SCENARIOS["SC23"])
    say_who(owner, SCENARIOS["SC23"]["company"])
    assert "Aucun organisme ne répond encore à Saint-Pierre" in owner.text
    assert "Prend le relais quand personne d'autre ne répond" in owner.text

    world.later(seconds=20)
    leave(owner)

    assert Solicitation.objects.uncovered().count() == 1


def test_confidential_mail_shows_its_words_to_its_readers_only(world):
    """SC24."""
    tell(world, "SC24")
    world.post()

    for address in SCENARIOS["SC24"]["expected_experts"]:
        assert "MARINA" not in world.subjects(address)[0].upper()
        assert "Cette demande est confidentielle" in body(world.last(address))
    assert world.recipients() == {EMAIL, *SCENARIOS["SC24"]["expected_experts"]}
    assert "TVA" not in body(world.last(EMAIL))
