"""The simulator: who would be mailed and why, who not, and what a region may read about others."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from experts.models import Absence, Expert, Institution, Office, Subject
from experts.routing import loading
from experts.routing.engine import ApplicantFacts
from territories.models import Commune
from tests.experts.factories import stored_rows

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]

PAGE = "/annuaire/simulateur/"
DEMAND = {"sujet": "trouver-candidats", "commune": "Dijon", "commune_code": "21231", "jour": "01/12/2026"}
BREST = DEMAND | {"commune": "Brest", "commune_code": "29019"}


def simulated(client, **query):
    return client.get(PAGE, DEMAND | query).context["simulation"]


def why_not(client, query=DEMAND, **more) -> str:
    [answer] = client.get(PAGE, query | more).context["simulation"].why_not
    return "reçoit" if answer.is_mailed else " ; ".join(answer.reasons)


@pytest.fixture
def decision():
    commune = Commune.objects.resolve("21231")
    return loading.decide(
        subjects=["trouver-candidats"],
        commune=commune,
        facts=ApplicantFacts(project_holder=False),
        on=date(2026, 12, 1),
    )


def test_it_says_what_the_rule_decides(as_national, decision):
    [need] = simulated(as_national).needs

    assert [line.person.email for line in need.mailed] == [
        chosen.expert for chosen in decision.needs[0].chosen
    ]
    assert {line.office.code for line in need.not_mailed} == {
        refused.office for refused in decision.needs[0].refused
    }
    assert all(line.reasons for line in need.mailed)
    assert all(line.obstacles for line in need.not_mailed)


def test_each_line_leads_to_what_can_be_changed(as_regional):
    page = as_regional.get(PAGE, DEMAND).content.decode()
    [need] = simulated(as_regional).needs

    for line in need.not_mailed:
        assert reverse("directory:office", args=[line.office.code]) in page
        for person in line.people:
            assert reverse("directory:expert", args=[person.pk]) in page


def test_people_of_other_regions_are_a_role_without_name_nor_address(as_other_regional, decision):
    page = as_other_regional.get(PAGE, DEMAND | {"sujet_2": "recruter-apprenti"}).content.decode()

    assert Office.objects.get(code=decision.offices[0]).name in page
    for expert in Expert.objects.all():
        assert expert.email not in page
        assert expert.name not in page
    assert reverse("directory:office", args=[decision.offices[0]]) not in page


def test_a_stand_in_of_another_region_does_not_name_the_absent(as_other_regional, as_regional):
    day = {"sujet": "former-avant-embauche", "jour": "10/02/2027"}
    absent = Expert.objects.get(email="formation@france-travail-dijon.example.org")

    assert f"remplace {absent.name}" in as_regional.get(PAGE, DEMAND | day).content.decode()
    assert absent.name not in as_other_regional.get(PAGE, DEMAND | day).content.decode()


def test_facts_of_the_firm_are_typed_or_come_from_the_register(as_national, register_server, settings):
    settings.REGISTER_URL = register_server.url
    Office.objects.filter(code="PE-DIJON").update(headcount_min=100)

    typed = simulated(as_national, effectif="20-49").needs[0]
    found = simulated(as_national, siret="000 100 370 00014").needs[0]

    for need in (typed, found):
        assert ("n'intervient pas pour cet effectif",) in {line.obstacles for line in need.not_mailed}


def test_a_register_that_is_away_is_reported_and_the_rest_answers(as_national, settings):
    settings.REGISTER_URL = "http://127.0.0.1:1/"

    answer = as_national.get(PAGE, DEMAND | {"siret": "00010037000014"})

    assert "ne répond pas" in answer.content.decode()
    assert answer.context["simulation"].needs


def test_a_link_may_name_the_commune_by_its_code(as_national):
    answer = as_national.get(PAGE, {"sujet": "trouver-candidats", "commune": "21231"})

    assert answer.context["asked"].commune.name == "Dijon"


def test_homonyms_are_offered(as_national):
    answer = as_national.get(PAGE, DEMAND | {"commune": "Saint-Apollinaire", "commune_code": ""})

    assert {commune.code for commune in answer.context["form"].candidates} == {"21540", "05130"}
    assert 'name="commune_code" value="21540"' in answer.content.decode()


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("effectif", "beaucoup", "Indiquez un nombre"),
        ("naf", "99.99Q", "Ce code NAF"),
        ("jour", "32/13/2026", "Indiquez une date"),
        ("siret", "123", "SIRET"),
        ("sujet", "inconnu", "Choisissez un sujet"),
        ("commune", "Nullepart-les-Oies", "Aucune commune"),
    ],
)
def test_bad_input_gets_a_sentence(as_national, field, typed, sentence):
    answer = as_national.get(PAGE, DEMAND | {"commune_code": "", field: typed})

    assert answer.status_code == 200
    assert "simulation" not in answer.context
    assert any(sentence in error for error in answer.context["form"].errors[field])


class TestWhyNot:
    def test_an_office_that_receives(self, as_national):
        assert why_not(as_national, antenne="PE-DIJON") == "reçoit"

    def test_an_office_elsewhere_is_out_of_area(self, as_national):
        assert why_not(as_national, BREST, antenne="PE-DIJON") == "hors territoire"

    def test_an_office_whose_institution_is_not_asked_has_another_subject(self, as_national):
        answered = Subject.objects.get(slug="trouver-candidats").answers.values("institution")
        office = (
            Office.objects.exclude(institution__in=answered)
            .filter(is_fallback=False, region="27", areas__kind="region")
            .exclude(institution__notified=Institution.Notified.NEVER)[:1]
            .get()
        )

        assert why_not(as_national, antenne=office.code).startswith("autre sujet")

    def test_both_reasons_are_given(self, as_national):
        office = Office.objects.get(code="PE-DIJON")
        office.institution = Institution.objects.get(code="BDF")
        office.save()

        assert why_not(as_national, BREST, antenne="PE-DIJON").split(" ; ")[1:] == ["hors territoire"]

    def test_obstacles_of_the_rule_are_reported_for_a_candidate(self, as_national):
        Office.objects.filter(code="PE-DIJON").update(closed_on="2026-01-01")

        assert why_not(as_national, antenne="PE-DIJON") == "antenne fermée à cette date"

    def test_a_fallback_office_waits_for_what_nobody_covers(self, as_national):
        office = Office.objects.get(is_fallback=True, region="27")

        assert why_not(as_national, antenne=office.code).startswith("antenne de repli")

    def test_an_expert_with_an_area_of_their_own_elsewhere(self, as_regional):
        expert = Expert.objects.get(email="recrutement@france-travail-dijon.example.org")
        expert.areas.set(Office.objects.exclude(region="27").filter(areas__kind="department")[0].areas.all())

        assert why_not(as_regional, referent=expert.pk) == "hors territoire"

    def test_an_office_without_anybody(self, as_national):
        Expert.objects.filter(office__code="PE-DIJON").delete()

        assert why_not(as_national, antenne="PE-DIJON") == "personne n'y reçoit de demande"

    def test_words_that_name_one_office_ask_about_it_and_several_are_offered(self, as_national):
        assert why_not(as_national, qui="France Travail Dijon") == "reçoit"
        answer = as_national.get(PAGE, DEMAND | {"qui": "Dijon"})

        assert len(answer.context["why_not"].choices) > 1
        first = answer.context["why_not"].choices[0]
        assert as_national.get(f"{PAGE}?{first.query}").context["why_not"].named

    def test_people_of_another_region_cannot_be_asked_about(self, as_other_regional):
        expert = Expert.objects.get(email="recrutement@france-travail-dijon.example.org")

        by_pk = as_other_regional.get(PAGE, DEMAND | {"referent": expert.pk})
        by_address = as_other_regional.get(PAGE, DEMAND | {"qui": expert.email})

        for answer in (by_pk, by_address):
            assert answer.context["why_not"].is_unknown
            assert expert.name not in answer.content.decode()


def test_the_number_of_queries_does_not_depend_on_what_is_found(as_national):
    as_national.get(PAGE)  # writes in the session that somebody is there, once a minute
    counts = set()
    for query in (
        DEMAND,
        DEMAND | {"jour": "10/02/2027"},
        DEMAND | {"sujet_2": "plan-formation", "sujet_3": "contrat-travail"},
        BREST,
    ):
        with CaptureQueriesContext(connection) as queries:
            as_national.get(PAGE, query | {"antenne": "PE-DIJON"})
        counts.add(len(queries))

    assert len(counts) == 1


def test_nothing_is_written(as_national):
    before = stored_rows([Office, Expert, Absence])

    as_national.get(PAGE, DEMAND | {"qui": "Dijon"})

    assert stored_rows([Office, Expert, Absence]) == before
