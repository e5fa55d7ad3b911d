"""Second step: the register and its outages, corrected facts, people without a company."""

import pytest

from demo.fake_register import Mode
from experts.models import Office
from solicitations.models import Solicitation
from tests.owners.visitor import SUBJECT, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]

CONTACT_PAGE = f"/demande/{SUBJECT}/contact/"
COMPANY_PAGE = f"/demande/{SUBJECT}/entreprise/"


@pytest.fixture
def second_step(visitor):
    visitor.need()
    return visitor


def sent_by(visitor, **facts) -> Solicitation:
    assert visitor.facts(**facts).url == CONTACT_PAGE
    visitor.contact()
    return Solicitation.objects.get()


def test_commune_chosen_is_named_on_the_next_steps(second_step):
    assert "Is-sur-Tille (Côte-d'Or)" in text_of(second_step.get("entreprise/"))


@pytest.mark.parametrize("typed", ["00010037000014", "000 100 370 00014", "SIRET : 000.100.370.00014"])
def test_siret_finds_the_company_whatever_its_spaces(second_step, typed):
    second_step.company(company=typed)

    page = second_step.get("entreprise/")
    assert "VANNIER" in text_of(page)
    assert "registre, 2024" in text_of(page)


def test_name_lists_companies_and_one_is_chosen(second_step):
    second_step.company(company="vannier")
    page = second_step.get("entreprise/")
    assert 'value="00010037000014"' in page.content.decode()

    second_step.company(company="vannier", siret="00010037000014", action="choose")

    assert sent_by(second_step).siret == "00010037000014"


def test_company_that_was_not_listed_cannot_be_chosen(second_step):
    second_step.company(company="vannier", siret="35600000000048", action="choose")

    assert "form" in second_step.get("entreprise/").context
    assert second_step.contact().url == COMPANY_PAGE


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Indiquez le SIRET ou le nom"),
        ("00010037000015", "erreur"),
        ("000100370", "SIREN"),
        ("1234567", "14 chiffres"),
        ("FR12000100370", "TVA"),
        ("ab", "au moins 3 lettres"),
        ("🎨🎨🎨🎨", "au moins 3 lettres"),
        ("\0\0\0", "Indiquez le SIRET ou le nom"),
        ("x" * 10_000, "100 caractères au plus"),
    ],
)
def test_bad_company_is_refused_with_a_sentence(second_step, typed, sentence):
    assert sentence in text_of(second_step.company(company=typed))


def test_unknown_siret_goes_on_without_the_register(second_step):
    second_step.company(company="35600000000048")
    assert "ne trouve pas" in text_of(second_step.get("entreprise/"))

    second_step.company(company="35600000000048", action="typed")
    sent = sent_by(second_step, name="La Poste", headcount="3", activity="43.34Z", craft_asked="1")

    assert (sent.siret, sent.company_name) == ("35600000000048", "La Poste")
    assert sent.fact_sources["headcount"]["source"] == "owner"


@pytest.mark.parametrize("mode", [Mode.HANG, Mode.ERROR, Mode.TOO_MANY, Mode.GARBAGE, Mode.DROP])
@pytest.mark.parametrize("typed", ["00010037000014", "vannier"])
def test_form_goes_on_when_the_register_does_not_answer(second_step, fail, mode, typed):
    fail(mode)

    second_step.company(company=typed)

    assert "ne répond pas" in text_of(second_step.get("entreprise/"))
    sent = sent_by(second_step, name="Peintures", craft_asked="1")
    assert sent.headcount_min is None
    assert sent.naf == ""
    assert sent.is_activity_refused


def test_headcount_is_corrected(second_step):
    second_step.company()

    sent = sent_by(second_step, headcount="12")

    assert (sent.headcount_min, sent.headcount_max) == (12, 12)
    assert sent.fact_sources["headcount"]["source"] == "owner"
    assert sent.fact_sources["naf"]["source"] == "register"
    assert not sent.is_activity_refused


@pytest.mark.parametrize("typed", ["abc", "-3", "1e9", "9999999999", "6,5", "🎨"])
def test_bad_headcount_is_refused_and_kept(second_step, typed):
    second_step.company()

    page = second_step.facts(headcount=typed, activity="plombier")

    assert page.context["form"].errors["headcount"]
    assert page.context["form"]["headcount"].value() == typed
    assert "plombier" in page.content.decode()


@pytest.mark.parametrize("typed", ["31/02/2020", "2999-01-01", "01/01/0001", "hier"])
def test_bad_date_of_creation_is_refused(second_step, typed):
    second_step.company()

    assert second_step.facts(created_on=typed).context["form"].errors["created_on"]


@pytest.mark.parametrize(
    ("field", "typed"), [("legal_form", "zz"), ("craft", "peut-être"), ("activity", "x" * 10_000)]
)
def test_bad_fact_is_refused(second_step, field, typed):
    second_step.company()

    assert second_step.facts(**{field: typed}).context["form"].errors[field]


def test_activity_is_searched_and_chosen_in_a_list(second_step, company_register):
    company_register.mode = Mode.ERROR
    second_step.company(company="Peintures")
    page = second_step.facts(name="Peintures", activity="peintre")
    activities = page.context["form"].activities
    assert len(activities) > 1

    chosen = activities[0].code
    sent = sent_by(second_step, name="Peintures", activity="peintre", naf=chosen, craft_asked="1")

    assert sent.naf == chosen


@pytest.mark.parametrize("typed", ["zzzz", "🎨", "<b>"])
def test_unknown_activity_says_so(second_step, company_register, typed):
    company_register.mode = Mode.ERROR
    second_step.company(company="Peintures")

    page = second_step.facts(name="Peintures", activity=typed)

    assert "Aucune activité" in text_of(page)


def test_activity_not_in_the_list_stays_unknown(second_step, company_register):
    company_register.mode = Mode.ERROR
    second_step.company(company="Peintures")

    sent = sent_by(second_step, name="Peintures", activity="peintre", naf="none", craft_asked="1")

    assert sent.naf == ""
    assert not sent.is_activity_refused


def test_craft_is_asked_when_a_criterion_needs_it_and_it_is_unknown(visitor, company_register):
    Office.objects.filter(institution__code="PE").update(craft="only")
    company_register.mode = Mode.ERROR
    visitor.need()
    visitor.company(company="Peintures")

    page = visitor.facts(name="Peintures", activity="43.34Z")

    assert page.context["asks_craft"]
    sent = sent_by(visitor, name="Peintures", activity="43.34Z", craft="yes", craft_asked="1")
    assert sent.craft is True


def test_craft_is_not_asked_when_the_register_knows(second_step):
    Office.objects.filter(institution__code="PE").update(craft="only")
    second_step.company()

    assert not second_step.get("entreprise/").context["asks_craft"]


def test_craft_is_not_asked_when_no_criterion_needs_it(second_step, company_register):
    Office.objects.update(craft="")
    company_register.mode = Mode.ERROR
    second_step.company(company="Peintures")

    assert not second_step.get("entreprise/").context["asks_craft"]


def test_company_can_be_changed(second_step):
    second_step.company()

    second_step.facts(action="change")

    assert "Chercher mon entreprise" in text_of(second_step.get("entreprise/"))


def test_project_holder_is_accepted_where_the_subject_is_open(visitor):
    visitor.need(subject="creer")
    visitor.company(subject="creer", action="project")
    visitor.facts(subject="creer", craft_asked="1")
    visitor.contact(subject="creer")

    sent = Solicitation.objects.get()
    assert sent.is_project_holder
    assert sent.siret == ""


def test_project_holder_is_refused_on_other_subjects_and_shown_open_ones(second_step):
    second_step.company(action="project")

    page = second_step.get("entreprise/")
    assert "Il faut une entreprise déjà créée" in text_of(page)
    assert "/demande/creer/?commune=21317" in page.content.decode()
    assert second_step.contact().url == COMPANY_PAGE


def test_project_holder_who_adds_a_closed_subject_is_refused_too(visitor):
    visitor.need(subject="creer")
    visitor.company(subject="creer", action="project")
    visitor.facts(subject="creer", craft_asked="1")
    visitor.need(subject="creer", subjects=[SUBJECT])

    page = visitor.get("entreprise/", subject="creer")

    assert "Retirer ce sujet" in text_of(page)
    assert visitor.contact(subject="creer").url == "/demande/creer/entreprise/"


def test_company_found_after_a_refused_project(second_step):
    second_step.company(action="project")
    second_step.company()

    assert sent_by(second_step).siret == "00010037000014"
